"""The pages of the logbook: one of its own, and a tab on every session."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from sqlalchemy import bindparam

from starbeam.api import authenticated
from starbeam.api.database import Reader, Shape
from starbeam.api.http import asked
from starbeam.api.lists import Filters, List, Page, Search, Where, query_id, text_in
from starbeam.api.web import Pages, Place, Show, Tab
from starbeam_logbook.models import LogbookEntry


class Line(msgspec.Struct):
    """An entry, as pages and their CSV show it."""

    sessionId: int
    writtenAt: datetime
    author: str | None
    text: str


class EntryFilters(Filters, frozen=True):
    """What the logbook is asked for."""

    sessionId: Annotated[
        int | None, query_id("Session"), Where(LogbookEntry.sessionId == bindparam("sessionId"))
    ] = None
    search: Annotated[Search, text_in(LogbookEntry.text, LogbookEntry.author)] = None


ENTRIES = List(
    Shape(Line, LogbookEntry),
    LogbookEntry,
    EntryFilters,
    order_by=[LogbookEntry.writtenAt.desc(), LogbookEntry.logbookEntryId.desc()],
)
"""Those that the caller sees, the newest first."""


@get("/logbook", access=authenticated, dependencies=asked(EntryFilters))
async def list_entries(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    filters: NamedDependency[EntryFilters],
    show: NamedDependency[Show],
) -> Response[Any]:
    """The entries of all sessions."""
    return show("logbook/entries.html", page=await reader.page(ENTRIES, page, filters), head="")


@get("/sessions/{key:int}/logbook", access=authenticated)
async def list_entries_of_session(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    show: NamedDependency[Show],
    key: FromPath[int],
) -> Response[Any]:
    """The entries of a session; the 404 page for who may not see it."""
    head = await show.head("session", reader, key)
    found = await reader.page(ENTRIES, page, EntryFilters(sessionId=key))
    return show("logbook/entries.html", page=found, head=head)


def pages() -> Pages:
    """Handlers and templates, an entry of the bar, and a tab."""
    return Pages(
        [list_entries, list_entries_of_session],
        Path(__file__).with_name("templates"),
        places=[Place("Logbook", "/logbook", 450)],
        tabs=[Tab("session", "Logbook", "/sessions/{key}/logbook", 600)],
    )
