"""stdin, stdout and stderr as a process may find them: closed, full, unread, short of characters."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Full, Queue
from threading import Lock, Thread
from typing import Any, TextIO, cast

WAITING = 10_000
"""How many texts wait to be written while nobody takes them; more are lost."""
END_SECONDS = 3.0
"""How long the end of a server waits for what is still to be written."""


class Lossy:
    """A stream of text for whoever must go on: what cannot be written is lost, and nothing else happens."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._behind: _Behind | None = None

    @classmethod
    def of(cls, stream: TextIO) -> Lossy:
        """The stream as one that loses what it cannot write."""
        return stream if isinstance(stream, Lossy) else cls(stream)

    def write_behind(self) -> bool:
        """Let a thread write from now on, so that nobody waits. False where one does, or there is no file."""
        if self._behind:
            return False
        try:
            self._behind = _Behind(self._stream)
        except (OSError, ValueError):
            return False
        return True

    def write_at_once(self) -> None:
        """Write what waits, and be written to as usual again; where nobody takes it even now, all is lost."""
        if self._behind and self._behind.end():
            self._behind = None

    def write(self, text: str) -> int:
        """Write the text, or lose it."""
        if self._behind:
            self._behind.put(text)
        else:
            with suppress(OSError, ValueError):
                self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is kept, or keep it."""
        if not self._behind:
            with suppress(OSError, ValueError):
                self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Behind:
    """A thread that writes to a file what others put. It writes to the descriptor: a thread that waits within
    a buffered stream holds that stream's lock, without which Python cannot end."""

    def __init__(self, stream: TextIO) -> None:
        stream.flush()
        self._file = stream.fileno()
        self._encoding = stream.encoding, stream.errors or "strict"
        self._waiting: Queue[str | None] = Queue(WAITING)
        self._lost, self._counting = 0, Lock()
        self._thread = Thread(target=self._run, name=f"writes to {self._file}", daemon=True)
        self._thread.start()

    def put(self, text: str) -> None:
        """Let it be written, or lose it. Never waits. Raises TypeError, by which click tells streams of text
        from others."""
        if not isinstance(text, str):
            raise TypeError("no text")
        try:
            self._waiting.put_nowait(text)
        except Full:
            with self._counting:
                self._lost += 1

    def end(self) -> bool:
        """Write the rest. Whether that could be done."""
        with suppress(Full):
            self._waiting.put(None, timeout=END_SECONDS)
        self._thread.join(END_SECONDS)
        if self._thread.is_alive():
            return False
        self._tell()
        while not self._waiting.empty():
            self._write(self._waiting.get())
        return True

    def _run(self) -> None:
        while (text := self._waiting.get()) is not None:
            self._write(text)
            if self._waiting.qsize() <= WAITING // 2:
                self._tell()

    def _write(self, text: str | None) -> None:
        data = (text or "").encode(*self._encoding)
        with suppress(OSError):
            while data:
                data = data[os.write(self._file, data) :]

    def _tell(self) -> None:
        """Say how much was lost, if any was."""
        with self._counting:
            lost, self._lost = self._lost, 0
        if not lost:
            return
        import structlog  # only now: it is slow to import

        structlog.get_logger("starbeam.streams").warning("output was lost: nobody took it", texts=lost)


def lossy(stream: TextIO) -> TextIO:
    """The stream as one that loses what it cannot write."""
    return cast("TextIO", Lossy.of(stream))


def prepare() -> None:
    """Make the three streams fit to be used: whatever is closed becomes empty, and is nobody else's file
    by accident; characters that the output lacks are spelt out; what stderr does not take is lost."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "r" if number == 0 else "w", closefd=False))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.stderr = lossy(sys.stderr)


@contextmanager
def behind() -> Iterator[None]:
    """For servers: go on when nobody takes what is written to stdout and stderr, now or ever. All that waits
    is written at the end."""
    streams = [Lossy.of(sys.stdout), Lossy.of(sys.stderr)]
    sys.stdout, sys.stderr = (cast("TextIO", stream) for stream in streams)
    begun = [stream for stream in streams if stream.write_behind()]
    try:
        yield
    finally:
        for stream in begun:
            stream.write_at_once()


def give_up_output() -> None:
    """Drop what stdout holds and cannot write, or the end of the process would fail, too."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
