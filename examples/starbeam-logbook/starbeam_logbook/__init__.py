"""Entries of a logbook among the events, and on pages: an example of an event source and of web pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy.orm import DeclarativeBase

from starbeam.api import Context, NoSettings, Plugin, hookimpl
from starbeam.api.database import Allow, Rule, through
from starbeam_events import EventSource
from starbeam_ispyb.models import BLSession
from starbeam_logbook.models import LogbookEntry
from starbeam_logbook.source import ENTRIES

if TYPE_CHECKING:
    from starbeam.api.web import Pages


class LogbookPlugin(Plugin[NoSettings]):
    """Entries of the logbook in `/events`, and on pages where a plugin serves them."""

    name = "logbook"
    title = "Entries of a logbook among the events"
    requires = ("ispyb", "events")

    @hookimpl
    def register_models(self) -> Iterable[type[DeclarativeBase]]:
        """The table of entries."""
        return [LogbookEntry]

    @hookimpl
    def register_visibility(self, ctx: Context) -> Iterable[Rule]:
        """An entry is visible when its session is."""
        return [Allow(LogbookEntry, through(BLSession, "sessionId"))]

    @hookimpl
    def register_event_sources(self, ctx: Context) -> Iterable[EventSource]:
        """The entries."""
        return [ENTRIES]

    @hookimpl
    def register_pages(self, ctx: Context) -> Iterable[Pages]:
        """All entries, and those of a session: imported only where pages are served."""
        from starbeam_logbook import pages

        return [pages.pages()]
