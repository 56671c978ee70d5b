"""Runs."""

from __future__ import annotations

from sqlalchemy import Select, bindparam, select

from starbeam.api.database import Reader, Scope, Shape, statement
from starbeam.api.lists import Listing, Page, Paged, nothing
from starbeam_ispyb.models import BLSession
from starbeam_ispyb.names import beamline_names
from starbeam_stats import schemas
from starbeam_stats.models import v_run

_SHAPE = Shape(schemas.VRun, v_run)


@statement
def _runs(scope: Scope) -> Listing[schemas.VRun]:
    order = [v_run.startDate.desc(), v_run.runId.desc()]
    return Listing(scope, _SHAPE, v_run, where=[], order_by=order)


@statement
def _used(scope: Scope) -> Select[int]:
    during = BLSession.startDate >= v_run.startDate, BLSession.startDate <= v_run.endDate
    on = BLSession.beamLineName == bindparam("beamline")
    return select(v_run.runId).where(
        select(BLSession.sessionId).where(scope.sees(BLSession), on, *during).exists()
    )


def held(reader: Reader) -> bool:
    """Whether the database has runs."""
    return reader.scope.has(v_run)


async def beamlines(reader: Reader) -> list[str]:
    """The beamlines of the sessions that the caller sees. 1 statement."""
    return [name for (name,) in await reader.rows(beamline_names())]


async def used(reader: Reader, beamline: str | None) -> set[int]:
    """The runs in which the caller sees a session on the beamline. At most 1 statement."""
    if not held(reader) or beamline is None:
        return set()
    return {run for (run,) in await reader.rows(_used(), beamline=beamline)}


async def page(reader: Reader, page: Page) -> Paged[schemas.VRun]:
    """A page of all runs, the latest first; empty where the database has none. 2 statements."""
    if not held(reader):
        return nothing(page)
    return await reader.page(_runs(), page)
