"""Sub samples: SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from sqlalchemy import ColumnElement, bindparam, func, join, select
from sqlalchemy.orm import aliased

from starbeam.api.database import Scope, Shape, found_for_row
from starbeam.api.lists import SORTING, Direction, Filters, List, Order, ProposalName, Where, sorted_by
from starbeam_ispyb.models import BLSample, BLSubSample, Crystal, Position, Protein
from starbeam_ispyb.names import of_proposal
from starbeam_samples import schemas
from starbeam_samples.queries.common import (
    Collected,
    ContainerId,
    ProteinId,
    SampleId,
    is_shipped,
)
from starbeam_samples.schemas import SubSampleOrder


def _datacollections(scope: Scope) -> ColumnElement[int]:
    return _collected(Collected(scope), func.count())


def _types(scope: Scope) -> ColumnElement[str]:
    collected = Collected(scope)
    kind = collected.group.experimentType  # none has a comma
    return func.coalesce(_collected(collected, func.group_concat(kind.distinct()), kind != ""), "")


def _collected(collected: Collected, what: Any, *conditions: Any) -> ColumnElement[Any]:
    """Something of the data collections on a sub sample."""
    of_row = collected.collection.blSubSampleId == BLSubSample.blSubSampleId
    return collected.among(what, of_row, *conditions).scalar_subquery()


_FIRST, _SECOND = aliased(Position), aliased(Position)
_SHAPE = Shape(
    schemas.SubSample,
    BLSubSample,
    Position1=Shape(schemas.Position, _FIRST, when=_FIRST.positionId),
    Position2=Shape(schemas.Position, _SECOND, when=_SECOND.positionId),
    BLSample=Shape(schemas.SubSampleSample, BLSample),
    metadata=Shape(schemas.SubSampleMetaData, datacollections=_datacollections, types=_types),
)
_JOINS = (
    join(BLSubSample, BLSample, BLSample.blSampleId == BLSubSample.blSampleId)
    .outerjoin(_FIRST, _FIRST.positionId == BLSubSample.positionId)
    .outerjoin(_SECOND, _SECOND.positionId == BLSubSample.position2Id)
)


def _of_samples(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """On a sample for which this holds."""
    found: ColumnElement[bool] = BLSubSample.blSampleId.in_(select(BLSample.blSampleId).where(condition))
    return found


def _of_crystals(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Of a crystal whose protein fulfils these conditions."""
    crystals = select(Crystal.crystalId).join(Protein, Protein.proteinId == Crystal.proteinId)
    return _of_samples(BLSample.crystalId.in_(crystals.where(*conditions)))


_PROPOSAL = of_proposal(Protein.proposalId)


class SubSampleFilters(Filters, frozen=True):
    """What `/samples/sub` is asked for."""

    blSampleId: Annotated[SampleId, Where(BLSubSample.blSampleId == bindparam("blSampleId"))] = None
    proteinId: Annotated[ProteinId, Where(_of_crystals(Protein.proteinId == bindparam("proteinId")))] = None
    proposal: Annotated[ProposalName, Where(_of_crystals(_PROPOSAL.condition), _PROPOSAL.bind)] = None
    containerId: Annotated[
        ContainerId, Where(_of_samples(BLSample.containerId == bindparam("containerId")))
    ] = None
    order_by: Annotated[SubSampleOrder | None, SORTING] = None
    order: Direction = None


def _listed(scope: Scope) -> ColumnElement[bool]:
    """Of a sample with a crystal and in a shipment."""
    sample = aliased(BLSample)
    own = select(sample.blSampleId).where(sample.blSampleId == BLSubSample.blSampleId)
    return found_for_row(own.where(sample.crystalId.is_not(None), is_shipped(sample)))


_ORDERS: Mapping[SubSampleOrder, Callable[[Scope], list[Any]]] = {
    SubSampleOrder.DATA_COLLECTIONS: lambda scope: [_datacollections(scope)],
    SubSampleOrder.TYPE: lambda scope: [BLSubSample.type] if scope.has(BLSubSample.type) else [],
}

SUBSAMPLES = List(
    _SHAPE,
    BLSubSample,
    SubSampleFilters,
    joins=_JOINS,
    listed=[_listed],
    order_by=sorted_by(_ORDERS, BLSubSample.blSubSampleId, Order.ASC),
    missing="Sub sample not found",
)
"""2 statements a page."""
