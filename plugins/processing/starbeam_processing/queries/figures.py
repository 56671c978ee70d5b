"""What processing came to in a session: SQL."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import DateTime, Select, and_, bindparam, case, func, select, true, union
from sqlalchemy.orm import aliased

from starbeam.api.database import Reader, Scope, statement
from starbeam_ispyb.models import (
    AutoProcIntegration,
    AutoProcProgram,
    AutoProcScaling_has_Int,
    AutoProcScalingStatistics,
    BLSample,
    BLSession,
    DataCollection,
    DataCollectionGroup,
    ProcessingJob,
)
from starbeam_processing.queries.shells import is_good, units
from starbeam_processing.rule import Rule

_SESSION: Any = bindparam("session")


class Best(msgspec.Struct):
    """The best result of a session."""

    resolution: float | None
    """In Å."""
    sample: str | None


class Programs(msgspec.Struct):
    """The programs that ran on a session's data collections."""

    number: int
    running: int
    """Those that have said nothing yet, and were heard of within a day."""


@statement
def _programs(scope: Scope) -> Select[Any]:
    program, of_session = AutoProcProgram, _collections(scope)
    parts = [
        select(AutoProcIntegration.autoProcProgramId.label("id")).where(
            AutoProcIntegration.dataCollectionId.in_(of_session), scope.sees(AutoProcIntegration)
        )
    ]
    if scope.has(ProcessingJob, AutoProcProgram.processingJobId):
        asked = aliased(AutoProcProgram)
        job = select(asked.autoProcProgramId).join(
            ProcessingJob, ProcessingJob.processingJobId == asked.processingJobId
        )
        parts.append(job.where(ProcessingJob.dataCollectionId.in_(of_session), scope.sees(ProcessingJob)))
    ran = union(*parts).subquery("ran")
    heard = func.coalesce(program.processingEndTime, program.processingStartTime, program.recordTimeStamp)
    runs = and_(program.processingStatus.is_(None), heard >= bindparam("yesterday", type_=DateTime()))
    running = func.coalesce(func.sum(case((runs, 1), else_=0)), 0)
    return select(func.count(), running).select_from(program).join(ran, ran.c.id == program.autoProcProgramId)


def _collections(scope: Scope) -> Select[int]:
    """The keys of the session's data collections."""
    one, group = DataCollection, DataCollectionGroup
    found = select(one.dataCollectionId).join(group, group.dataCollectionGroupId == one.dataCollectionGroupId)
    return found.where(group.sessionId == _SESSION, scope.below(BLSession).sees(one))


@statement
def _best(scope: Scope, rule: Rule) -> Select[Any]:
    """Of the scalings that are good enough the one of highest resolution."""
    integration, link = AutoProcIntegration, AutoProcScaling_has_Int
    overall, outer = aliased(AutoProcScalingStatistics), aliased(AutoProcScalingStatistics)
    one, group = DataCollection, DataCollectionGroup
    unit = units()
    is_outer = and_(
        outer.autoProcScalingId == overall.autoProcScalingId, outer.scalingStatisticsType == "outerShell"
    )
    columns: Any = overall.resolutionLimitHigh, BLSample.name
    found = (
        select(*columns)
        .select_from(group)
        .join(one, one.dataCollectionGroupId == group.dataCollectionGroupId)
        .join(integration, integration.dataCollectionId == one.dataCollectionId)
        .join(link, link.autoProcIntegrationId == integration.autoProcIntegrationId)
        .join(overall, overall.autoProcScalingId == link.autoProcScalingId)
        .outerjoin(outer, is_outer)
        .outerjoin(BLSample, and_(BLSample.blSampleId == group.blSampleId, scope.sees(BLSample)))
        .join(unit, true())
    )
    good = is_good(rule, overall.completeness, outer.ccHalf / unit.c.cc) == 1
    shell = overall.scalingStatisticsType == "overall", overall.resolutionLimitHigh.is_not(None)
    order = overall.resolutionLimitHigh, integration.autoProcIntegrationId
    return (
        found.where(group.sessionId == _SESSION, scope.sees(integration), *shell, good)
        .order_by(*order)
        .limit(1)
    )


async def programs(reader: Reader, session: int) -> Programs:
    """Of a session that the caller sees. 1 statement."""
    values = {"session": session, "yesterday": reader.now - timedelta(days=1)}
    (row,) = await reader.rows(_programs(), **values)
    return Programs(*map(int, row))


async def best(reader: Reader, session: int, rule: Rule) -> Best | None:
    """Of a session that the caller sees. 1 statement."""
    rows = await reader.rows(_best(rule), session=session)
    return Best(*rows[0]) if rows else None
