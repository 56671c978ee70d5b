"""Samples: the conditions that a list of them can be asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from sqlalchemy import ColumnElement, bindparam, exists, false, or_, select
from sqlalchemy.orm import aliased

from starbeam.api.database import Scope
from starbeam.api.lists import (
    SORTING,
    BeamLineName,
    Choice,
    Direction,
    Filters,
    ProposalName,
    Search,
    Where,
    query,
    text_in,
)
from starbeam_ispyb.models import (
    AutoProcIntegration,
    BLSample,
    Container,
    Crystal,
    Dewar,
    ProcessingJob,
    RobotAction,
    Screening,
    Shipping,
)
from starbeam_ispyb.names import of_proposal
from starbeam_samples.queries.common import Collected, ContainerId, ProteinId, shipped
from starbeam_samples.schemas import SampleOrder, SampleStatus


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


def of_collection(collected: Collected) -> Any:
    """The key of the data collection, for what hangs on one."""
    return collected.collection.dataCollectionId


def of_group(collected: Collected) -> Any:
    """The key of the group, for what hangs on one."""
    return collected.group.dataCollectionGroupId


def _screened(scope: Scope) -> ColumnElement[bool]:
    one, other = aliased(Screening), aliased(Screening)
    return or_(
        _has(scope, one, one.dataCollectionId, of_collection),
        _has(scope, other, other.dataCollectionGroupId, of_group),
    )


STATUS: dict[SampleStatus, Callable[[Scope], ColumnElement[bool]]] = {
    SampleStatus.SAMPLE_ACTION: _acted,
    SampleStatus.DATA_COLLECTED: _collected,
    SampleStatus.STRATEGY: _screened,
    SampleStatus.AUTO_INTEGRATED: lambda scope: _has(
        scope, AutoProcIntegration, AutoProcIntegration.dataCollectionId, of_collection
    ),
    SampleStatus.PROCESSED: lambda scope: _has(
        scope, ProcessingJob, ProcessingJob.dataCollectionId, of_collection
    ),
}
"""What `status` asks for, as a condition on a sample."""


def _in_containers(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """In a container, in a shipment, for which these conditions hold."""
    found: ColumnElement[bool] = BLSample.containerId.in_(shipped().where(*conditions))
    return found


_PROPOSAL = of_proposal(Shipping.proposalId)
IN_CHANGER: Sequence[ColumnElement[bool]] = (
    Dewar.dewarStatus == "processing",
    Container.beamlineLocation == bindparam("beamLineName"),
    Container.sampleChangerLocation != "",
)
"""A container is in the sample changer of a beamline now."""
_ON_BEAMLINE = BLSample.containerId.in_(
    select(Container.containerId).join(Dewar, Dewar.dewarId == Container.dewarId).where(*IN_CHANGER)
)
_OF_PROTEIN = BLSample.crystalId.in_(
    select(Crystal.crystalId).where(Crystal.proteinId == bindparam("proteinId"))
)


class SampleFilters(Filters, frozen=True):
    """What `/samples` is asked for."""

    status: Annotated[SampleStatus | None, query("Status to filter by", title="Status"), Choice(STATUS)] = (
        None
    )
    search: Annotated[Search, text_in(BLSample.name)] = None
    proteinId: Annotated[ProteinId, Where(_OF_PROTEIN)] = None
    proposal: Annotated[ProposalName, Where(_in_containers(_PROPOSAL.condition), _PROPOSAL.bind)] = None
    containerId: Annotated[ContainerId, Where(BLSample.containerId == bindparam("containerId"))] = None
    beamLineName: Annotated[BeamLineName, Where(_ON_BEAMLINE)] = None
    order_by: Annotated[SampleOrder | None, SORTING] = None
    order: Direction = None


def _in_session(scope: Scope) -> ColumnElement[bool]:
    collected = Collected(scope)
    of_session = collected.group.sessionId == bindparam("sessionId")
    found: ColumnElement[bool] = BLSample.blSampleId.in_(
        collected.select(collected.group.blSampleId, of_session)
    )
    return found


class SessionSampleFilters(SampleFilters, frozen=True):
    """What the page of a session's samples is asked for."""

    sessionId: Annotated[int | None, Where(_in_session)] = None
