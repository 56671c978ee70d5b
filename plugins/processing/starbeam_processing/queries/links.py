"""How programs hang on data collections, and rows on the rows of a page: SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Annotated, Any, TypeVar

import msgspec
from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    bindparam,
    case,
    cast,
    func,
    select,
    union,
)
from sqlalchemy.orm import aliased

from starbeam.api.database import Reader, Rows, Scope, Shape, found_for_row, statement
from starbeam.api.lists import query_id
from starbeam_ispyb.models import AutoProcIntegration, AutoProcProgram, DataCollection, ProcessingJob

S = TypeVar("S", bound=msgspec.Struct)

CollectionId = Annotated[int | None, query_id("Data collection id to filter by")]
COLLECTION: Any = bindparam("dataCollectionId")
COLLECTIONS: Any = bindparam("collections", expanding=True)


def status() -> ColumnElement[Any]:
    """What came of a program: 1 success, 0 failure, NULL for whatever else the column says."""
    text: Any = cast(AutoProcProgram.processingStatus, String(10))
    return case(
        (text == "SUCCESS", 1),
        (text == "1", 1),
        (text == "FAILED", 0),
        (text == "0", 0),
    )


def integrated() -> ColumnElement[bool]:
    """The program integrated some data collection."""
    integration = aliased(AutoProcIntegration)
    first = select(func.min(integration.autoProcIntegrationId))
    return found_for_row(first.where(integration.autoProcProgramId == AutoProcProgram.autoProcProgramId))


def programs_of_one(scope: Scope) -> Any:
    """Keys of the programs of the data collection `COLLECTION`, if the caller sees that, by either link."""
    program, integration, job = aliased(AutoProcProgram), aliased(AutoProcIntegration), aliased(ProcessingJob)
    parts: list[Select[Any]] = [
        select(integration.autoProcProgramId.label("id")).where(
            integration.dataCollectionId == COLLECTION, scope.sees(integration)
        )
    ]
    if scope.has(ProcessingJob):
        parts.append(
            select(program.autoProcProgramId)
            .join(job, job.processingJobId == program.processingJobId)
            .where(job.dataCollectionId == COLLECTION, scope.sees(job))
        )
    own = union(*parts).subquery("own_programs")
    return select(own.c.id)


@statement
def _visible(scope: Scope) -> Select[int]:
    wanted = DataCollection.dataCollectionId.in_(COLLECTIONS)
    return select(DataCollection.dataCollectionId).where(wanted, scope.sees(DataCollection))


async def visible(reader: Reader, collections: Collection[int]) -> list[int]:
    """Those of these data collections that the caller sees. 1 statement."""
    return [key for (key,) in await reader.rows(_visible(), collections=list(collections))]


@statement
def _below(scope: Scope, shape: Shape[Any], parent: Any, key: Any) -> Select[Any]:
    wanted = parent.in_(bindparam("parents", expanding=True))
    return select(parent, *shape.columns(scope)).where(wanted).order_by(key)


async def below(
    reader: Rows, shape: Shape[S], parent: Any, key: Any, parents: Collection[int]
) -> dict[int, list[S]]:
    """Rows by the row that they hang on, in the order of `key`; none where the database lacks their table.

    `parent` is their column that names it. 1 statement, without parents none."""
    found: dict[int, list[S]] = defaultdict(list)
    if parents and reader.scope.has(parent):
        query = _below(shape, parent, key)
        for row in await reader.rows(query, parents=list(parents)):
            found[row[0]].append(shape.make(row[1:]))
    return found
