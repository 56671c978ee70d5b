"""What programs had to say: SQL. The community schema has no messages."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated, Any

from sqlalchemy import Select, bindparam, func, select, union

from starbeam.api.database import Reader, Scope, Shape, statement
from starbeam.api.lists import Asked, Bound, Filters, Listing, Page, Paged, nothing, query_id
from starbeam_ispyb.models import (
    AutoProcIntegration,
    AutoProcProgram,
    AutoProcProgramMessage,
    ProcessingJob,
)
from starbeam_processing import schemas
from starbeam_processing.queries.links import (
    COLLECTIONS,
    CollectionId,
    below,
    integrated,
    programs_of_one,
    visible,
)

_SHAPE = Shape(schemas.AutoProcProgramMessage, AutoProcProgramMessage)
_KEY = AutoProcProgramMessage.autoProcProgramMessageId
_PROGRAM = AutoProcProgramMessage.autoProcProgramId
_COUNTERS = {"ERROR": "errors", "WARNING": "warnings", "INFO": "info"}


class MessageFilters(Filters, frozen=True):
    """What `/processings/messages` is asked for."""

    autoProcProgramMessageId: Annotated[int | None, query_id("Message id to filter by"), Bound()] = None
    dataCollectionId: Annotated[CollectionId, Bound()] = None


@statement
def _page(scope: Scope, asked: Asked) -> Listing[schemas.AutoProcProgramMessage]:
    if "dataCollectionId" in asked.given:
        below_programs = scope.below(AutoProcIntegration, ProcessingJob)
        where = [_PROGRAM.in_(programs_of_one(scope)), below_programs.sees(AutoProcProgramMessage)]
    else:
        where = [scope.sees(AutoProcProgramMessage)]
    if "autoProcProgramMessageId" in asked.given:
        where.append(bindparam("autoProcProgramMessageId") == _KEY)
    return Listing(scope, _SHAPE, AutoProcProgramMessage, where=where, order_by=[_KEY])


@statement
def _counts(scope: Scope) -> Select[Any]:
    """How many messages of each severity the programs of data collections have: of those that integrated
    them, and of automatic jobs that integrated nothing."""
    by_integration = select(
        AutoProcIntegration.dataCollectionId.label("collection"), AutoProcIntegration.autoProcProgramId
    ).where(AutoProcIntegration.dataCollectionId.in_(COLLECTIONS))
    by_job = (
        select(ProcessingJob.dataCollectionId, AutoProcProgram.autoProcProgramId)
        .join(AutoProcProgram, AutoProcProgram.processingJobId == ProcessingJob.processingJobId)
        .where(ProcessingJob.dataCollectionId.in_(COLLECTIONS), ProcessingJob.automatic == 1, ~integrated())
    )
    linked = union(by_integration, by_job).subquery("linked")
    seen = scope.below(AutoProcIntegration, ProcessingJob).sees(AutoProcProgramMessage)
    columns = linked.c.collection, AutoProcProgramMessage.severity
    return (
        select(*columns, func.count())
        .join_from(linked, AutoProcProgramMessage, linked.c.autoProcProgramId == _PROGRAM)
        .where(seen)
        .group_by(*columns)
    )


async def page(reader: Reader, page: Page, filters: MessageFilters) -> Paged[schemas.AutoProcProgramMessage]:
    """A page of the messages of programs that the caller sees. 2 statements."""
    if not reader.scope.has(AutoProcProgramMessage):
        return nothing(page)
    return await reader.page(_page(filters.asked), page, filters)


async def of_programs(reader: Reader, programs: list[int]) -> dict[int, list[schemas.AutoProcProgramMessage]]:
    """The messages of programs that the caller sees, by program. 1 statement."""
    return await below(reader, _SHAPE, _PROGRAM, _KEY, programs)


@statement
def _warned(scope: Scope) -> Select[*tuple[Any, ...]]:
    wanted = _PROGRAM.in_(bindparam("programs", expanding=True))
    bad = AutoProcProgramMessage.severity.in_(("ERROR", "WARNING"))
    return select(_PROGRAM, func.count()).where(wanted, bad).group_by(_PROGRAM)


async def warnings(reader: Reader, programs: Collection[int]) -> dict[int, int]:
    """How many warnings and errors the messages of these programs are, which the caller sees; programs
    without any are left out. 1 statement."""
    if not (programs and reader.scope.has(AutoProcProgramMessage)):
        return {}
    rows = await reader.rows(_warned(), programs=list(programs))
    return {int(program): count for program, count in rows}


async def counts(
    reader: Reader, collections: Iterable[int]
) -> dict[str, schemas.AutoProcProgramMessageStatus]:
    """How many messages these data collections have, by their ids: those that the caller sees and that have
    any. 2 statements."""
    if not reader.scope.has(AutoProcProgramMessage, ProcessingJob):
        return {}
    found: dict[str, schemas.AutoProcProgramMessageStatus] = {}
    if keys := await visible(reader, set(collections)):
        for key, severity, count in await reader.rows(_counts(), collections=keys):
            status = found.setdefault(str(key), schemas.AutoProcProgramMessageStatus(0, 0, 0))
            if severity in _COUNTERS:
                setattr(status, _COUNTERS[severity], count)
    return found
