"""Entries of the logbook as events."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from starbeam.api.database import Shape
from starbeam_events import TableSource
from starbeam_logbook.models import LogbookEntry


class Entry(msgspec.Struct):
    """An entry: `Item` of its event."""

    author: Annotated[str | None, Meta(title="Author")]
    text: Annotated[str, Meta(title="Text")]


ENTRIES = TableSource(
    "logbook",
    "Logbook",
    LogbookEntry,
    Shape(Entry, LogbookEntry),
    start=LogbookEntry.writtenAt,
    end=LogbookEntry.writtenAt,
    session=LogbookEntry.sessionId,
    by_time=True,
)
