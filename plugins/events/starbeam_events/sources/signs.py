"""What shows that a data collection has changed, beyond its row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import aliased

from starbeam.api.database import Scope, digest
from starbeam_ispyb.models import (
    AutoProcIntegration,
    AutoProcProgram,
    AutoProcProgramMessage,
    DataCollection,
    ProcessingJob,
)

Sign: TypeAlias = Callable[[Scope, Any], ColumnElement[Any] | None]
"""From the scope and a data collection (an alias) to an expression that is another when something changed;
None where the database has nothing of it."""


def processed(scope: Scope, one: Any) -> ColumnElement[Any]:
    """The programs that integrated it, or that a job for it ran, and their messages."""
    integration = aliased(AutoProcIntegration)
    ran = [
        _states(scope, integration.autoProcProgramId, integration.dataCollectionId == one.dataCollectionId)
    ]
    if scope.has(ProcessingJob, AutoProcProgram.processingJobId):
        job, program = aliased(ProcessingJob), aliased(AutoProcProgram)
        of_job = program.processingJobId == job.processingJobId
        ran.append(
            _states(scope, program.autoProcProgramId, of_job, job.dataCollectionId == one.dataCollectionId)
        )
    return digest(*(found for some in ran for found in some))


def _states(scope: Scope, program_id: Any, *where: Any) -> list[Any]:
    """The states of some programs as a number, and their messages as another."""
    program, message = aliased(AutoProcProgram), aliased(AutoProcProgramMessage)
    visible = scope.below(DataCollection)
    said = program.processingStatus, program.processingMessage, program.processingEndTime
    states = select(func.sum(digest(program.autoProcProgramId, *said)))
    found: list[Select[Any]] = [
        states.where(program.autoProcProgramId == program_id, visible.sees(program), *where)
    ]
    if scope.has(AutoProcProgramMessage):
        messages = select(func.sum(digest(message.autoProcProgramMessageId, message.severity)))
        found.append(messages.where(message.autoProcProgramId == program_id, visible.sees(message), *where))
    return [one.scalar_subquery() for one in found]
