"""Runs."""

from __future__ import annotations

from starbeam.api.database import Reader, Scope, Shape, statement
from starbeam.api.lists import Listing, Page, Paged, nothing
from starbeam_ispyb.names import beamline_names
from starbeam_stats import schemas
from starbeam_stats.models import v_run

_SHAPE = Shape(schemas.VRun, v_run)


@statement
def _runs(scope: Scope) -> Listing[schemas.VRun]:
    order = [v_run.startDate.desc(), v_run.runId.desc()]
    return Listing(scope, _SHAPE, v_run, where=[], order_by=order)


def held(reader: Reader) -> bool:
    """Whether the database has runs."""
    return reader.scope.has(v_run)


async def beamlines(reader: Reader) -> list[str]:
    """The beamlines of the sessions that the caller sees. 1 statement."""
    return [name for (name,) in await reader.rows(beamline_names())]


async def page(reader: Reader, page: Page) -> Paged[schemas.VRun]:
    """A page of all runs, the latest first; empty where the database has none. 2 statements."""
    if not held(reader):
        return nothing(page)
    return await reader.page(_runs(), page)
