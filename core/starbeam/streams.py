"""stdin, stdout and stderr as a process may find them: closed, full, unread, short of characters."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import Any, TextIO, cast


class Lossy:
    """A stream of text for whoever must go on: what cannot be written is lost, and nothing else happens."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text, or lose it."""
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is kept, or keep it."""
        with suppress(OSError, ValueError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def lossy(stream: TextIO) -> TextIO:
    """The stream as one that loses what it cannot write."""
    return stream if isinstance(stream, Lossy) else cast("TextIO", Lossy(stream))


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


def lose_output() -> None:
    """Go on when nobody takes what is written to stdout: for servers."""
    sys.stdout = lossy(sys.stdout)


def give_up_output() -> None:
    """Drop what stdout holds and cannot write, or the end of the process would fail, too."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
