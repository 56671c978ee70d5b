"""What pages show of files that rows name: how large and old they are, what is in one, and all as one."""

from __future__ import annotations

import io
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal, NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

if TYPE_CHECKING:
    from starbeam.clock import Clock
    from starbeam.files import Files

MOST_TEXT = 256 * 1024
"""How many bytes of a text are shown."""
CHUNK = 256 * 1024
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp"})
"""What browsers show as pictures, and what cannot hold a script."""
Named = tuple[str, str | None]
"""What a file is called, and its path."""


class Kept(NamedTuple):
    """A file that is there."""

    size: int
    """Bytes."""
    modified: datetime


class Content(NamedTuple):
    """What a page shows of a file."""

    kind: Literal["picture", "text", "other"]
    size: int
    """Bytes, of all of it."""
    text: str = ""
    """The beginning of a text."""
    whole: bool = True
    """The beginning is all of it."""


async def kept(files: Files, paths: Sequence[str | None], clock: Clock) -> list[Kept | None]:
    """Size and time of each file; None where it is not there."""
    return await files.run(_kept, files, paths, clock)


async def content(files: Files, path: str | None) -> Content | None:
    """What a page shows of a file; None where it is not there."""
    return await files.run(_content, files, path)


async def zipped(files: Files, named: Sequence[Named]) -> AsyncIterator[bytes]:
    """These files as one zip, made while it is sent; what is not there is left out."""
    parts = _zipped(files, named)
    while part := await files.run(next, parts, b""):
        yield part


def _kept(files: Files, paths: Sequence[str | None], clock: Clock) -> list[Kept | None]:
    return [_state(files.locate(path), clock) for path in paths]


def _state(file: Path | None, clock: Clock) -> Kept | None:
    try:
        found = file.stat() if file else None
    except OSError:  # gone since it was found
        return None
    return Kept(found.st_size, clock.local(datetime.fromtimestamp(found.st_mtime, UTC))) if found else None


def _content(files: Files, path: str | None) -> Content | None:
    file = files.locate(path)
    try:
        return _read(files, file) if file else None
    except OSError:  # gone since it was found
        return None


def _read(files: Files, file: Path) -> Content:
    size = file.stat().st_size
    if file.suffix.lower() in PICTURES:
        return Content("picture", size)
    with files.open(file) as opened:
        data = opened.read(MOST_TEXT)
    if b"\0" in data:
        return Content("other", size)
    return Content("text", size, data.decode("utf-8", "replace"), len(data) == size)


class _Sink(io.RawIOBase):
    """Takes what is written until somebody takes it away. It cannot seek: a zip then says the size of each
    file after it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(data)  # type: ignore[call-overload]
        self._parts.append(part)
        return len(part)

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


def _zipped(files: Files, named: Sequence[Named]) -> Iterator[bytes]:
    sink = _Sink()
    with ZipFile(sink, "w") as archive:
        found = [(name, files.locate(path)) for name, path in named]
        for name, file in _once((name, file) for name, file in found if file):
            for _ in _added(files, archive, name, file):
                if part := sink.take():
                    yield part
    yield sink.take()


def _added(files: Files, archive: ZipFile, name: str, file: Path) -> Iterator[None]:
    """Write a file into a zip, a chunk at a time."""
    try:
        source = files.open(file)
    except OSError:  # gone since it was found
        return
    with source:
        about = ZipInfo(name, max(time.localtime(file.stat().st_mtime)[:6], (1980, 1, 1, 0, 0, 0)))
        about.compress_type = ZIP_DEFLATED
        with archive.open(about, "w", force_zip64=True) as entry:
            while chunk := source.read(CHUNK):
                entry.write(chunk)
                yield


def _once(named: Iterable[tuple[str, Path]]) -> Iterator[tuple[str, Path]]:
    """Names as a zip can have them, each once."""
    used = set[str]()
    for name, file in named:
        plain = PurePosixPath(name).name or "file"
        unique, count = plain, 2
        while unique in used:
            unique, count = f"{PurePosixPath(plain).stem} ({count}){PurePosixPath(plain).suffix}", count + 1
        used.add(unique)
        yield unique, file
