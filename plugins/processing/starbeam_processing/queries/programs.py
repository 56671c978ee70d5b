"""Runs of programs, by the job that asked for them or by what they integrated: SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select, true

from starbeam.api.database import Reader, Scope, Shape, statement
from starbeam.api.lists import Asked, Bound, Filters, Listing, Page, Paged, nothing
from starbeam_ispyb.models import (
    AutoProcIntegration,
    AutoProcProgram,
    AutoProcProgramAttachment,
    ProcessingJob,
)
from starbeam_processing import schemas
from starbeam_processing.models import ProcessingJobImageSweep, ProcessingJobParameter
from starbeam_processing.queries import messages
from starbeam_processing.queries.integrations import integrations
from starbeam_processing.queries.links import COLLECTION, CollectionId, below, integrated, status


def not_deleted(scope: Scope) -> ColumnElement[bool]:
    """The attachment is there; the community schema does not know deleted ones."""
    deleted = AutoProcProgramAttachment.deleted
    return or_(deleted.is_(None), deleted == 0) if scope.has(deleted) else true()


def _attachments(scope: Scope) -> ColumnElement[int]:
    """How many attachments a visible program has."""
    return (
        select(func.count())
        .select_from(AutoProcProgramAttachment)
        .where(
            AutoProcProgramAttachment.autoProcProgramId == AutoProcProgram.autoProcProgramId,
            not_deleted(scope),
            scope.below(AutoProcProgram).sees(AutoProcProgramAttachment),
        )
        .scalar_subquery()
    )


_METADATA = Shape(
    schemas.AutoProcProgramMetadata,
    attachments=_attachments,
    later={"autoProcProgramMessages", "imageSweepCount"},
)
_PROGRAM = Shape(
    schemas.AutoProcProgram,
    AutoProcProgram,
    processingStatus=status(),
    metadata=_METADATA,
    later={"ProcessingJob"},
)
_INTEGRATION = Shape(
    schemas.AutoProcProgramIntegration,
    AutoProcProgram,
    processingStatus=status(),
    metadata=_METADATA,
    later={"ProcessingJob", "AutoProcIntegration"},
)
_JOB = Shape(schemas.ProcessingJob, ProcessingJob, later={"ProcessingJobParameters"})
_PARAMETER = Shape(schemas.ProcessingJobParameter, ProcessingJobParameter)
_BY_KEY = [AutoProcProgram.autoProcProgramId]


class ProgramFilters(Filters, frozen=True):
    """What `/processings` and `/processings/auto-integrations` are asked for."""

    dataCollectionId: Annotated[CollectionId, Bound()] = None


@statement
def _of_jobs(scope: Scope, asked: Asked) -> Listing[schemas.AutoProcProgram]:
    """Programs that a job asked for and that integrated nothing."""
    seen = scope.below(ProcessingJob, AutoProcIntegration).sees(AutoProcProgram)
    where = [AutoProcProgram.processingJobId.is_not(None), ~integrated(), seen]
    if asked.given or not scope.sees_all(ProcessingJob):
        jobs = select(ProcessingJob.processingJobId).where(scope.sees(ProcessingJob))
        jobs = jobs.where(ProcessingJob.dataCollectionId == COLLECTION) if asked.given else jobs
        where.append(AutoProcProgram.processingJobId.in_(jobs))
    return Listing(scope, _PROGRAM, AutoProcProgram, where=where, order_by=_BY_KEY)


@statement
def _integrating(scope: Scope, asked: Asked) -> Listing[schemas.AutoProcProgramIntegration]:
    """Programs that integrated a data collection."""
    where = [scope.below(ProcessingJob, AutoProcIntegration).sees(AutoProcProgram)]
    if asked.given or not scope.sees_all(AutoProcIntegration):
        programs = select(AutoProcIntegration.autoProcProgramId).where(scope.sees(AutoProcIntegration))
        mine = AutoProcIntegration.dataCollectionId == COLLECTION
        programs = programs.where(mine) if asked.given else programs
        where.append(AutoProcProgram.autoProcProgramId.in_(programs))
    else:
        where.append(integrated())
    return Listing(scope, _INTEGRATION, AutoProcProgram, where=where, order_by=_BY_KEY)


@statement
def _jobs(scope: Scope) -> Select[Any]:
    """The visible jobs of programs, and for how many ranges of images each is."""
    sweeps = (
        select(func.count())
        .select_from(ProcessingJobImageSweep)
        .where(ProcessingJobImageSweep.processingJobId == ProcessingJob.processingJobId)
        .scalar_subquery()
    )
    wanted = AutoProcProgram.autoProcProgramId.in_(bindparam("programs", expanding=True))
    return (
        select(AutoProcProgram.autoProcProgramId, sweeps, *_JOB.columns(scope))
        .join(ProcessingJob, ProcessingJob.processingJobId == AutoProcProgram.processingJobId)
        .where(wanted, scope.sees(ProcessingJob))
    )


async def of_jobs(reader: Reader, page: Page, filters: ProgramFilters) -> Paged[schemas.AutoProcProgram]:
    """A page of the programs that jobs asked for and that integrated nothing; none where the database has no
    jobs. 5 statements."""
    if not reader.scope.has(ProcessingJob):
        return nothing(page)
    found = await reader.page(_of_jobs(filters.asked), page, filters)
    await _complete(reader, found.results)
    for row in found.results:
        row.metadata.imageSweepCount = None
    return found


async def integrating(
    reader: Reader, page: Page, filters: ProgramFilters
) -> Paged[schemas.AutoProcProgramIntegration]:
    """A page of the programs that integrated a data collection. 7 statements."""
    found = await reader.page(_integrating(filters.asked), page, filters)
    await _complete(reader, found.results)
    programs = [row.autoProcProgramId for row in found.results]
    parts = await integrations(reader, programs, filters.dataCollectionId)
    for row in found.results:
        row.AutoProcIntegration = parts.get(row.autoProcProgramId, [])
    return found


async def _complete(reader: Reader, programs: Sequence[schemas.AutoProcProgram]) -> None:
    """Fill in jobs with their parameters, messages, and the number of ranges of images."""
    keys = [row.autoProcProgramId for row in programs]
    jobs, sweeps = await _jobs_of(reader, keys)
    said = await messages.of_programs(reader, keys)
    counts = reader.scope.has(ProcessingJobImageSweep)
    for row in programs:
        row.ProcessingJob = jobs.get(row.autoProcProgramId)
        row.metadata.autoProcProgramMessages = said.get(row.autoProcProgramId, [])
        row.metadata.imageSweepCount = sweeps.get(row.autoProcProgramId, 0) if counts else None


async def _jobs_of(
    reader: Reader, programs: list[int]
) -> tuple[dict[int, schemas.ProcessingJob], dict[int, int]]:
    """Jobs, and for how many ranges of images they are, by program."""
    if not programs or not reader.scope.has(ProcessingJob):
        return {}, {}
    rows = await reader.rows(_jobs(), programs=programs)
    jobs = {row[0]: _JOB.make(row[2:]) for row in rows}
    parameter = ProcessingJobParameter
    keys = {job.processingJobId for job in jobs.values()}
    parameters = await below(
        reader, _PARAMETER, parameter.processingJobId, parameter.processingJobParameterId, keys
    )
    for job in jobs.values():
        job.ProcessingJobParameters = parameters.get(job.processingJobId, [])
    return jobs, {row[0]: row[1] for row in rows}
