"""Connections: a read-only AUTOCOMMIT engine for reads, and one with transactions for writes.

Neither connects before the first request; both heal after the server was away.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy import event, func, make_url, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.util.concurrency import greenlet_spawn

from starbeam.db import sqlite
from starbeam.db.prepared import Prepared
from starbeam.db.schema import Schema, reflect
from starbeam.db.trouble import CONNECT_SECONDS, Outage, SchemaIncomplete

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Dialect, Executable
    from sqlalchemy.pool import PoolProxiedConnection

    from starbeam.settings import Database as Settings

log = structlog.get_logger("starbeam.db")

RECYCLE_SECONDS = 3600
"""Connections are renewed after an hour."""
_LONGEST_LOCK = 64
"""How many characters the name of a lock may have on MariaDB."""


class Database:
    """One database, as the plugins of one app use it."""

    def __init__(self, settings: Settings, models: Iterable[type[Any]] = ()) -> None:
        self.settings = settings
        self.url = make_url(settings.url)
        self.models = list(models)
        self.log_statements = False
        self.outage = Outage()
        self.watchers: list[Callable[[str, Any], None]] = []
        """Called with every statement and its values, just before it runs."""
        self._prepared: WeakKeyDictionary[Executable, Prepared] = WeakKeyDictionary()
        self._schema: Schema | None = None
        self._reflecting = asyncio.Lock()
        self._reads = self._engine(reads=True)
        self._writes = self._engine(reads=False)

    def _engine(self, *, reads: bool) -> AsyncEngine:
        pool = {
            "pool_size": self.settings.pool_size,
            "max_overflow": self.settings.max_overflow,
            "pool_timeout": CONNECT_SECONDS,
            "pool_recycle": RECYCLE_SECONDS,
        }
        how: dict[str, Any] = (
            {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
            if reads
            else {"pool_pre_ping": True}
        )
        if self.url.get_backend_name() == "sqlite":
            arguments = sqlite.connect_args(create=False)
            engine = create_async_engine(self.url, connect_args=arguments, **pool, **how)
            sqlite.prepare(engine, read_only=reads)
        else:
            from starbeam.db import mariadb  # only here: an embedded database needs no driver of MariaDB

            arguments = mariadb.connect_args(self.url, self.settings, read_only=reads)
            engine = create_async_engine(self.url, connect_args=arguments, **pool, **how)
            mariadb.prepare(engine)
        event.listen(engine.sync_engine, "before_cursor_execute", self._before_statement)
        event.listen(engine.sync_engine, "after_cursor_execute", self._after_statement)
        return engine

    def _before_statement(
        self, connection: Any, cursor: Any, text: str, values: Any, context: Any, many: bool
    ) -> None:
        connection.info["began"] = self.statement_began(text, values)

    def _after_statement(
        self, connection: Any, cursor: Any, text: str, values: Any, context: Any, many: bool
    ) -> None:
        self.statement_ended(text, values, connection.info["began"])

    def statement_began(self, text: str, values: Any) -> float:
        """Tell whoever watches; when it began."""
        for watch in self.watchers:
            watch(text, values)
        return time.perf_counter()

    def statement_ended(self, text: str, values: Any, began: float) -> None:
        """Log the statement, if asked to."""
        if self.log_statements:
            milliseconds = round((time.perf_counter() - began) * 1000, 2)
            log.info("statement", sql=text, parameters=values, milliseconds=milliseconds)

    @property
    def schema(self) -> Schema:
        """What the database has. Only after `ready`."""
        if self._schema is None:
            raise RuntimeError("the database was not asked yet: await ready() first")
        return self._schema

    async def ready(self) -> Schema:
        """Read what the database has, once. Raises `SchemaIncomplete`, or what the driver raises while it is
        away."""
        if self._schema is None:
            async with self._reflecting:
                if self._schema is None:
                    async with self.read() as connection:
                        found = await reflect(connection)
                    if missing := found.missing(self.models):
                        raise SchemaIncomplete(missing)
                    self._schema = found
        return self._schema

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that only reads."""
        async with asyncio.timeout(self.patience), self._reads.connect() as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self, alone: str | None = None) -> AsyncIterator[AsyncSession]:
        """A session in one transaction: committed at the end, rolled back on any error.

        Of the transactions that say they are `alone` by one name, one runs at a time in all workers: for rows
        that no unique index keeps from being created twice. Raises TimeoutError when its turn does not come.
        """
        async with (
            self._turn(alone) as bind,
            AsyncSession(bind, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @asynccontextmanager
    async def _turn(self, name: str | None) -> AsyncIterator[AsyncEngine | AsyncConnection]:
        """What to write through; with a name, a connection that holds the lock of this name on the server
        from before the transaction until after its commit.

        SQLite needs none: its transactions take the lock of the whole file when they begin.
        """
        if name is None or self.url.get_backend_name() == "sqlite":
            yield self._writes
            return
        lock = f"starbeam.{name}.{self.url.database}"[:_LONGEST_LOCK]
        async with self._writes.connect() as connection:
            held = await connection.scalar(select(func.get_lock(lock, self.settings.statement_timeout)))
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

    @property
    def engines(self) -> tuple[AsyncEngine, AsyncEngine]:
        """The engine for reads and the one for writes."""
        return self._reads, self._writes

    @property
    def patience(self) -> float:
        """Seconds until waiting for the database ends; later than the server's own limit for a statement."""
        return self.settings.statement_timeout + 2 * CONNECT_SECONDS

    @property
    def sqlite_file(self) -> Path | None:
        """The file of an embedded database, None for a server."""
        name = self.url.database
        return Path(name) if self.url.get_backend_name() == "sqlite" and name and name != ":memory:" else None

    @property
    def dialect(self) -> Dialect:
        """How the database is spoken to."""
        return self._reads.dialect

    @property
    def driver_error(self) -> type[Any]:
        """What the driver's errors are."""
        return self.dialect.loaded_dbapi.Error

    async def pooled(self) -> PoolProxiedConnection:
        """A connection for reads out of the pool, which the caller closes."""
        return await self._reads.raw_connection()

    def prepared(self, query: Executable) -> Prepared:
        """The statement as compiled at its first use."""
        if (found := self._prepared.get(query)) is None:
            found = self._prepared[query] = Prepared(query, self.dialect)
        return found

    async def close(self) -> None:
        """Close all connections."""
        await self._reads.dispose()
        await self._writes.dispose()


class ReadConnection:
    """The connection of one request's reads: opened at the first statement, renewed once when the server
    dropped it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pooled: PoolProxiedConnection | None = None
        self._turn = asyncio.Lock()

    async def fetch(self, query: Executable, values: Mapping[str, Any]) -> list[Any]:
        """All rows of a statement. Those that are asked for at once wait for each other. A connection that
        went stale in the pool is replaced once: reads may be repeated. Raises DBAPIError."""
        async with self._turn:
            try:
                return await self._fetch(query, values)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                return await self._fetch(query, values)

    async def _fetch(self, query: Executable, values: Mapping[str, Any]) -> list[Any]:
        database, sql = self._database, ""
        try:
            async with asyncio.timeout(database.patience):
                if self._pooled is None:
                    self._pooled = await database.pooled()
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
        if gone := dialect.is_disconnect(error, self._pooled, None):
            self._drop(error, cut=True)
        raised: BaseException = DBAPIError.instance(
            sql, None, error, base, connection_invalidated=gone, dialect=dialect
        )
        return raised

    def _drop(self, error: BaseException, *, cut: bool = False) -> None:
        """Throw the connection away; when it was cut, all that the pool opened before, as SQLAlchemy does."""
        if self._pooled is not None:
            pooled, self._pooled = self._pooled, None
            if cut:
                self._database.engines[0].pool._invalidate(pooled, error)
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
