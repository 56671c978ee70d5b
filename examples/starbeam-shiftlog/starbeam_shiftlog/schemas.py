"""What goes in and out."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Category = Literal["note", "problem", "sample"]


class ShiftlogEntryCreate(msgspec.Struct, frozen=True):
    """A new entry."""

    text: Annotated[str, Meta(title="Text", min_length=1, max_length=2000)]
    category: Annotated[Category, Meta(title="Category")] = "note"


class ShiftlogEntry(msgspec.Struct):
    """An entry in the log of a session."""

    shiftlogEntryId: Annotated[int, Meta(title="Entry ID")]
    sessionId: Annotated[int, Meta(title="Session ID")]
    author: Annotated[str | None, Meta(title="Author", description="The login of who wrote it")]
    text: Annotated[str, Meta(title="Text")]
    category: Annotated[Category, Meta(title="Category")]
    created: Annotated[datetime.datetime, Meta(title="Created", description="The facility's local time")]
