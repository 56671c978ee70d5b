"""Landlock: the Linux kernel keeps a process to the files that it names itself, whatever runs in it.

Python has no interface to it, so it is called by number: these are the same on all architectures.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

CREATE, ADD, RESTRICT = 444, 445, 446
ASK_VERSION = 1
BELOW_PATH = 1
READ_FILE, READ_FOLDER = 1 << 2, 1 << 3
RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many rights on files each version knows; later ones know 16."""
NO_NEW_PRIVILEGES = 38

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def version() -> int:
    """The version of Landlock that this kernel has; 0 where it has none, or does not let us use it."""
    found: int = _libc.syscall(CREATE, None, ctypes.c_size_t(0), ASK_VERSION)
    return max(found, 0)


def restrict(readable: Iterable[str]) -> None:
    """From now on this thread may read these folders and files, and do nothing else with any file, connect to
    nothing, and send no signal to others. What is open stays open.

    Raises OSError where the kernel has no Landlock.
    """
    _call(_libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    rules = _rules(version())
    ruleset = _call(_libc.syscall(CREATE, rules, ctypes.c_size_t(len(rules)), 0))
    try:
        for path in readable:
            _allow(ruleset, path)
        _call(_libc.syscall(RESTRICT, ruleset, 0))
    finally:
        os.close(ruleset)


def _rules(known: int) -> bytes:
    """All that a version can forbid: rights on files, TCP, and what leaves the process otherwise."""
    files = (1 << RIGHTS.get(known, 16)) - 1
    return struct.pack("=QQQ", files, 3 if known >= 4 else 0, 3 if known >= 6 else 0)


def _allow(ruleset: int, path: str) -> None:
    """Let a folder be read, or a file, if it is there."""
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rights = READ_FILE | READ_FOLDER if Path(path).is_dir() else READ_FILE
        _call(_libc.syscall(ADD, ruleset, BELOW_PATH, struct.pack("=Qi", rights, opened), 0))
    finally:
        os.close(opened)


def _call(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
