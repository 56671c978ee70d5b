"""Files that rows of the database name: found below the configured folders, never anywhere else."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from starbeam import logs
from starbeam.refusals import Unavailable

if TYPE_CHECKING:
    from starbeam.settings import Files as Settings

T = TypeVar("T")

THREADS = 16
"""How many calls to the file system run at once; what a hanging one takes is taken from these alone."""
PATIENCE = 10.0
"""Seconds until a request for one file gives up on the file system."""
FLAG_PATIENCE = 0.5
"""Seconds without any answer of the file system, after which flags in a list say that there is no file."""
CALM = 60.0
"""Seconds in which the file system must have answered always, before the log says that it does again."""
SLOW = "The file system does not answer. Please try again in a few seconds."


class Files:
    """The files of one server: below `roots`, with `path_map` in front of every path of the database."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="files")
        self._hanging = False
        self._hung_at = 0.0

    def locate(self, path: str | None) -> Path | None:
        """The regular, readable file behind a path of the database, symbolic links resolved; None where
        there is none, or where it lies outside of the configured folders. Blocks: for threads."""
        found = self.place(path)
        return found if found is not None and os.access(found, os.R_OK) else None

    def place(self, path: str | None) -> Path | None:
        """The same, readable or not. Blocks: for threads."""
        if not path:
            return None
        try:
            found = Path(self.mapped(path)).resolve(strict=True)
            return found if self.holds(found) and stat.S_ISREG(found.stat().st_mode) else None
        except (OSError, ValueError, RuntimeError):  # gone, unreadable, a NUL in the name, links in a circle
            return None

    def holds(self, file: Path) -> bool:
        """Whether a resolved path lies below the configured folders. Blocks: for threads."""
        if not any(file.is_relative_to(os.path.realpath(root)) for root in self._settings.roots):
            return False
        before = self._settings.path_map
        return not before or file.is_relative_to(os.path.realpath(_folder(before)))

    def serves(self, folder: Path) -> bool:
        """Whether files in a folder are served under their names. Blocks: for threads."""
        return self.holds(Path(self.mapped(str(folder))).resolve())

    def pin(self, file: str | Path) -> int:
        """A descriptor of a regular file below the configured folders: `/proc/self/fd/N` opens this file and
        no other, whatever becomes of the names that led to it. Raises OSError. Blocks: for threads."""
        pinned = os.open(file, os.O_PATH | os.O_CLOEXEC)  # opens no device and waits for no FIFO
        real = os.readlink(f"/proc/self/fd/{pinned}")  # noqa: PTH115 - text, not a path
        if stat.S_ISREG(os.fstat(pinned).st_mode) and self.holds(Path(real)):
            return pinned
        os.close(pinned)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(file))

    def open(self, file: str | Path) -> BinaryIO:
        """The same file, to read. Raises OSError. Blocks: for threads."""
        pinned = self.pin(file)
        try:
            return open(f"/proc/self/fd/{pinned}", "rb")  # noqa: PTH123 - a descriptor, for the caller
        finally:
            os.close(pinned)

    def mapped(self, path: str) -> str:
        """A path as beamlines write it, on this machine."""
        return self._settings.path_map + path

    async def find(self, path: str | None) -> Path | None:
        """`locate` in a thread. Raises `Unavailable` when the file system does not answer."""
        return await self.run(self.locate, path) if path else None

    async def exist(self, paths: Sequence[str | None]) -> list[bool]:
        """For flags in lists: whether each path names a file. A file system that is slow is waited for while
        it answers, `PATIENCE` seconds at most; what it has not answered then counts as missing."""
        wanted = list(dict.fromkeys(path for path in paths if path))
        loop = asyncio.get_running_loop()
        asked = {path: loop.run_in_executor(self._threads, self.locate, path) for path in wanted}
        await _while_moving(asked.values())
        self._note(any(not call.done() for call in asked.values()))
        there = {path for path, call in asked.items() if call.done() and call.result() is not None}
        for call in asked.values():
            call.cancel()
        return [path in there for path in paths]

    async def run(self, work: Callable[..., T], *arguments: object, patience: float = PATIENCE) -> T:
        """Work on files in one of their threads. Raises `Unavailable` after `patience` seconds."""
        call = asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        try:
            async with asyncio.timeout(patience):
                result = await call
        except TimeoutError as error:
            self._note(hanging=True)
            raise Unavailable(SLOW) from error
        self._note(hanging=False)
        return result

    def _note(self, hanging: bool) -> None:
        """One line when the file system stops answering, and one when it has answered for a while."""
        now = monotonic()
        if hanging:
            if not self._hanging:
                logs.get("starbeam.files").warning("the file system does not answer")
            self._hanging, self._hung_at = True, now
        elif self._hanging and now - self._hung_at >= CALM:
            self._hanging = False
            logs.get("starbeam.files").warning("the file system answers again")


async def _while_moving(calls: Iterable[asyncio.Future[Any]]) -> None:
    """Wait for calls as long as some end within `FLAG_PATIENCE` seconds, `PATIENCE` at most."""
    pending, end = set(calls), monotonic() + PATIENCE
    while pending and monotonic() < end:
        done, pending = await asyncio.wait(
            pending, timeout=FLAG_PATIENCE, return_when=asyncio.FIRST_COMPLETED
        )
        if not done:
            return


def _folder(text: str) -> str:
    """The folder that a text in front of paths leads into: itself, or the one that holds what it begins."""
    return text if os.path.isdir(text) else os.path.dirname(text)  # noqa: PTH112, PTH120 - text, not a path
