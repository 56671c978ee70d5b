"""What goes in and out."""

from __future__ import annotations

import datetime
from typing import Annotated

import msgspec
from msgspec import Meta


class SkeletonNoteCreate(msgspec.Struct, frozen=True):
    """A new note."""

    text: Annotated[str, Meta(title="Text", min_length=1)]


class SkeletonNote(msgspec.Struct):
    """A note."""

    skeletonNoteId: Annotated[int, Meta(title="Note ID")]
    text: Annotated[str, Meta(title="Text")]
    created: Annotated[datetime.datetime, Meta(title="Created", description="The facility's local time")]
