"""The servers of a database that has more than one: those of its address, and its replicas."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

from sqlalchemy import event

from starbeam.db import mariadb
from starbeam.db.hosts import WATCH_SECONDS, Host, Hosts
from starbeam.db.replicas import Replica, Replicas
from starbeam.lifespan import every
from starbeam.settings.places import PORT, Place, named, place_of

if TYPE_CHECKING:
    from sqlalchemy import URL
    from sqlalchemy.engine import ExceptionContext
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.pool import PoolProxiedConnection

    from starbeam.settings import Database as Settings


class Servers:
    """All of them. `replicas` are read from, where a request says that it may."""

    def __init__(self, settings: Settings, url: URL) -> None:
        """Replicas are added: engines are made with `hosts`."""
        self._settings = settings
        self._url = url
        texts = named(settings.url) or [f"{url.host}:{url.port or PORT}"]
        self.hosts = Hosts([self._host(text) for text in texts])
        self.replicas = Replicas([], self.hosts, settings.replica_lag)

    def add_replicas(self, engine: Callable[[Host], AsyncEngine]) -> None:
        """Read from those of the settings, each with the engine that this makes for it."""
        lag = self._settings.replica_lag
        hosts = [self._host(text) for text in self._settings.replicas]
        self.replicas.all = [Replica(host, engine(host), lag) for host in hosts]

    def _host(self, text: str) -> Host:
        own = mariadb.connect_args(self._url, self._settings, read_only=True)
        connect = own.pop("async_creator_fn")
        _, given = self._url.get_dialect()().create_connect_args(self._url)
        return Host(cast("Place", place_of(text)), connect, {**given, **own})

    def watch(self, engine: AsyncEngine) -> None:
        """Look at the hosts when a connection of this engine broke."""

        def doubt(context: ExceptionContext) -> None:
            if context.is_disconnect:
                self.hosts.doubt()

        event.listen(engine.sync_engine, "handle_error", doubt)

    async def pooled(self) -> tuple[PoolProxiedConnection, Replica] | None:
        """A connection to a replica, None where none may be read from."""
        while (replica := self.replicas.next()) is not None:
            try:
                return await replica.engine.raw_connection(), replica
            except mariadb.CannotConnect as error:
                replica.lost(error)
        return None

    def out(self) -> dict[str, str]:
        """Why servers are not used, by name: those that are not."""
        return {name: why for name, why in self.all().items() if why}

    def all(self) -> dict[str, str]:
        """All servers by name, and why they are not used; empty where they are, or can be."""
        hosts = [*self.hosts.all, *(replica.host for replica in self.replicas.all)]
        return {str(host.place): host.why for host in hosts}

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Look at all of them while the context is open."""
        async with every(WATCH_SECONDS, self.hosts.look), every(WATCH_SECONDS, self.replicas.check):
            yield

    async def close(self) -> None:
        """Close all connections but those of the engines made with `hosts`."""
        await self.hosts.close()
        await self.replicas.close()
