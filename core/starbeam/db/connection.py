"""The connection of one request's reads."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.util.concurrency import greenlet_spawn

from starbeam.db.trouble import is_lost

if TYPE_CHECKING:
    from sqlalchemy import Executable
    from sqlalchemy.pool import PoolProxiedConnection

    from starbeam.db.engine import Database
    from starbeam.db.prepared import Prepared
    from starbeam.db.replicas import Replica


class ReadConnection:
    """The connection of one request's reads: opened at the first statement, renewed once when the server
    dropped it. `anywhere` allows a replica."""

    def __init__(self, database: Database, *, anywhere: bool = False) -> None:
        self._database = database
        self._anywhere = anywhere
        self._replica: Replica | None = None
        """Where the connection goes, if to one."""
        self._pooled: PoolProxiedConnection | None = None
        self._turn = asyncio.Lock()

    def another(self) -> ReadConnection:
        """One beside it, to the same database."""
        return ReadConnection(self._database, anywhere=self._anywhere)

    async def fetch(self, query: Executable | Prepared, values: Mapping[str, Any]) -> list[Any]:
        """All rows of a statement. Those that are asked for at once wait for each other. A connection that
        went stale in the pool is replaced once: reads may be repeated. Raises DBAPIError."""
        async with self._turn:
            try:
                return await self._fetch(query, values)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    await self.close()  # looking again takes one
                    await self._database.missed(error)
                    raise
                return await self._fetch(query, values)

    async def _fetch(self, query: Executable | Prepared, values: Mapping[str, Any]) -> list[Any]:
        database, sql = self._database, ""
        try:
            async with asyncio.timeout(database.patience):
                if self._pooled is None:
                    self._pooled, self._replica = await database.pooled(anywhere=self._anywhere)
                prepared = database.prepared(query)
                sql, parameters = prepared.call(values)
                began = database.statement_began(sql, parameters)
                found = await _run(self._pooled.driver_connection, sql, parameters)
        except database.driver_error as error:
            raise self._refused(error, sql) from error
        except BaseException as error:  # given up, perhaps in the middle of an answer
            self._drop(error)
            raise
        database.statement_ended(sql, parameters, began)
        return prepared.rows(found)

    def _refused(self, error: Any, sql: str) -> BaseException:
        """The driver's error as SQLAlchemy raises it."""
        dialect, base = self._database.dialect, self._database.driver_error
        if gone := dialect.is_disconnect(error, self._pooled, None) or is_lost(error):
            self._drop(error, cut=True)
            self._database.lost(self._replica, error)
        raised: BaseException = DBAPIError.instance(
            sql, None, error, base, connection_invalidated=gone, dialect=dialect
        )
        return raised

    def _drop(self, error: BaseException, *, cut: bool = False) -> None:
        """Throw the connection away; when it was cut, all that the pool opened before, as SQLAlchemy does."""
        if self._pooled is not None:
            pooled, self._pooled = self._pooled, None
            if cut:
                engine = self._replica.engine if self._replica else self._database.engines[0]
                engine.pool._invalidate(pooled, error)
            else:
                pooled.invalidate(error)

    async def close(self) -> None:
        """Give the connection back."""
        if self._pooled is not None:
            pooled, self._pooled = self._pooled, None
            await greenlet_spawn(pooled.close)


async def _run(connection: Any, sql: str, parameters: Sequence[Any]) -> Sequence[Sequence[Any]]:
    """All rows, by the driver's own cursor: aiosqlite's, or asyncmy's."""
    found: Sequence[Sequence[Any]]
    if hasattr(connection, "execute_fetchall"):
        try:
            found = await connection.execute_fetchall(sql, parameters)
        except asyncio.CancelledError:
            await connection.interrupt()  # or its thread would go on to the end
            raise
        return found
    cursor = connection.cursor()  # closed only after it worked: else it would wait for the rest of the answer
    await cursor.execute(sql, parameters)
    found = await cursor.fetchall()
    await cursor.close()
    return found
