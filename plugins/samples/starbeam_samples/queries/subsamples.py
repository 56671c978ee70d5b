"""Sub samples: SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, bindparam, func, join, select
from sqlalchemy.orm import aliased

from starbeam.db.functions import found_for_row
from starbeam.db.reader import Listing, Reader, Scope, statement
from starbeam.db.shape import Shape
from starbeam.paging import Page, Paged
from starbeam_ispyb.models import BLSample, BLSubSample, Crystal, Position, Proposal, Protein
from starbeam_ispyb.names import is_proposal, proposal_value
from starbeam_samples import schemas
from starbeam_samples.queries.common import Collected, directed, is_shipped
from starbeam_samples.schemas import Order, SubSampleOrder


class Filters(msgspec.Struct, frozen=True):
    """What `/samples/sub` is asked for."""

    blSampleId: int | None = None
    proteinId: int | None = None
    proposal: str | None = None
    containerId: int | None = None


def _datacollections(scope: Scope) -> ColumnElement[int]:
    collected = Collected(scope)
    return collected.count(collected.collection.blSubSampleId == BLSubSample.blSubSampleId)


def _types(scope: Scope) -> ColumnElement[str]:
    collected = Collected(scope)
    types = collected.types(collected.collection.blSubSampleId == BLSubSample.blSubSampleId)
    return func.coalesce(types, "")


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


def _of_proposal(samples: Select[Any]) -> Select[Any]:
    made = samples.join(Crystal, Crystal.crystalId == BLSample.crystalId)
    made = made.join(Protein, Protein.proteinId == Crystal.proteinId)
    return made.join(Proposal, Proposal.proposalId == Protein.proposalId).where(is_proposal())


def _of_protein(samples: Select[Any]) -> Select[Any]:
    crystals = select(Crystal.crystalId).where(Crystal.proteinId == bindparam("protein_id"))
    return samples.where(BLSample.crystalId.in_(crystals))


_FILTERS: dict[str, Callable[[Select[Any]], Select[Any]]] = {
    "blSampleId": lambda samples: samples.where(BLSample.blSampleId == bindparam("sample_id")),
    "proteinId": _of_protein,
    "proposal": _of_proposal,
    "containerId": lambda samples: samples.where(BLSample.containerId == bindparam("container_id")),
}
"""Each filter on the samples of the sub samples, by its name in `Filters`."""


def _where(scope: Scope, given: frozenset[str]) -> list[ColumnElement[bool]]:
    """Sub samples that the caller sees, of samples with a crystal and in a shipment."""
    sample = aliased(BLSample)
    own = select(sample.blSampleId).where(sample.blSampleId == BLSubSample.blSampleId)
    own = own.where(sample.crystalId.is_not(None), is_shipped(sample))
    where = [scope.sees(BLSubSample), found_for_row(own)]
    if given:
        samples = select(BLSample.blSampleId)
        for name in sorted(given):
            samples = _FILTERS[name](samples)
        where.append(BLSubSample.blSampleId.in_(samples))
    return where


def _sorted_by(scope: Scope, order_by: SubSampleOrder) -> list[Any]:
    if order_by is SubSampleOrder.DATA_COLLECTIONS:
        return [_datacollections(scope)]
    by_type = order_by is SubSampleOrder.TYPE and scope.has(BLSubSample.type)
    return [BLSubSample.type] if by_type else []


@statement
def _page(
    scope: Scope, given: frozenset[str], order_by: SubSampleOrder, order: Order
) -> Listing[schemas.SubSample]:
    by = directed(order, *_sorted_by(scope, order_by), BLSubSample.blSubSampleId)
    return Listing(scope, _SHAPE, BLSubSample, where=_where(scope, given), order_by=by, joins=_JOINS)


@statement
def _one(scope: Scope) -> Select[Any]:
    columns = select(*_SHAPE.columns(scope)).select_from(_JOINS)
    return columns.where(BLSubSample.blSubSampleId == bindparam("subsample_id"), *_where(scope, frozenset()))


async def page(
    reader: Reader, page: Page, filters: Filters, order_by: SubSampleOrder, order: Order
) -> Paged[schemas.SubSample]:
    """A page of the sub samples that the caller sees. 2 statements."""
    given = frozenset(name for name in _FILTERS if getattr(filters, name) is not None)
    return await reader.page(
        _page(reader.scope, given, order_by, order),
        page,
        sample_id=filters.blSampleId,
        protein_id=filters.proteinId,
        container_id=filters.containerId,
        **(proposal_value(filters.proposal) if filters.proposal else {}),
    )


async def one(reader: Reader, subsample_id: int) -> schemas.SubSample | None:
    """One sub sample, if the caller sees it."""
    return await reader.one(_SHAPE, _one(reader.scope), subsample_id=subsample_id)
