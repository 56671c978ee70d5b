"""Steps of workflows: SQL. Only the community schema has them."""

from __future__ import annotations

from typing import Annotated, Any

from sqlalchemy import Select, bindparam, select

from starbeam.api import NotHeld
from starbeam.api.database import Reader, Scope, Shape, statement
from starbeam.api.files import Files
from starbeam.api.lists import Filters, List, Page, Paged, Where, query_id
from starbeam_datacollections import schemas
from starbeam_ispyb.models import WorkflowStep

ABSENT = "This database has no workflows: its schema lacks the table WorkflowStep."
FILES = ("imageResultFilePath", "resultFilePath", "htmlResultFilePath")
"""The columns that name files."""


_SHAPE = Shape(
    schemas.WorkflowStep,
    WorkflowStep,
    metadata=Shape(
        schemas.WorkflowStepMetaData,
        later={"attachments"},
    ),
)


class StepFilters(Filters, frozen=True):
    """What `/datacollections/workflows/steps` is asked for."""

    workflowId: Annotated[
        int | None,
        query_id("Workflow id to filter by"),
        Where(WorkflowStep.workflowId == bindparam("workflowId")),
    ] = None
    workflowStepId: Annotated[
        int | None,
        query_id("Workflow step id to filter by"),
        Where(WorkflowStep.workflowStepId == bindparam("workflowStepId")),
    ] = None


STEPS = List(_SHAPE, WorkflowStep, StepFilters, missing="Workflow step attachment not found")


@statement
def _paths(scope: Scope) -> Select[Any]:
    wanted = WorkflowStep.workflowStepId.in_(bindparam("steps", expanding=True))
    columns = [getattr(WorkflowStep, name) for name in FILES]
    return select(WorkflowStep.workflowStepId, *columns).where(wanted, scope.sees(WorkflowStep))


async def page(reader: Reader, files: Files, page: Page, filters: StepFilters) -> Paged[schemas.WorkflowStep]:
    """A page of the steps that the caller sees, and which of their files exist. 3 statements.

    Raises NotHeld where the database has no workflows."""
    _require_steps(reader)
    found = await reader.page(STEPS, page, filters)
    steps = {row.workflowStepId: row for row in found.results}
    if steps:
        rows = await reader.rows(_paths(), steps=list(steps))
        flags = await files.exist([path for _, *paths in rows for path in paths])
        for number, (step_id, *_) in enumerate(rows):
            own = flags[number * len(FILES) : (number + 1) * len(FILES)]
            steps[step_id].metadata.attachments = dict(zip(FILES, own, strict=True))
    return found


async def path(reader: Reader, step_id: int, kind: schemas.WorkflowStepAttachment) -> str | None:
    """The path of a file of a step that the caller sees. 1 statement.

    Raises NotHeld where the database has no workflows."""
    _require_steps(reader)
    rows = await reader.rows(_paths(), steps=[step_id])
    found: str | None = getattr(rows[0], kind) if rows else None
    return found


def has_steps(scope: Scope) -> bool:
    """Whether the database has workflows."""
    return scope.has(WorkflowStep)


def _require_steps(reader: Reader) -> None:
    if not has_steps(reader.scope):
        raise NotHeld(ABSENT)
