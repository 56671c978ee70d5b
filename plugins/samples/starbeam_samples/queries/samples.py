"""Samples: SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    bindparam,
    cast,
    exists,
    false,
    func,
    join,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from starbeam.db.functions import containing, contains
from starbeam.db.reader import Listing, Reader, Scope, statement
from starbeam.db.shape import Shape
from starbeam.http.paging import Page, Paged
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
    ProcessingJob,
    Proposal,
    Protein,
    RobotAction,
    Screening,
    ScreeningOutput,
    Shipping,
)
from starbeam_ispyb.names import is_proposal, proposal_name, proposal_value
from starbeam_samples import schemas
from starbeam_samples.models import ContainerQueueSample
from starbeam_samples.queries.common import Collected, directed, shipped
from starbeam_samples.schemas import Order, SampleOrder, SampleStatus


class Filters(msgspec.Struct, frozen=True):
    """What `/samples` is asked for."""

    status: SampleStatus | None = None
    search: str | None = None
    proteinId: int | None = None
    proposal: str | None = None
    containerId: int | None = None
    beamLineName: str | None = None


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


def _acted(scope: Scope) -> ColumnElement[bool]:
    mine = RobotAction.blsampleId == BLSample.blSampleId
    return exists().where(mine, scope.sees(RobotAction))


def _collected(scope: Scope) -> ColumnElement[bool]:
    collected = Collected(scope)
    return collected.select(1, collected.group.blSampleId == BLSample.blSampleId).exists()


def _has(scope: Scope, table: Any, column: Any, key: Callable[[Collected], Any]) -> ColumnElement[bool]:
    """A data collection of the sample has a row in a table."""
    if not scope.has(table):
        return false()
    collected = Collected(scope)
    found = collected.select(1, collected.group.blSampleId == BLSample.blSampleId)
    return found.join(table, column == key(collected)).exists()


def _of_collection(collected: Collected) -> Any:
    return collected.collection.dataCollectionId


def _of_group(collected: Collected) -> Any:
    return collected.group.dataCollectionGroupId


def _screened(scope: Scope) -> ColumnElement[bool]:
    one, other = aliased(Screening), aliased(Screening)
    return or_(
        _has(scope, one, one.dataCollectionId, _of_collection),
        _has(scope, other, other.dataCollectionGroupId, _of_group),
    )


_STATUS: dict[SampleStatus, Callable[[Scope], ColumnElement[bool]]] = {
    SampleStatus.SAMPLE_ACTION: _acted,
    SampleStatus.DATA_COLLECTED: _collected,
    SampleStatus.STRATEGY: _screened,
    SampleStatus.AUTO_INTEGRATED: lambda scope: _has(
        scope, AutoProcIntegration, AutoProcIntegration.dataCollectionId, _of_collection
    ),
    SampleStatus.PROCESSED: lambda scope: _has(
        scope, ProcessingJob, ProcessingJob.dataCollectionId, _of_collection
    ),
}


def _of_proposal() -> ColumnElement[bool]:
    sent = shipped().join(Proposal, Proposal.proposalId == Shipping.proposalId)
    found: ColumnElement[bool] = BLSample.containerId.in_(sent.where(is_proposal()))
    return found


def _on_beamline() -> ColumnElement[bool]:
    """In the sample changer of a beamline now."""
    mounted = select(Container.containerId).join(Dewar, Dewar.dewarId == Container.dewarId)
    found: ColumnElement[bool] = BLSample.containerId.in_(
        mounted.where(
            Dewar.dewarStatus == "processing",
            Container.beamlineLocation == bindparam("beamLineName"),
            Container.sampleChangerLocation != "",
        )
    )
    return found


_PATTERN: Any = bindparam("pattern")
_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "search": contains(BLSample.name, _PATTERN),
    "proteinId": BLSample.crystalId.in_(
        select(Crystal.crystalId).where(Crystal.proteinId == bindparam("protein_id"))
    ),
    "proposal": _of_proposal(),
    "containerId": BLSample.containerId == bindparam("container_id"),
    "beamLineName": _on_beamline(),
}
"""Each filter as a condition on a sample, by its name in `Filters`; but for `status`."""

_ORDERS: dict[SampleOrder, Callable[[Scope], list[Any]]] = {
    SampleOrder.SAMPLE_ID: lambda scope: [],
    SampleOrder.NAME: lambda scope: [BLSample.name],
    SampleOrder.LOCATION: lambda scope: [cast(BLSample.location, Integer), BLSample.location],
    SampleOrder.DATA_COLLECTIONS: lambda scope: [_datacollections(scope)],
}


def _listed(scope: Scope) -> list[ColumnElement[bool]]:
    """Samples that the caller sees, with a crystal and in a shipment."""
    return [scope.sees(BLSample), BLSample.crystalId.is_not(None), BLSample.containerId.in_(shipped())]


@statement
def _page(
    scope: Scope, given: frozenset[str], status: SampleStatus | None, order_by: SampleOrder, order: Order
) -> Listing[schemas.Sample]:
    where = [*_listed(scope), *(_CONDITIONS[name] for name in sorted(given))]
    if status is not None:
        where.append(_STATUS[status](scope))
    by = directed(order, *_ORDERS[order_by](scope), BLSample.blSampleId)
    return Listing(scope, _SHAPE, BLSample, where=where, order_by=by, joins=_JOINS)


@statement
def _one(scope: Scope) -> Select[Any]:
    columns = select(*_SHAPE.columns(scope)).select_from(_JOINS)  # which say that it is in a shipment
    return columns.where(BLSample.blSampleId == bindparam("sample_id"), scope.sees(BLSample))


@statement
def _strategies(scope: Scope) -> CompoundSelect[Any]:
    """Successful outputs of the screenings of samples, by data collection and by group: some twice."""
    found = []
    for column, key in (
        (Screening.dataCollectionId, _of_collection),
        (Screening.dataCollectionGroupId, _of_group),
    ):
        collected = Collected(scope)
        of_samples = collected.group.blSampleId.in_(bindparam("samples", expanding=True))
        outputs = collected.select(
            collected.group.blSampleId, of_samples, ScreeningOutput.strategySuccess == 1
        )
        outputs = outputs.add_columns(ScreeningOutput.screeningOutputId).join(
            Screening, column == key(collected)
        )
        found.append(outputs.join(ScreeningOutput, ScreeningOutput.screeningId == Screening.screeningId))
    return union_all(*found)


async def page(
    reader: Reader, page: Page, filters: Filters, order_by: SampleOrder, order: Order
) -> Paged[schemas.Sample]:
    """A page of the samples that the caller sees. 3 statements."""
    given = frozenset(name for name in _CONDITIONS if getattr(filters, name) is not None)
    found = await reader.page(
        _page(reader.scope, given, filters.status, order_by, order),
        page,
        pattern=containing(filters.search or ""),
        protein_id=filters.proteinId,
        container_id=filters.containerId,
        beamLineName=filters.beamLineName,
        **(proposal_value(filters.proposal) if filters.proposal else {}),
    )
    await _complete(reader, found.results)
    return found


async def one(reader: Reader, sample_id: int) -> schemas.Sample | None:
    """One sample, if the caller sees it. 2 statements."""
    found = await reader.one(_SHAPE, _one(reader.scope), sample_id=sample_id)
    if found is not None:
        await _complete(reader, [found])
    return found


async def _complete(reader: Reader, samples: Sequence[schemas.Sample]) -> None:
    """Fill in the strategies."""
    outputs = defaultdict[int, set[int]](set)
    if samples:
        ids = [sample.blSampleId for sample in samples]
        for sample_id, output_id in await reader.rows(_strategies(reader.scope), samples=ids):
            outputs[sample_id].add(output_id)
    for sample in samples:
        sample.metadata.strategies = len(outputs[sample.blSampleId])
