"""Connections: a read-only AUTOCOMMIT engine for reads, and one with transactions for writes.

Neither connects before the first request; both heal after the server was away.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sqlalchemy import event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from starbeam import logs
from starbeam.db import sqlite
from starbeam.db.lacking import fit_to_schema
from starbeam.db.limits import takes
from starbeam.db.prepared import Prepared
from starbeam.db.schema import Schema, reflect
from starbeam.db.transactions import opened
from starbeam.db.trouble import CONNECT_SECONDS, Outage, SchemaChanged, SchemaIncomplete, Trouble, trouble
from starbeam.settings.places import first_of, named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Dialect, Executable
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
    from sqlalchemy.pool import PoolProxiedConnection

    from starbeam.db.hosts import Host, Hosts
    from starbeam.db.replicas import Replica
    from starbeam.db.servers import Servers
    from starbeam.observing import Observer
    from starbeam.settings import Database as Settings

log = logs.get("starbeam.db")

RECYCLE_SECONDS = 3600
"""Connections are renewed after an hour."""
_WRITING = "writing"
LOOK_SECONDS = 30
"""How often what the database has is read again."""
NEWS_SECONDS = 60.0
"""How long health tells of a change."""


class Database:
    """One database, as the plugins of one app use it."""

    def __init__(self, settings: Settings, models: Iterable[type[Any]] = ()) -> None:
        self.settings = settings
        self.url = make_url(first_of(settings.url))
        self.models = list(models)
        self.log_statements = False
        self.outage = Outage()
        self.watchers: list[Callable[[str, Any], None]] = []
        """Called with every statement and its values, just before it runs."""
        self.observers: Sequence[Observer] = ()
        """Told of every statement that ran."""
        self._prepared: WeakKeyDictionary[Executable, Prepared] = WeakKeyDictionary()
        self._schema: Schema | None = None
        self._change: tuple[float, list[str]] = (-NEWS_SECONDS, [])
        """When the schema changed last, and how."""
        self._reflecting = asyncio.Lock()
        self.servers = self._servers()
        """Where the settings name more than one server."""
        hosts = self.servers.hosts if self.servers else None
        self._reads = self._engine(hosts, reads=True)
        self._writes = self._engine(hosts, reads=False)
        if self.servers:
            self.servers.watch(self._reads)
            self.servers.watch(self._writes)
            self.servers.add_replicas(lambda host: self._engine(host, reads=True))

    def _servers(self) -> Servers | None:
        """None for one server, which costs nothing more."""
        if not (named(self.settings.url) or self.settings.replicas):
            return None
        from starbeam.db.servers import Servers  # only here: it is slow to import

        return Servers(self.settings, self.url)

    def _engine(self, at: Hosts | Host | None, *, reads: bool) -> AsyncEngine:
        """Connections `at` servers that are chosen, else where the address says."""
        pool = {
            "pool_size": self.settings.pool_size,
            "max_overflow": self.settings.max_overflow,
            "pool_timeout": CONNECT_SECONDS,  # who waits for a connection sees no difference to a slow one
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
            if at is not None:
                arguments["async_creator_fn"] = at.open
            engine = create_async_engine(self.url, connect_args=arguments, **pool, **how)
            mariadb.prepare(engine)
        names = frozenset(model.__table__.name for model in self.models)
        fit_to_schema(engine.sync_engine, names, lambda: self._schema)
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
        """Tell whoever observes, and log the statement, if asked to."""
        seconds = time.perf_counter() - began
        for observer in self.observers:
            observer.statement(text, seconds)
        if self.log_statements:
            milliseconds = round(seconds * 1000, 2)
            log.info("statement", sql=text, parameters=values, milliseconds=milliseconds)

    @property
    def schema(self) -> Schema:
        """What the database has. Only after `ready`."""
        if self._schema is None:
            raise RuntimeError("the database was not asked yet: await ready() first")
        return self._schema

    def lacks(self, *wanted: Any) -> bool:
        """Whether it is known that the database lacks one of these tables or columns."""
        return self._schema is not None and not all(map(self._schema.has, wanted))

    async def ready(self) -> Schema:
        """What the database has, read at the first call. Raises `SchemaIncomplete`, or what the driver raises
        while it is away."""
        if self._schema is None:
            await self.look_again()
        return self.schema

    async def look_again(self) -> None:
        """Read what the database has: at first, from time to time, and when a statement missed something.
        Those who ask while it is read get what was read. Raises as `ready` does."""
        known = self._schema
        async with self._reflecting:
            if self._schema is not known:
                return
            async with self._reads.connect() as connection, asyncio.timeout(self.patience):
                found = await reflect(connection)
            if missing := found.missing(self.models):
                raise SchemaIncomplete(missing)
            if found != known:
                self._take(found)

    def _take(self, found: Schema) -> None:
        """From now on this is what the database has; statements are compiled anew."""
        if self._schema is not None:
            self._change = time.monotonic(), found.differences(self._schema)
            log.warning("database schema changed", differences=self._change[1])
        self._schema = found
        self._prepared = WeakKeyDictionary()
        for engine in self.engines:
            engine.sync_engine.clear_compiled_cache()

    async def takes(self, table: str, column: str, value: Any) -> bool:
        """Whether a column takes a value. The schema is read again before it is said not to."""
        if takes((await self.ready()).found(table, column), value):
            return True
        await self.look_again()
        return takes(self.schema.found(table, column), value)

    async def watch_schema(self) -> None:
        """Look again, in the background."""
        try:
            await self.look_again()
            self.outage.over()
        except Exception as error:  # whatever fails here must not end the background task
            self.outage.note(error)

    async def missed(self, error: DBAPIError) -> None:
        """A statement failed: if it asked for what is not there, look again what there is. Raises
        `SchemaChanged` when that is something else now."""
        known = self._schema
        if trouble(error) is Trouble.ABSENT:
            await self.watch_schema()
            if self._schema is not known:
                raise SchemaChanged from error

    def schema_note(self) -> str | None:
        """What to know of the schema: what it lacks, and what changed a short time ago."""
        if self._schema is None:
            return None
        said = []
        if lacking := self._schema.lacking(self.models):
            said.append(f"lacks {_some(lacking)}: fields are null and filters are ignored")
        when, differences = self._change
        if time.monotonic() - when < NEWS_SECONDS:
            said.append(f"changed just now: {_some(differences)}")
        return "; ".join(said) or None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that only reads."""
        try:
            async with asyncio.timeout(self.patience), self._reads.connect() as connection:
                yield connection
        except DBAPIError as error:
            await self.missed(error)
            raise

    @asynccontextmanager
    async def transaction(self, alone: str | None = None) -> AsyncIterator[AsyncSession]:
        """A session in one transaction: committed at the end, rolled back on any error.

        Of the transactions that say they are `alone` by one name, one runs at a time in all workers: for rows
        that no unique index keeps from being created twice. Raises TimeoutError when its turn does not come.
        """
        try:
            async with opened(self._writes, self.settings.statement_timeout, alone, self._schema) as session:
                yield session
        except Exception as error:
            if trouble(error) is Trouble.AWAY:
                self.outage.note(error, _WRITING)  # reads may work, which does not end it
            if isinstance(error, DBAPIError):
                await self.missed(error)
            raise
        self.outage.over(_WRITING)
        if self.servers:
            await self.servers.replicas.follow()

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

    async def pooled(self, *, anywhere: bool) -> tuple[PoolProxiedConnection, Replica | None]:
        """A connection for reads out of a pool, which the caller closes: to a replica, where
        `anywhere` allows one."""
        if anywhere and self.servers and (found := await self.servers.pooled()):
            return found
        return await self._reads.raw_connection(), None

    def lost(self, replica: Replica | None, error: BaseException) -> None:
        """A connection out of `pooled` broke."""
        if replica is not None:
            replica.lost(error)
        elif self.servers:
            self.servers.hosts.doubt()

    def prepared(self, query: Executable | Prepared) -> Prepared:
        """The statement as compiled at its first use."""
        if isinstance(query, Prepared):
            return query
        if (found := self._prepared.get(query)) is None:
            found = self._prepared[query] = Prepared(query, self.dialect)
        return found

    async def close(self) -> None:
        """Close all connections."""
        await self._reads.dispose()
        await self._writes.dispose()
        if self.servers:
            await self.servers.close()


def _some(names: Sequence[str]) -> str:
    """The first of many names."""
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
