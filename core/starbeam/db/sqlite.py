"""SQLite made to behave as MariaDB does where ISPyB's queries depend on it.

Text compares, sorts and is unique as under MariaDB's `general_ci` collations: `a`, `A` and `á` are one, and
so are texts that differ in trailing blanks only. `LIKE` folds the same way, and `\\` escapes in it.

A column has the collation because `starbeam_ddl` created it so: another program can open the file, but not
compare its text. Expressions have none: `a || b` compares letter by letter unless told `COLLATE GENERAL_CI`.
"""

from __future__ import annotations

import os
import re
import sqlite3
import unicodedata
import zlib
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.exc import DataError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine

if TYPE_CHECKING:
    from sqlalchemy.engine import ExceptionContext

COLLATION = "GENERAL_CI"
"""The name of the collation."""

_LONGEST_KEPT = 200
"""Longer texts are folded anew each time: who sends many would fill the memory."""
_PRAGMAS = """
PRAGMA busy_timeout = 5000;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA foreign_keys = ON;
"""


class Connection(sqlite3.Connection):
    """A connection that knows the collation and the `LIKE` of MariaDB, and keeps foreign keys."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.create_collation(COLLATION, compare)
        self.create_function("like", 2, like, deterministic=True)
        self.create_function("like", 3, like, deterministic=True)
        self.create_function("as_datetime", 1, as_datetime, deterministic=True)
        self.create_function("digest", -1, digest, deterministic=True)
        self.executescript(_PRAGMAS)


class ExistingFile(Connection):
    """A connection to a file that is there: none is made in the place of one that was moved away."""

    def __init__(self, file: str, *args: Any, **kwargs: Any) -> None:
        if file and file != ":memory:":
            file, kwargs["uri"] = f"{Path(file).absolute().as_uri()}?mode=rw", True
        super().__init__(file, *args, **kwargs)


def connect_args(*, create: bool = True) -> dict[str, Any]:
    """What `create_async_engine` passes to the driver. Without `create` the file must be there."""
    return {"factory": Connection if create else ExistingFile}


def prepare(engine: AsyncEngine, *, read_only: bool) -> None:
    """Make an engine's connections refuse to write, or take the write lock when a transaction begins.

    A transaction that reads first and asks for the lock later is refused when another wrote in between.
    """
    if read_only:
        event.listen(engine.sync_engine, "connect", _refuse_writes)
    else:
        event.listen(engine.sync_engine, "connect", _begin_by_hand)
        event.listen(engine.sync_engine, "begin", _take_write_lock)
    event.listen(engine.sync_engine, "handle_error", _number_too_large)
    if (name := engine.url.database) and name != ":memory:":
        _follow(engine, name)


def _number_too_large(context: ExceptionContext) -> BaseException | None:
    """Say of an integer that no column holds what MariaDB says of it."""
    error = context.original_exception
    if isinstance(error, OverflowError):
        return DataError(context.statement, context.parameters, error)
    return None


def _follow(engine: AsyncEngine, file: str) -> None:
    """Open connections anew when another file lies in the place of theirs, or none."""

    def note(_connection: Any, record: Any) -> None:
        record.info["file"] = _identity(file)

    def compare(_connection: Any, record: Any, _fairy: Any) -> None:
        if record.info["file"] != _identity(file):
            raise InvalidatePoolError("the file was replaced")

    event.listen(engine.sync_engine, "connect", note)
    event.listen(engine.sync_engine, "checkout", compare)


def _identity(file: str) -> tuple[int, int] | None:
    try:
        found = os.stat(file)  # noqa: PTH116 - once for each request
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _begin_by_hand(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # or the driver would begin by itself, at the first write


def _take_write_lock(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _refuse_writes(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only = ON")
    cursor.close()


def compare(left: str, right: str) -> int:
    """Negative, 0 or positive, as `left` sorts before, with or after `right`."""
    a, b = sort_key(left), sort_key(right)
    return (a > b) - (a < b)


def like(pattern: str | None, value: Any, escape: str = "\\") -> bool | None:
    """Whether all of `value` matches the pattern of `%` and `_`; None (NULL) when one of them is NULL."""
    if pattern is None or value is None:
        return None
    pattern, text = str(pattern), _fold(str(value))
    if len(pattern) <= _LONGEST_KEPT:
        return _kept_expression(pattern, escape).fullmatch(text) is not None
    parts = _parts(pattern, escape)  # one that no text is long enough for is not even compiled
    if sum(part != "%" for part in parts) > len(text):
        return False
    return _expression(parts).fullmatch(text) is not None


def sort_key(text: str) -> str:
    """What the collation compares: texts are equal to the databases when their keys are equal."""
    return _kept_key(text) if len(text) <= _LONGEST_KEPT else _fold(text).rstrip(" ")


_BY = "[!-/:-@[-`{-~]"
_DATES = [
    re.compile(pattern, re.ASCII)
    for pattern in (
        r"(\d\d|\d{4})(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d))?(?:(?!T|[ ]+\d|\+\d)\D.*)?",
        rf"(\d{{1,4}}){_BY}(\d\d?){_BY}(\d\d?)"
        rf"(?:(?:T| +|{_BY})(\d\d?)(?:{_BY}(\d\d?)(?:{_BY}(\d\d?))?)?)?(?:(?![T ]+\d)\D.*)?",
    )
]
"""Digits alone, and with any sign between the numbers."""


def as_datetime(text: str | None) -> str | None:
    """A text as MariaDB reads it as a date: `20200131`, `200131`, `2020.1.31 10:30`, and what
    `Date.toISOString` writes. The zone and what else follows is ignored. None for text that is none."""
    found = next(filter(None, (pattern.fullmatch((text or "").strip()) for pattern in _DATES)), None)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(number or 0) for number in found.groups())
    year += (2000 if year < 70 else 1900) if len(found[1]) == 2 else 0
    try:
        return datetime(year, month, day, hour, minute, second).isoformat(" ")
    except ValueError:
        return None


def digest(*values: Any) -> int:
    """A number for some values, another one for nearly all others."""
    return zlib.crc32("|".join("~" if value is None else str(value) for value in values).encode())


@lru_cache(maxsize=4096)
def _kept_key(text: str) -> str:
    return _fold(text).rstrip(" ")


def _fold(text: str) -> str:
    """Capitals without accents: one letter for one letter, so that `_` in a pattern still means one."""
    return text.upper() if text.isascii() else "".join(map(_fold_letter, text))


@cache
def _fold_letter(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0]
    return base if len(base.upper()) > 1 else base.upper()


@lru_cache(maxsize=256)
def _kept_expression(pattern: str, escape: str) -> re.Pattern[str]:
    return _expression(_parts(pattern, escape))


def _parts(pattern: str, escape: str) -> list[str]:
    """The letters of a `LIKE` pattern, escaped ones with their escape; of several `%` in a row one."""
    parts = re.findall(f"{re.escape(escape)}.|.", pattern, re.DOTALL) if escape else list(pattern)
    return [part for part, before in zip(parts, ["", *parts], strict=False) if (part, before) != ("%", "%")]


def _expression(parts: list[str]) -> re.Pattern[str]:
    """The regular expression of a `LIKE` pattern, on folded text."""
    return re.compile("".join(map(_part, parts)), re.DOTALL)


def _part(part: str) -> str:
    """One letter of a pattern, or an escaped one, as a regular expression."""
    return {"%": ".*", "_": "."}.get(part) or re.escape(_fold(part[-1]))
