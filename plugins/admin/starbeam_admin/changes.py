"""What an administrator changes: one transaction, with its record.

Changes wait for each other, so that what one has looked at still holds when it is committed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from msgspec import to_builtins
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from starbeam.access import Principal
from starbeam.db.scope import Scope
from starbeam.runtime import Runtime
from starbeam_admin.queries import activity
from starbeam_admin.schemas import ActionType

log = structlog.get_logger("starbeam.admin")
audit = structlog.get_logger("audit")

LONGEST_USERNAME = 45
"""What `AdminActivity.username` holds."""
LONGEST_COMMENTS = 100
"""What `AdminActivity.comments` holds."""


class Refused(HTTPException):
    """A change that cannot be made (400)."""

    status_code = 400

    def __init__(self, what: str, why: str) -> None:
        super().__init__(detail=f"{what}: `{why}`")


@contextmanager
def refusing(what: str, taken: str) -> Iterator[None]:
    """Say it when the database refuses what is written inside: since it is `taken`, or cannot be held."""
    try:
        yield
    except IntegrityError:
        raise Refused(what, taken) from None
    except DataError:
        raise Refused(what, "the database cannot hold this text") from None


class Journal:
    """Writes what was done into `AdminActivity`, as the table of this database has it."""

    def __init__(self) -> None:
        self._one_row_per_person: bool | None = None

    async def write(self, session: AsyncSession, row: dict[str, Any]) -> None:
        """Add the row, or replace the person's. A row that cannot be written is left out."""
        savepoint = await session.begin_nested()
        try:
            await self._write(session, row)
        except SQLAlchemyError as error:
            await savepoint.rollback()  # raises when the whole transaction is lost
            log.warning("activity not recorded", error=type(error).__name__)
        else:
            await savepoint.commit()

    async def _write(self, session: AsyncSession, row: dict[str, Any]) -> None:
        if self._one_row_per_person is None:
            self._one_row_per_person = await activity.has_one_row_per_person(session)
        write = activity.replace_row if self._one_row_per_person else activity.insert_row
        await write(session, row)


class Change:
    """One request's change: its transaction, and the record of what it did."""

    def __init__(
        self, session: AsyncSession, scope: Scope, who: Principal, runtime: Runtime, journal: Journal
    ) -> None:
        self.session = session
        self.scope = scope
        self._who = who
        self._runtime = runtime
        self._journal = journal
        self._done: list[dict[str, Any]] = []

    async def record(self, action: ActionType, comments: str, old: Any, new: Any) -> None:
        """Write down what was done: into `AdminActivity` now, into the log once it is committed."""
        row = {
            "username": self._who.login[:LONGEST_USERNAME],
            "action": action.value,
            "comments": comments[:LONGEST_COMMENTS],
            "dateTime": self._runtime.clock.now(),
        }
        await self._journal.write(self.session, row)
        line = {"action": action.value, "old": to_builtins(old), "new": to_builtins(new)}
        self._done.append({"event": comments, "person": self._who.login, **line})

    async def committed(self) -> None:
        """Log what was done, and let it count in this worker at once."""
        for line in self._done:
            audit.info(**line, logger="audit")
        if self._done:
            await self._runtime.options.refresh()


class Changes:
    """The dependency `change`, of one app."""

    def __init__(self) -> None:
        self._journal = Journal()

    async def begin(
        self, who: NamedDependency[Principal], runtime: NamedDependency[Runtime]
    ) -> AsyncIterator[Change]:
        """The change of this request. It begins when no other is under way, in any worker."""
        scope = await runtime.scope(who)
        async with runtime.database.transaction(alone="admin") as session:
            change = Change(session, scope, who, runtime, self._journal)
            yield change
        await change.committed()
