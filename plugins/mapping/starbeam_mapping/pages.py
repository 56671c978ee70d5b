"""The maps of a session, and of a sample."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from starbeam.api import authenticated
from starbeam.api.database import Reader
from starbeam.api.lists import Page, Paged, nothing
from starbeam.api.web import Asked, Pages, Part, Show, Tab
from starbeam_mapping.queries import MAPS_OF_SESSION, SessionMapFilters, has_maps
from starbeam_mapping.schemas import Map

OF_SAMPLE = Page(limit=25)
"""How many maps the page of a sample has."""


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
    return show("mapping/maps.html", page=found, head=head, held=has_maps(reader.scope))


async def _of_sample(reader: Reader, asked: Asked) -> Mapping[str, Any] | None:
    found = await _maps(reader, OF_SAMPLE, SessionMapFilters(blSampleId=int(asked.key or 0)))
    return {"page": found} if found.results else None


async def _maps(reader: Reader, page: Page, filters: SessionMapFilters) -> Paged[Map]:
    """A page of maps; none where the database holds none."""
    if not has_maps(reader.scope):
        empty: Paged[Map] = nothing(page)
        return empty.holding(Map)
    return await reader.page(MAPS_OF_SESSION, page, filters, folder="/mapping/")


def pages() -> Pages:
    """The page, and its place on that of a sample."""
    return Pages(
        [list_maps_of_session],
        Path(__file__).with_name("templates"),
        tabs=[Tab("session", "Maps", "/sessions/{key}/maps", 500)],
        parts=[Part("sample", "mapping/of_sample.html", _of_sample, 300)],
    )
