"""Runs."""

from __future__ import annotations

from starbeam.api.database import Reader, Scope, Shape, statement
from starbeam.api.lists import Listing, Page, Paged, nothing
from starbeam_stats import schemas
from starbeam_stats.models import v_run

_SHAPE = Shape(schemas.VRun, v_run)


@statement
def _runs(scope: Scope) -> Listing[schemas.VRun]:
    order = [v_run.startDate.desc(), v_run.runId.desc()]
    return Listing(scope, _SHAPE, v_run, where=[], order_by=order)


async def page(reader: Reader, page: Page) -> Paged[schemas.VRun]:
    """A page of all runs, the latest first; empty where the database has none. 2 statements."""
    if not reader.scope.has(v_run):
        return nothing(page)
    return await reader.page(_runs(), page)
