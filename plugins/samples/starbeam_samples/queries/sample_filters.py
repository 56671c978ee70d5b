"""Samples: the conditions that a list of them can be asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, bindparam, exists, false, or_, select
from sqlalchemy.orm import aliased

from starbeam.db.functions import contains
from starbeam.db.reader import Scope
from starbeam_ispyb.models import (
    AutoProcIntegration,
    BLSample,
    Container,
    Crystal,
    Dewar,
    ProcessingJob,
    Proposal,
    RobotAction,
    Screening,
    Shipping,
)
from starbeam_ispyb.names import is_proposal
from starbeam_samples.queries.common import Collected, shipped
from starbeam_samples.schemas import SampleStatus


class Filters(msgspec.Struct, frozen=True):
    """What `/samples` is asked for."""

    status: SampleStatus | None = None
    search: str | None = None
    proteinId: int | None = None
    proposal: str | None = None
    containerId: int | None = None
    beamLineName: str | None = None


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
CONDITIONS: dict[str, ColumnElement[bool]] = {
    "search": contains(BLSample.name, _PATTERN),
    "proteinId": BLSample.crystalId.in_(
        select(Crystal.crystalId).where(Crystal.proteinId == bindparam("protein_id"))
    ),
    "proposal": _of_proposal(),
    "containerId": BLSample.containerId == bindparam("container_id"),
    "beamLineName": _on_beamline(),
}
"""Each filter as a condition on a sample, by its name in `Filters`; but for `status`."""
