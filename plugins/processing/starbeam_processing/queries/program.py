"""One run of a program, with what it was run for and what it wrote: SQL."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

import msgspec
from sqlalchemy import Select, and_, bindparam, func, select, union

from starbeam.api.database import Reader, Scope, Shape, statement
from starbeam.api.lists import List
from starbeam_ispyb.models import (
    AutoProcIntegration,
    AutoProcProgram,
    AutoProcProgramAttachment,
    BLSample,
    BLSession,
    DataCollection,
    DataCollectionGroup,
    ProcessingJob,
    Proposal,
)
from starbeam_ispyb.names import proposal_name, session_name
from starbeam_processing import schemas
from starbeam_processing.queries.links import status
from starbeam_processing.queries.programs import not_deleted

_PROGRAM_ID: Any = bindparam("program_id")


class Program(msgspec.Struct):
    """A run of a program."""

    autoProcProgramId: int
    processingPrograms: str | None
    processingStatus: schemas.Status
    processingMessage: str | None
    processingCommandLine: str | None
    processingEnvironment: str | None
    processingStartTime: datetime | None
    processingEndTime: datetime | None
    recordTimeStamp: datetime | None


class RunFor(msgspec.Struct):
    """A data collection that a program was run for."""

    dataCollectionId: int
    fileTemplate: str | None
    blSample: str | None
    sessionId: int
    session: str | None
    proposal: str


class File(msgspec.Struct):
    """A file that a program wrote."""

    autoProcProgramAttachmentId: int
    fileName: str | None
    fileType: str | None
    filePath: str | None

    @property
    def path(self) -> str | None:
        """Where it is; None without a name."""
        return str(PurePosixPath(self.filePath or "") / self.fileName) if self.fileName else None


_RUN_FOR = Shape(
    RunFor,
    DataCollection,
    blSample=BLSample.name,
    sessionId=DataCollectionGroup.sessionId,
    session=session_name(),
    proposal=proposal_name(),
)
_FILE = Shape(File, AutoProcProgramAttachment)
PROGRAMS = List(Shape(Program, AutoProcProgram, processingStatus=status()), AutoProcProgram)


@statement
def _collections(scope: Scope) -> Select[Any]:
    """What the program integrated, and what its job asks for."""
    one, program, job = AutoProcIntegration, AutoProcProgram, ProcessingJob
    keys: list[Select[Any]] = [
        select(one.dataCollectionId.label("id")).where(one.autoProcProgramId == _PROGRAM_ID)
    ]
    if scope.has(job, program.processingJobId):
        asked = select(job.dataCollectionId).join(program, program.processingJobId == job.processingJobId)
        keys.append(asked.where(program.autoProcProgramId == _PROGRAM_ID))
    found = union(*keys).subquery("found")
    group = DataCollectionGroup
    return (
        select(*_RUN_FOR.columns(scope))
        .select_from(found)
        .join(DataCollection, DataCollection.dataCollectionId == found.c.id)
        .join(group, group.dataCollectionGroupId == DataCollection.dataCollectionGroupId)
        .join(BLSession, BLSession.sessionId == group.sessionId)
        .join(Proposal, Proposal.proposalId == BLSession.proposalId)
        .outerjoin(BLSample, and_(BLSample.blSampleId == group.blSampleId, scope.sees(BLSample)))
        .where(scope.sees(DataCollection))
        .order_by(DataCollection.dataCollectionId)
    )


async def collections(reader: Reader, program: int) -> list[RunFor]:
    """The data collections of a program that the caller sees. 1 statement."""
    return await reader.shaped(_RUN_FOR, _collections(), program_id=program)


@statement
def _numbers(scope: Scope) -> Select[Any]:
    one: Any = AutoProcProgramAttachment
    wanted = one.autoProcProgramId.in_(bindparam("programs", expanding=True))
    seen = not_deleted(scope), scope.below(AutoProcProgram).sees(one)
    return select(one.autoProcProgramId, func.count()).where(wanted, *seen).group_by(one.autoProcProgramId)


async def numbers_of_files(reader: Reader, programs: Collection[int]) -> dict[int, int]:
    """How many files each of these programs wrote, which the caller sees; those without any are left out.
    1 statement."""
    if not programs:
        return {}
    rows = await reader.rows(_numbers(), programs=list(programs))
    return {int(program): count for program, count in rows}


@statement
def _files(scope: Scope) -> Select[Any]:
    one = AutoProcProgramAttachment
    rows = select(*_FILE.columns(scope)).where(one.autoProcProgramId == _PROGRAM_ID)
    return rows.where(not_deleted(scope), scope.sees(one)).order_by(
        one.fileType.desc(), one.fileName, one.autoProcProgramAttachmentId
    )


async def files_of(reader: Reader, program: int) -> list[File]:
    """The files of a program that the caller sees, results first. 1 statement."""
    return await reader.shaped(_FILE, _files(), program_id=program)
