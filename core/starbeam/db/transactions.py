"""One transaction: its turn, its session, and how it ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from starbeam.db.limits import CheckedSession
from starbeam.db.trouble import Undecided, undone

if TYPE_CHECKING:
    from starbeam.db.schema import Schema

_LONGEST_LOCK = 64
"""How many characters the name of a lock may have on MariaDB."""


@asynccontextmanager
async def opened(
    engine: AsyncEngine, patience: float, alone: str | None, schema: Schema | None
) -> AsyncIterator[AsyncSession]:
    """A session in one transaction, which waits at most `patience` seconds for its turn. Raises `Undecided`
    where a commit was sent, and nothing says how it ended."""
    async with (
        _turn(engine, patience, alone) as bind,
        AsyncSession(
            bind, expire_on_commit=False, sync_session_class=CheckedSession, info={"schema": schema}
        ) as session,
    ):
        sent = False
        try:
            async with session.begin():
                yield session
                await session.flush()
                sent = engine.dialect.name != "sqlite"  # which always says
        except (DBAPIError, TimeoutError, OSError) as error:
            if sent and not undone(error):
                raise Undecided("a commit was not answered") from error
            raise


@asynccontextmanager
async def _turn(
    engine: AsyncEngine, patience: float, name: str | None
) -> AsyncIterator[AsyncEngine | AsyncConnection]:
    """What to write through; with a name, a connection that holds the lock of this name on the server from
    before the transaction until after its commit.

    SQLite needs none: its transactions take the lock of the whole file when they begin.
    """
    if name is None or engine.dialect.name == "sqlite":
        yield engine
        return
    lock = f"starbeam.{name}.{engine.url.database}"[:_LONGEST_LOCK]
    async with engine.connect() as connection:
        held = await connection.scalar(select(func.get_lock(lock, patience)))
        await connection.commit()
        if not held:
            raise TimeoutError(f"another transaction holds the lock {name}")
        try:
            yield connection
        finally:
            if not connection.invalidated:  # else the lock went with the connection
                with suppress(DBAPIError):  # the same, noticed now; the work is done
                    await connection.execute(select(func.release_lock(lock)))
                    await connection.commit()
