"""Keeping what is tried from changing anything: files, other programs, other servers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from sys import addaudithook
from typing import Any

_trying: ContextVar[bool] = ContextVar("trying", default=False)
_CHANGES = {"shutil", "socket", "sqlite3", "subprocess"}
"""Modules whose events all mean that something outside may change."""
_ONLY_LOOKS = {"os.listdir", "os.scandir", "os.walk", "os.fwalk", "os.getxattr", "os.listxattr"}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


@contextmanager
def nothing_changes_outside() -> Iterator[None]:
    """Raise PermissionError wherever what runs inside would change something beyond this process."""
    _listen()
    token = _trying.set(True)
    try:
        yield
    finally:
        _trying.reset(token)


@cache
def _listen() -> None:
    addaudithook(_refuse)  # for good: Python has no way to take one off


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if not _trying.get():
        return
    module = event.partition(".")[0]
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES
    if writes or module in _CHANGES or (module == "os" and event not in _ONLY_LOOKS):
        raise PermissionError(f"{event}: nothing changes while an operation is only tried")
