"""Handlers that the API document has more to say of."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import get
from litestar.di import NamedDependency, Provide
from msgspec import Meta

from starbeam.access import authenticated
from starbeam.fields import OPTIONAL, REQUIRED
from starbeam.files import Files
from starbeam.http.files import FileAnswer, file_or_404
from starbeam.params import path_id


class Shade(msgspec.Struct):
    """A part of an answer that is always there."""

    dark: bool


class Shown(msgspec.Struct):
    """An answer with a field of each kind, in no order of letters."""

    size: int
    inner: Annotated[Shade, Meta(description="Not shown beside a reference")]
    maybe: int | None
    known: Annotated[str | None, REQUIRED]
    unsure: Annotated[int, OPTIONAL]
    day: datetime | None
    days: Annotated[list[datetime], Meta(title="Days")]
    colour: Literal["red", "green"] | None


@get("/probe/shown", access=authenticated, sync_to_thread=False)
def probe_shown() -> Shown:
    """All kinds of fields"""
    return Shown(1, Shade(dark=True), None, "a", 2, None, [], "red")


async def unused(place: Annotated[int, path_id()]) -> Any:
    """A dependency that takes a path parameter, and that no handler asks for."""
    return place


@get(
    "/probe/{place:str}/{number:str}/picture",
    access=authenticated,
    media_type="image/*",
    errors={422: "Not a place"},
    dependencies={"unused": Provide(unused)},
    sync_to_thread=False,
)
def probe_picture(files: NamedDependency[Files], number: Annotated[int, path_id()]) -> FileAnswer:
    """A picture"""
    return FileAnswer(files, file_or_404(None, f"There is no picture {number}"))


@get("/probe/file", access=authenticated, sync_to_thread=False)
def probe_file(files: NamedDependency[Files]) -> FileAnswer:
    """A file"""
    return FileAnswer(files, file_or_404(None, "There is no file"))


handlers = [probe_shown, probe_picture, probe_file]
