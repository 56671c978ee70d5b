"""The report of a session: a page that is made for paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from starbeam.api import authenticated
from starbeam.api.database import Reader
from starbeam.api.lists import Page
from starbeam.api.web import Asked, Show
from starbeam_proposals.queries import persons
from starbeam_proposals.queries.persons import PersonFilters
from starbeam_proposals.queries.sessions import TITLED

EVERYBODY = Page(limit=200)


@get("/sessions/{key:int}/report", access=authenticated)
async def show_report(
    reader: NamedDependency[Reader], show: NamedDependency[Show], key: FromPath[int]
) -> Response[Any]:
    """A session with its figures, people, results and data collections."""
    session = await reader.get(TITLED, key)
    figures = await show.parts("figures of session", reader, key, session)
    drawn = await show.parts("report of session", reader, key, session)
    return show("proposals/report.html", session=session, figures=figures, drawn=drawn)


async def people(reader: Reader, asked: Asked) -> Mapping[str, Any]:
    """Who takes part."""
    return {"page": await persons.page(reader, EVERYBODY, PersonFilters(sessionId=int(asked.key or 0)))}
