"""The page of a grid scan: one kind of value over the snapshot, cell by cell."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from starbeam.api import Missing, authenticated
from starbeam.api.database import Reader
from starbeam.api.files import Files
from starbeam.api.http import asked
from starbeam.api.lists import query
from starbeam.api.web import Show
from starbeam_datacollections.grids import COLOURS, KINDS, MOST_CELLS, Shades, cells_of, draw
from starbeam_datacollections.queries.grids import grids, looks
from starbeam_ispyb.queries import told
from starbeam_ispyb.snapshots import size

Limit = Annotated[float | None, query("The value of the first colour, or of the last", ge=-1e300, le=1e300)]


class GridLook(msgspec.Struct, frozen=True):
    """What somebody asks to see of a grid scan."""

    map: Annotated[
        Literal["spots", "resolution", "signal", ""], query("Which values; those that there are")
    ] = ""
    colours: Annotated[Literal["viridis", "grey", "magma", "cividis"], query("The colours")] = "viridis"
    low: Limit = None
    high: Limit = None
    opacity: Annotated[float, query("Of the values over the picture, in %", ge=0, le=100)] = 65


@get("/collections/{key:int}/grid", access=authenticated, dependencies=asked(GridLook))
async def show_grid(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    show: NamedDependency[Show],
    filters: NamedDependency[GridLook],
    key: FromPath[int],
) -> Response[Any]:
    """What was found in the cells of a grid, over the picture of the sample."""
    of = await told(reader, key, "Not Found")
    grid = (await grids(reader, [key])).get(key)
    if grid is None or not 0 < grid.cells <= MOST_CELLS:
        raise Missing("Not Found")
    found = (await looks(reader, [key])).get(key, [])
    shades = Shades(COLOURS[filters.colours], filters.low, filters.high)
    drawing = draw(grid, found, await size(files, grid.snapshot), shades)
    known = {one.name: one for one in drawing.maps}
    shown = known.get(filters.map) or next(iter(known.values()), None)
    return show(
        "datacollections/grid_page.html",
        id=key,
        of=of,
        grid=drawing,
        shown=shown,
        cells=cells_of(grid, found, KINDS[shown.name] if shown else None),
        filters=filters,
        colours=COLOURS,
    )
