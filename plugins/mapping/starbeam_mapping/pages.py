"""The maps of a session, of a sample, and of a data collection over the picture of its sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from starbeam.api import Missing, authenticated
from starbeam.api.database import Reader
from starbeam.api.files import Files
from starbeam.api.http import FileAnswer, asked, send_file
from starbeam.api.lists import Page, Paged, nothing
from starbeam.api.web import Asked, OfCollections, Pages, Part, Show, Tab
from starbeam_ispyb.queries import told
from starbeam_ispyb.running import may_go_on
from starbeam_mapping import queries
from starbeam_mapping.overlay import Limit, Look, overlay
from starbeam_mapping.queries import MAPS_OF_SESSION, SessionMapFilters, has_maps
from starbeam_mapping.rendering import LIGHTS
from starbeam_mapping.routes import picture
from starbeam_mapping.schemas import Map

OF_SAMPLE = Page(limit=25)
"""How many maps the page of a sample has."""
OF_COLLECTION = Page(limit=100)
"""How many one may choose from on the page of a data collection."""


@get("/sessions/{key:int}/maps", access=authenticated)
async def list_maps_of_session(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    show: NamedDependency[Show],
    key: FromPath[int],
) -> Response[Any]:
    """The maps that were measured in a session."""
    head = await show.head("session", reader, key)
    found = await _maps(reader, page, SessionMapFilters(sessionId=key))
    end = await queries.session_end(reader, key)
    return show(
        "mapping/maps.html",
        page=found,
        head=head,
        held=has_maps(reader.scope),
        session=key,
        live=may_go_on(end, reader.now),
        marks=await queries.marks(reader, found.results),
    )


@get("/collections/{key:int}/maps", access=authenticated, dependencies=asked(Look))
async def show_maps(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    show: NamedDependency[Show],
    filters: NamedDependency[Look],
    key: FromPath[int],
) -> Response[Any]:
    """Maps of a data collection over the picture of its sample."""
    found = await _maps(reader, OF_COLLECTION, SessionMapFilters(dataCollectionId=key))
    if not found.results:
        raise Missing("Not Found")
    drawn = await overlay(reader, files, key, found.results, filters)
    return show(
        "mapping/overlay.html",
        page=found,
        key=key,
        overlay=drawn,
        filters=filters,
        lights=LIGHTS,
        of=await told(reader, key, queries.MAPS.missing),
        marks=await queries.marks(reader, [one.map for one in drawn.layers]),
    )


@get("/collections/{key:int}/maps/snapshot", access=authenticated)
async def send_snapshot(
    reader: NamedDependency[Reader], files: NamedDependency[Files], key: FromPath[int]
) -> FileAnswer:
    """The picture that maps are laid over."""
    grids = await queries.placed(reader, key) if has_maps(reader.scope) else {}
    return await send_file(files, next((one.snapshot for one in grids.values()), None), "Not Found")


@get("/maps/{key:int}/picture", access=authenticated, media_type="image/png")
async def send_map(
    request: Request[Any, Any, Any],
    reader: NamedDependency[Reader],
    key: FromPath[int],
    colours: Annotated[str | None, QueryParameter(description="Instead of its own")] = None,
    low: Limit = None,
    high: Limit = None,
) -> Response[bytes]:
    """A map in other colours, or between other limits."""
    stored = await queries.stored(reader, key)
    lowest, highest = stored.lowest if low is None else low, stored.highest if high is None else high
    changed = replace(stored, colours=colours or stored.colours, lowest=lowest, highest=highest)
    return await picture(request, changed)


async def _of_sample(reader: Reader, asked: Asked) -> Mapping[str, Any] | None:
    found = await _maps(reader, OF_SAMPLE, SessionMapFilters(blSampleId=int(asked.key or 0)))
    return {"page": found, "marks": await queries.marks(reader, found.results)} if found.results else None


async def _of_collections(
    reader: Reader, asked: Asked, ids: Sequence[int]
) -> Mapping[int, Mapping[str, Any]]:
    """How many maps there are of each data collection; nothing for one without."""
    counts = await queries.counts(reader, ids) if has_maps(reader.scope) else {}
    return {id: {"maps": count} for id, count in counts.items()}


async def _maps(reader: Reader, page: Page, filters: SessionMapFilters) -> Paged[Map]:
    """A page of maps; none where the database holds none."""
    if not has_maps(reader.scope):
        empty: Paged[Map] = nothing(page)
        return empty.holding(Map)
    return await reader.page(MAPS_OF_SESSION, page, filters, folder="/mapping/")


def pages() -> Pages:
    """The pages, and their places in others."""
    return Pages(
        [list_maps_of_session, show_maps, send_snapshot, send_map],
        Path(__file__).with_name("templates"),
        tabs=[Tab("session", "Maps", "/sessions/{key}/maps", 500)],
        parts=[Part("sample", "mapping/of_sample.html", _of_sample, 300)],
        of_collections=[OfCollections({"page": "mapping/of_collection.html"}, _of_collections, 400)],
    )
