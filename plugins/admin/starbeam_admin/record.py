"""What an administrator changes: one transaction, with its record.

Changes wait for each other, so that what one has looked at still holds when it is committed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

import structlog
from litestar.di import NamedDependency, Provide
from msgspec import to_builtins
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from starbeam.api import Refused
from starbeam.api.database import Write, Writer, cut, is_taken
from starbeam_admin.queries import activity
from starbeam_admin.schemas import ActionType

ALONE = "admin"
"""Changes of administrators are made one after the other."""
P = ParamSpec("P")
R = TypeVar("R")

log = structlog.get_logger("starbeam.admin")
audit = structlog.get_logger("audit")


def refused(what: str, why: str) -> Refused:
    """A change that cannot be made, and why."""
    return Refused(f"{what}: `{why}`")


@contextmanager
def refusing(what: str, taken: str) -> Iterator[None]:
    """Say it when the database refuses what is written inside: since it is `taken`, or cannot be held."""
    try:
        yield
    except (IntegrityError, DataError) as error:
        raise refused(what, taken if is_taken(error) else "the database does not take this") from None


class Journal:
    """Writes what was done into `AdminActivity`, as the table of this database has it."""

    def __init__(self) -> None:
        self._one_row_per_person: bool | None = None

    async def write(self, writer: Writer, row: dict[str, Any]) -> None:
        """Add the row, or replace the person's. A row that cannot be written is left out."""
        try:
            async with writer.attempt():  # raises when the whole transaction is lost
                await self._write(writer, row)
        except SQLAlchemyError as error:
            log.warning("activity not recorded", error=type(error).__name__)

    async def _write(self, writer: Writer, row: dict[str, Any]) -> None:
        if self._one_row_per_person is None:
            self._one_row_per_person = await activity.has_one_row_per_person(writer)
        write = activity.replace_row if self._one_row_per_person else activity.insert_row
        await write(writer, row)


class Change:
    """An administrator's change: its writer, and the record of what it did."""

    def __init__(self, writer: Writer, journal: Journal) -> None:
        self.writer = writer
        self._journal = journal

    def _fitted(self, column: str, text: str) -> str:
        """What of a text a column of the record holds."""
        return cut(self.writer.scope.schema.found("AdminActivity", column), text)

    async def record(self, action: ActionType, comments: str, old: Any, new: Any) -> None:
        """Write down what was done: into `AdminActivity` now, into the log once it is committed."""
        login = self.writer.who.login
        row = {
            "username": self._fitted("username", login),
            "action": action.value,
            "comments": self._fitted("comments", comments),
            "dateTime": self.writer.now,
        }
        await self._journal.write(self.writer, row)
        line = {"action": action.value, "old": to_builtins(old), "new": to_builtins(new)}

        async def tell() -> None:
            audit.info(comments, person=login, **line, logger="audit")

        self.writer.committed.append(tell)


class Recorded:
    """Makes changes of administrators what a `Writer` runs."""

    def __init__(self, journal: Journal, refresh: Callable[[], Awaitable[None]]) -> None:
        self._journal = journal
        self._refresh = refresh

    def __call__(
        self, work: Callable[Concatenate[Change, P], Awaitable[R]]
    ) -> Callable[Concatenate[Writer, P], Awaitable[R]]:
        """The same work; it counts in this worker at once."""

        async def recorded(writer: Writer, /, *args: P.args, **kwargs: P.kwargs) -> R:
            result = await work(Change(writer, self._journal), *args, **kwargs)
            if writer.committed:
                writer.committed.append(self._refresh)
            return result

        return recorded


class Changes:
    """Runs the changes of one request."""

    def __init__(self, write: Write, recorded: Recorded) -> None:
        self._write = write
        self._recorded = recorded

    async def __call__(
        self, work: Callable[Concatenate[Change, P], Awaitable[R]], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Do work when no other change is under way, in any worker."""
        return await self._write.alone(ALONE, self._recorded(work), *args, **kwargs)


def changing(recorded: Recorded) -> dict[str, Provide]:
    """What handlers take as `change`."""

    async def change(write: NamedDependency[Write]) -> Changes:
        return Changes(write, recorded)

    return {"change": Provide(change)}
