"""When the database is at fault and not this program: which errors say so, and one log line per outage."""

from __future__ import annotations

import time
from collections.abc import Sequence
from enum import Enum

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

log = structlog.get_logger("starbeam.db")

_TIMED_OUT = {1969, 3024}
"""MariaDB's and MySQL's numbers for a statement that ran into its limit."""
_AWAY = {
    *(1040, 1044, 1045, 1049, 1053, 1129, 1130, 1203, 1205, 1213, 1226, 1290, 1927),
    *(2002, 2003, 2006, 2013, 2014),
}
"""… for a server that cannot be reached, refuses connections, shuts down, or is too busy to lock."""
_SQLITE_AWAY = (
    "unable to open",
    "readonly",
    "locked",
    "disk i/o",
    "disk is full",
    "malformed",
    "not a database",
)


class Trouble(Enum):
    """What is wrong with the database."""

    AWAY = "database is away"
    SLOW = "database is too slow"
    INCOMPLETE = "database is incomplete"


class SchemaIncomplete(Exception):
    """The database lacks tables or columns that both flavours of the schema have."""

    def __init__(self, missing: Sequence[str]) -> None:
        self.missing = missing
        shown = ", ".join(missing[:5]) + (" and more" if len(missing) > 5 else "")
        super().__init__(f"The database lacks {shown}")


def trouble(error: BaseException) -> Trouble | None:
    """What an error says of the database; None when the error is somebody else's."""
    if isinstance(error, SchemaIncomplete):
        return Trouble.INCOMPLETE
    if isinstance(error, PoolTimeout | ConnectionError):
        return Trouble.AWAY
    if isinstance(error, TimeoutError):
        return Trouble.SLOW
    if not isinstance(error, DBAPIError):
        return None
    first = error.orig.args[0] if error.orig and error.orig.args else None
    if first in _TIMED_OUT:
        return Trouble.SLOW
    away = first in _AWAY or any(words in str(first).lower() for words in _SQLITE_AWAY)
    return Trouble.AWAY if error.connection_invalidated or away else None


def first_line(error: BaseException) -> str:
    """What the driver said, without the statement."""
    original = getattr(error, "orig", None) or error
    return f"{type(original).__name__}: {original}".splitlines()[0]


class Outage:
    """What is wrong with the database now. Whoever meets an error notes it; the log hears of it once."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[str, float]] = {}

    def note(self, error: BaseException, job: str = "database") -> None:
        """`job` met an error: log it, unless somebody met the same since it last worked."""
        kind = trouble(error)
        cause = kind.value if kind else f"{job}: unexpected error"
        if all(cause != known for known, _ in self._open.values()):
            self._open[job] = (cause, time.monotonic())
            log.error(cause, error=first_line(error))

    def over(self, job: str = "database") -> None:
        """`job` worked: log it, if it did not before."""
        if found := self._open.pop(job, None):
            cause, since = found
            log.info("database works again", after=cause, seconds=round(time.monotonic() - since, 1))
