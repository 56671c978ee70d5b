"""Samples: SQL of what is shown of them. What they are chosen by is in `sample_filters`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    bindparam,
    cast,
    exists,
    func,
    join,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from starbeam.db.lists import List
from starbeam.db.rows import Rows
from starbeam.db.scope import Scope, statement
from starbeam.db.shape import Shape
from starbeam_ispyb.models import (
    AutoProcIntegration,
    AutoProcScaling_has_Int,
    AutoProcScalingStatistics,
    BLSample,
    BLSubSample,
    Container,
    Crystal,
    DataCollection,
    Dewar,
    Proposal,
    Protein,
    Screening,
    ScreeningOutput,
    Shipping,
)
from starbeam_ispyb.names import proposal_name
from starbeam_samples import schemas
from starbeam_samples.models import ContainerQueueSample
from starbeam_samples.queries.common import Collected, is_shipped, sorted_by
from starbeam_samples.queries.sample_filters import SampleFilters, of_collection, of_group
from starbeam_samples.schemas import Order, SampleOrder


def _subsamples(scope: Scope) -> ColumnElement[int]:
    part = aliased(BLSubSample)
    count = select(func.count()).select_from(part)
    return count.where(part.blSampleId == BLSample.blSampleId, scope.sees(part)).scalar_subquery()


def _datacollections(scope: Scope) -> ColumnElement[int]:
    collected = Collected(scope)
    return collected.count(collected.group.blSampleId == BLSample.blSampleId)


def _types(scope: Scope) -> ColumnElement[str | None]:
    collected = Collected(scope)
    return collected.types(collected.group.blSampleId == BLSample.blSampleId)


def _integrated(scope: Scope, what: Any) -> Select[Any]:
    """Something of the integrations of a sample's data collections."""
    collected = Collected(scope)
    mine = AutoProcIntegration.dataCollectionId == collected.collection.dataCollectionId
    found = collected.select(what, collected.group.blSampleId == BLSample.blSampleId)
    return found.join(AutoProcIntegration, mine)


def _integrations(scope: Scope) -> ColumnElement[int]:
    return _integrated(scope, func.count()).scalar_subquery()


def _resolution(scope: Scope) -> ColumnElement[float | None]:
    link, shell = AutoProcScaling_has_Int, AutoProcScalingStatistics
    best = _integrated(scope, func.min(shell.resolutionLimitHigh))
    best = best.join(link, link.autoProcIntegrationId == AutoProcIntegration.autoProcIntegrationId)
    return best.join(shell, shell.autoProcScalingId == link.autoProcScalingId).scalar_subquery()


def _queued(scope: Scope) -> ColumnElement[Any]:
    """Some plan for the sample has no data collection yet."""
    queued = ContainerQueueSample
    plan = DataCollection.dataCollectionPlanId
    if not scope.has(queued, queued.blSampleId, queued.dataCollectionPlanId, plan):
        return literal_column("0", Integer())
    done = exists().where(plan == queued.dataCollectionPlanId)
    return exists().where(queued.blSampleId == BLSample.blSampleId, ~done)


_SHAPE = Shape(
    schemas.Sample,
    BLSample,
    Crystal=Shape(schemas.SampleCrystal, Crystal, Protein=Shape(schemas.SampleProtein, Protein)),
    Container=Shape(schemas.SampleContainer, Container),
    metadata=Shape(
        schemas.SampleMetaData,
        subsamples=_subsamples,
        datacollections=_datacollections,
        types=_types,
        autoIntegrations=_integrations,
        integratedResolution=_resolution,
        proposal=proposal_name(),
        queued=_queued,
        later={"strategies"},
    ),
)
_JOINS = (
    join(BLSample, Crystal, Crystal.crystalId == BLSample.crystalId)
    .join(Protein, Protein.proteinId == Crystal.proteinId)
    .join(Container, Container.containerId == BLSample.containerId)
    .join(Dewar, Dewar.dewarId == Container.dewarId)
    .join(Shipping, Shipping.shippingId == Dewar.shippingId)
    .join(Proposal, Proposal.proposalId == Shipping.proposalId)
)


@statement
def _strategies(scope: Scope) -> CompoundSelect[Any]:
    """Successful outputs of the screenings of samples, by data collection and by group: some twice."""
    found = []
    for column, key in (
        (Screening.dataCollectionId, of_collection),
        (Screening.dataCollectionGroupId, of_group),
    ):
        collected = Collected(scope)
        of_samples = collected.group.blSampleId.in_(bindparam("samples", expanding=True))
        outputs = collected.select(
            collected.group.blSampleId, of_samples, ScreeningOutput.strategySuccess == 1
        )
        outputs = outputs.add_columns(ScreeningOutput.screeningOutputId).join(
            Screening, column == key(collected)
        )
        outputs = outputs.join(ScreeningOutput, ScreeningOutput.screeningId == Screening.screeningId)
        # in this order: where most screenings name no group, MariaDB would begin with all of them
        found.append(outputs.prefix_with("STRAIGHT_JOIN", dialect="mysql"))
    return union_all(*found)


async def _complete(reader: Rows, samples: Sequence[schemas.Sample]) -> None:
    """Fill in the strategies. 1 statement."""
    outputs = defaultdict[int, set[int]](set)
    ids = [sample.blSampleId for sample in samples]
    for sample_id, output_id in await reader.rows(_strategies(), samples=ids):
        outputs[sample_id].add(output_id)
    for sample in samples:
        sample.metadata.strategies = len(outputs[sample.blSampleId])


_ORDERS: Mapping[SampleOrder, Callable[[Scope], list[Any]]] = {
    SampleOrder.NAME: lambda scope: [BLSample.name],
    SampleOrder.LOCATION: lambda scope: [cast(BLSample.location, Integer), BLSample.location],
    SampleOrder.DATA_COLLECTIONS: lambda scope: [_datacollections(scope)],
}

SAMPLES = List(
    _SHAPE,
    BLSample,
    SampleFilters,
    joins=_JOINS,
    listed=[BLSample.crystalId.is_not(None), is_shipped(BLSample)],
    order_by=sorted_by(_ORDERS, BLSample.blSampleId, Order.DESC),
    complete=_complete,
    missing="Sample not found",
)
"""Samples with a crystal and in a shipment. 3 statements a page."""
