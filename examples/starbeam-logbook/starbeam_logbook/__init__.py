"""Entries of a logbook among the events: an example of an event source."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import DeclarativeBase

from starbeam.api import Context, NoSettings, Plugin, hookimpl
from starbeam.api.database import Allow, Rule, through
from starbeam_events import EventSource
from starbeam_ispyb.models import BLSession
from starbeam_logbook.models import LogbookEntry
from starbeam_logbook.source import ENTRIES


class LogbookPlugin(Plugin[NoSettings]):
    """Entries of the logbook in `/events`."""

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
