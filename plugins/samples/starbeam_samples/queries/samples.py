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

from starbeam.api.database import Counts, Rows, Scope, Shape, counted, statement
from starbeam.api.lists import List, Order, sorted_by
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
from starbeam_samples.queries.common import Collected, is_shipped
from starbeam_samples.queries.sample_filters import (
    SampleFilters,
    SessionSampleFilters,
    of_collection,
    of_group,
)
from starbeam_samples.schemas import SampleOrder

_SAMPLES: Any = bindparam("samples", expanding=True)


def _subsamples(scope: Scope) -> ColumnElement[int]:
    part = aliased(BLSubSample)
    count = select(func.count()).select_from(part)
    return count.where(part.blSampleId == BLSample.blSampleId, scope.sees(part)).scalar_subquery()


def _datacollections(scope: Scope) -> ColumnElement[int]:
    collected = Collected(scope)
    return collected.count(collected.group.blSampleId == BLSample.blSampleId)


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
        proposal=proposal_name(),
        queued=_queued,
        later={"datacollections", "types", "autoIntegrations", "integratedResolution", "strategies"},
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
def _collected(scope: Scope) -> Select[Any]:
    """Of samples with data collections: how many, types, integrations and the best resolution of these.

    One walk over their groups."""
    collected = Collected(scope)
    group, collection = collected.group, collected.collection
    integration, link, shell = AutoProcIntegration, AutoProcScaling_has_Int, AutoProcScalingStatistics
    walk = (
        collected.select(group.blSampleId, group.blSampleId.in_(_SAMPLES))
        .outerjoin(integration, integration.dataCollectionId == collection.dataCollectionId)
        .outerjoin(link, link.autoProcIntegrationId == integration.autoProcIntegrationId)
        .outerjoin(shell, shell.autoProcScalingId == link.autoProcScalingId)
    )
    counts = walk.add_columns(
        func.count(collection.dataCollectionId.distinct()),
        func.group_concat(func.nullif(group.experimentType, "").distinct()),  # no type has a comma
        func.count(integration.autoProcIntegrationId.distinct()),
        func.min(shell.resolutionLimitHigh),
    ).group_by(group.blSampleId)
    # in this order: what the caller may see can be far more than what was collected on these samples
    return counts.prefix_with("STRAIGHT_JOIN", dialect="mysql")


@statement
def _strategies(scope: Scope) -> CompoundSelect[Any]:
    """Successful outputs of the screenings of samples, by data collection and by group: some twice."""
    # some databases have no index by data collection: there MariaDB begins with the screenings
    by_collection = _outputs(scope, Screening.dataCollectionId, of_collection)
    by_group = _outputs(scope, Screening.dataCollectionGroupId, of_group)
    return union_all(by_collection, by_group.prefix_with("STRAIGHT_JOIN", dialect="mysql"))


def _outputs(scope: Scope, column: Any, key: Callable[[Collected], Any]) -> Select[Any]:
    collected = Collected(scope)
    mine = collected.group.blSampleId.in_(_SAMPLES), column.is_not(None), ScreeningOutput.strategySuccess == 1
    outputs = collected.select(collected.group.blSampleId, *mine)
    outputs = outputs.add_columns(ScreeningOutput.screeningOutputId).join(Screening, column == key(collected))
    return outputs.join(ScreeningOutput, ScreeningOutput.screeningId == Screening.screeningId)


async def _count(reader: Rows, ids: Sequence[int]) -> Mapping[int, Counts]:
    """What data collections on samples came to: how many, types, integrations, resolution, strategies."""
    outputs = defaultdict[int, set[int]](set)
    for sample_id, output_id in await reader.rows(_strategies(), samples=ids):
        outputs[sample_id].add(output_id)
    collected = await reader.rows(_collected(), samples=ids)
    return {key: (*counts, len(outputs[key])) for key, *counts in collected}


async def _complete(reader: Rows, samples: Sequence[schemas.Sample]) -> None:
    """Fill in what data collections came to. 2 statements, none where all numbers are kept."""
    found = await counted(reader, _count, [sample.blSampleId for sample in samples])
    for sample in samples:
        _measured(sample.metadata, *found.get(sample.blSampleId, (0, None, 0, None, 0)))


def _measured(
    metadata: schemas.SampleMetaData,
    number: int,
    types: str | None,
    integrations: int,
    best: Any,
    strategies: int,
) -> None:
    metadata.datacollections = number
    metadata.types = None if types is None else sorted(types.split(","))
    metadata.autoIntegrations = integrations
    metadata.integratedResolution = None if best is None else float(best)
    metadata.strategies = strategies


_ORDERS: Mapping[SampleOrder, Callable[[Scope], list[Any]]] = {
    SampleOrder.NAME: lambda scope: [BLSample.name],
    SampleOrder.LOCATION: lambda scope: [cast(BLSample.location, Integer), BLSample.location],
    SampleOrder.DATA_COLLECTIONS: lambda scope: [_datacollections(scope)],
}


def _list(filters: type[SampleFilters]) -> List[schemas.Sample]:
    return List(
        _SHAPE,
        BLSample,
        filters,
        joins=_JOINS,
        listed=[BLSample.crystalId.is_not(None), is_shipped(BLSample)],
        order_by=sorted_by(_ORDERS, BLSample.blSampleId, Order.DESC),
        complete=_complete,
        missing="Sample not found",
    )


SAMPLES = _list(SampleFilters)
"""Samples with a crystal and in a shipment. 4 statements a page."""
SAMPLES_OF_SESSION = _list(SessionSampleFilters)
"""Those of them that data were collected of in a session."""
