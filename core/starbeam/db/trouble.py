"""When the database is at fault and not this program: which errors say so, and one log line per outage."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from enum import Enum

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from starbeam import logs

log = logs.get("starbeam.db")

CONNECT_SECONDS = 5
"""How long a new connection, or a sign of life of an old one, may take."""
_TIMED_OUT = {1969, 3024}
"""MariaDB's and MySQL's numbers for a statement that ran into its limit."""
_NOT_READY = 1047
"""… for a node of Galera that is not ready."""
_LOST = {_NOT_READY, 1053, 1927, 2002, 2003, 2006, 2013, 2014}
"""… for a server that shuts down, or a connection that is gone."""
IN_THE_WAY = {1205, 1213}
"""… for a lock that did not come in time, and for a dead-lock."""
_DENIED = {1044, 1142, 1143, 1227, 1370}
"""… for a privilege that the account lacks."""
_TAKEN = {1062, 1586}
"""… for a value that must be unique."""
_WAITED = 1205
"""… for a lock that another transaction kept for too long."""
_NO_SUCH_ROW = {1216, 1452}
"""… for a row to refer to that is not there."""
_ABSENT = {1054, 1146}
"""… for a column and a table that is not there."""
_SQLITE_ABSENT = ("no such table", "no such column", "has no column named")
_SQLITE_AWAY = (
    "unable to open",
    "readonly",
    "locked",
    "disk i/o",
    "disk is full",
    "malformed",
    "not a database",
)
_COLUMN = re.compile(
    r"column (?:'(?P<named>\w+)'|(?:`\w+`\.)*`(?P<quoted>\w+)`)"
    r"|FOREIGN KEY \(`(?P<referring>\w+)`\)"
    r"|constraint failed: \w+\.(?P<sqlite>\w+)",
    re.IGNORECASE,
)
ABOUT_VALUES = (IntegrityError, DataError)
"""What SQLAlchemy raises when the database does not take what is to be written."""


class Trouble(Enum):
    """What is wrong with the database."""

    AWAY = "database is away"
    SLOW = "database is too slow"
    DENIED = "database account lacks a privilege"
    ABSENT = "database lacks what a statement names"
    CHANGED = "database schema changed"
    LOCKED = "database rows are locked"
    REFUSED = "database refuses a statement"
    INCOMPLETE = "database is incomplete"
    UNDECIDED = "database did not say whether it committed"


class CannotConnect(Exception):
    """A connection cannot be opened. What a driver's own error of that kind is, too."""


class SchemaChanged(Exception):
    """A statement was built for tables that are others now: soon it is built anew."""


class Undecided(Exception):
    """A commit was sent and not answered: nobody knows whether it was made. It is never repeated."""


class SchemaIncomplete(Exception):
    """The database lacks tables or columns that both flavours of the schema have."""

    def __init__(self, missing: Sequence[str]) -> None:
        self.missing = missing
        shown = ", ".join(missing[:5]) + (" and more" if len(missing) > 5 else "")
        super().__init__(f"The database lacks {shown}")


def trouble(error: BaseException) -> Trouble | None:
    """What an error says of the database; None when the error is somebody else's, or about the values that
    were to be written (`ABOUT_VALUES`)."""
    if isinstance(error, SchemaIncomplete):
        return Trouble.INCOMPLETE
    if isinstance(error, SchemaChanged):
        return Trouble.CHANGED
    if isinstance(error, Undecided):
        return Trouble.UNDECIDED
    if isinstance(error, PoolTimeout | ConnectionError):
        return Trouble.AWAY
    if isinstance(error, TimeoutError):
        return Trouble.SLOW
    if not isinstance(error, DBAPIError) or isinstance(error, ABOUT_VALUES):
        return None
    return _of_driver(error)


def is_lost(error: BaseException | None) -> bool:
    """Whether a driver's error says that a connection, which was there, is of no use any more."""
    return (
        error is not None
        and error.args[:1] != ()
        and error.args[0] in _LOST
        and not isinstance(error, CannotConnect)
    )


def can_be_repeated(error: BaseException) -> bool:
    """Whether work failed, all of it undone, because other transactions were in its way or its connection was
    lost: before the commit, else it were `Undecided`."""
    if not isinstance(error, DBAPIError) or error.orig is None or isinstance(error.orig, CannotConnect):
        return False
    return error.connection_invalidated or _number(error) in IN_THE_WAY


def undone(error: BaseException) -> bool:
    """Whether a server that answers a commit with this has surely undone all."""
    known = {*IN_THE_WAY, _NOT_READY}
    return isinstance(error, ABOUT_VALUES) or (isinstance(error, DBAPIError) and _number(error) in known)


def _number(error: DBAPIError) -> object:
    return error.orig.args[0] if error.orig and error.orig.args else None


def _of_driver(error: DBAPIError) -> Trouble:
    first = _number(error)
    away = first in _LOST or any(words in str(first).lower() for words in _SQLITE_AWAY)
    if away or error.connection_invalidated or isinstance(error.orig, CannotConnect):
        return Trouble.AWAY
    if first in _TIMED_OUT:
        return Trouble.SLOW
    if first in IN_THE_WAY:
        return Trouble.LOCKED
    if first in _ABSENT or any(words in str(first) for words in _SQLITE_ABSENT):
        return Trouble.ABSENT
    return Trouble.DENIED if first in _DENIED else Trouble.REFUSED


def is_taken(error: DBAPIError) -> bool:
    """Whether an error about values says that another row has a value that must be unique."""
    return _says(error, _TAKEN, "UNIQUE")


def waited(error: DBAPIError) -> bool:
    """Whether a lock did not come in time."""
    return _number(error) == _WAITED


def refers_to_nothing(error: DBAPIError) -> bool:
    """Whether it says that there is no row to refer to."""
    return _says(error, _NO_SUCH_ROW, "FOREIGN KEY")


def _says(error: DBAPIError, numbers: set[int], words: str) -> bool:
    said = _number(error)
    return isinstance(error, IntegrityError) and (said in numbers or words in str(said))


def column_refused(error: DBAPIError) -> str | None:
    """The column that an error about values names, None when it names none."""
    found = _COLUMN.search(str(error.orig))
    return found and next(filter(None, found.groups()))


def first_line(error: BaseException) -> str:
    """What the driver said, without the statement."""
    original = getattr(error, "orig", None) or error
    return f"{type(original).__name__}: {original}".splitlines()[0]


_TOLD_AS = {Trouble.ABSENT: Trouble.INCOMPLETE, Trouble.CHANGED: Trouble.INCOMPLETE}
"""What is one outage: a statement may meet it before the tables are looked at, or the other way round."""


class Outage:
    """What is wrong with the database now. Whoever meets an error notes it; the log hears of it once."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[str, float]] = {}
        self.watchers: list[Callable[[bool], None]] = []
        """Told whether anything is wrong, when that changes."""

    def note(self, error: BaseException, job: str = "database") -> None:
        """`job` met an error: log it, unless somebody met the same since it last worked."""
        kind = trouble(error)
        cause = _TOLD_AS.get(kind, kind).value if kind else f"{job}: unexpected error"
        if all(cause != known for known, _ in self._open.values()):
            self._open[job] = (cause, time.monotonic())
            log.error(cause, error=first_line(error))
            self._tell()

    def over(self, job: str = "database") -> None:
        """`job` worked: log it, if it did not before."""
        if found := self._open.pop(job, None):
            cause, since = found
            log.info("database works again", after=cause, seconds=round(time.monotonic() - since, 1))
            self._tell()

    def _tell(self) -> None:
        for watch in self.watchers:
            watch(bool(self._open))
