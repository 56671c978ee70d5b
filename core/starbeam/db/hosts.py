"""The servers of a database that has several: which one is used, and how that is known.

One is used at a time, by all workers the same: the first in the address that is ready. Galera takes writes at
every node, but transactions at two nodes that meet in a row cost one of them its commit.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from enum import IntEnum
from typing import Any, NamedTuple
from weakref import WeakSet

from asyncmy.constants.CR import CR_CONN_HOST_ERROR

from starbeam import logs
from starbeam.db.mariadb import CannotConnect, Connection
from starbeam.db.trouble import CONNECT_SECONDS
from starbeam.settings.places import Place

log = logs.get("starbeam.db")

WATCH_SECONDS = 1.0
"""How often each worker looks at the servers, where there are several."""
_VARIABLES = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'wsrep_on')"
_STATUS = (
    "SHOW GLOBAL STATUS WHERE Variable_name IN"
    " ('wsrep_ready', 'wsrep_local_state_comment', 'wsrep_cluster_conf_id')"
)
"""What Galera answers while it is not ready, too."""


class Standing(IntEnum):
    """Whether a server can be used; the less, the better."""

    READY = 0
    LIMITED = 1
    """Where no other is ready: it only reads, or is busy with bringing another node up to date."""
    OUT = 2


class Found(NamedTuple):
    """How a server stands."""

    standing: Standing
    why: str = ""
    view: int = 0
    """The number of the cluster's view that a node of Galera is in; it grows with who comes and goes."""


Connect = Callable[..., Awaitable[Connection]]
"""Opens a connection. Raises `CannotConnect`."""


class Host:
    """One server, looked at over a connection of its own."""

    def __init__(self, place: Place, connect: Connect, arguments: Mapping[str, Any]) -> None:
        """`arguments` are for its own connection."""
        self.place = place
        self.why = ""
        """Why it is not used; empty where it can be."""
        self._connect = connect
        self._arguments = arguments
        self._own: Connection | None = None
        self._turn = asyncio.Lock()
        self._given: WeakSet[Connection] = WeakSet()

    async def open(self, **arguments: Any) -> Connection:
        """A new connection for a pool."""
        where = {"host": self.place.host, "port": self.place.port}
        connection = await self._connect(**{**arguments, **where})
        self._given.add(connection)
        return connection

    async def ask(self, sql: str, seconds: float = 0) -> Sequence[Sequence[Any]]:
        """Rows, over its own connection; `seconds` is how long the statement itself may wait. Raises what
        the driver raises, and TimeoutError."""
        async with self._turn:
            try:
                async with asyncio.timeout(seconds + CONNECT_SECONDS):
                    return await self._asked(sql)
            except BaseException:
                self._drop()
                raise

    async def _asked(self, sql: str) -> Sequence[Sequence[Any]]:
        if self._own is None or self._own._stream_broken:  # type: ignore[attr-defined]
            where = {"host": self.place.host, "port": self.place.port}
            self._own = await self._connect(**{**self._arguments, **where})
        cursor = self._own.cursor()
        await cursor.execute(sql)
        rows: Sequence[Sequence[Any]] = await cursor.fetchall()
        await cursor.close()
        return rows

    def _drop(self) -> None:
        own, self._own = self._own, None
        if own is not None:
            own.close()

    async def found(self) -> Found:
        """How it stands now."""
        try:
            said = await self._said(_VARIABLES)
            if said.get("wsrep_on") == "ON":
                said |= await self._said(_STATUS)
        except Exception as error:  # the driver raises many kinds
            return Found(Standing.OUT, f"does not answer: {error or type(error).__name__}")
        return _found(said)

    async def _said(self, sql: str) -> dict[str, str]:
        return {str(name): str(value) for name, value in await self.ask(sql)}

    def tell(self, why: str) -> None:
        """Note why it is not used, empty where it can be; the log hears of it once."""
        before, self.why = self.why, why
        if why and not before:
            log.warning("database server left out", server=str(self.place), why=why)
        elif before and not why:
            log.info("database server is back", server=str(self.place), after=before)

    def leave(self, *, at_once: bool) -> None:
        """Let no connection to it be used again; `at_once`: those that are in use break, too."""
        given, self._given = self._given, WeakSet()
        for connection in given:
            connection.left = True
            if at_once:
                connection.close()

    async def close(self) -> None:
        """Close its own connection."""
        async with self._turn:
            own, self._own = self._own, None
            if own is not None:
                with suppress(Exception):  # whatever it says, it is not used again
                    await own.ensure_closed()


def _found(said: Mapping[str, str]) -> Found:
    view = 0
    if said.get("wsrep_on") == "ON":
        state = said.get("wsrep_local_state_comment", "")
        if said.get("wsrep_ready") != "ON":
            return Found(Standing.OUT, f"is not ready: {state or 'no state'}")
        if state != "Synced":
            return Found(Standing.LIMITED, f"is not synced: {state}")
        view = int(said.get("wsrep_cluster_conf_id", 0))
    if said.get("read_only") not in ("OFF", "0", None):
        return Found(Standing.LIMITED, "only reads", view)
    return Found(Standing.READY, "", view)


def _compared(found: Sequence[Found]) -> list[Found]:
    """A node that was frozen believes for a moment that it is one of a cluster, which goes on without it."""
    newest = max(one.view for one in found)
    old = Found(Standing.OUT, "is in a view that its cluster has left")
    return [old if 0 < one.view < newest else one for one in found]


class Hosts:
    """The servers that an address names, of which one is used."""

    def __init__(self, hosts: Sequence[Host]) -> None:
        self.all = hosts
        self.at: Host | None = None
        """Where new connections go."""
        self._doubted = True
        self._looks = 0
        self._moved = -WATCH_SECONDS
        self._looking = asyncio.Lock()

    async def open(self, **arguments: Any) -> Connection:
        """A new connection to the one that is used; to another, where it takes none. Raises CannotConnect."""
        try:
            return await (await self._chosen()).open(**arguments)
        except CannotConnect:
            self._doubted = True
        return await (await self._chosen()).open(**arguments)

    async def ask(self, sql: str) -> Sequence[Sequence[Any]]:
        """Rows of the one that is used."""
        return await (await self._chosen()).ask(sql)

    def doubt(self) -> None:
        """A connection broke, or a server says that it is not ready: look before the next one is opened,
        unless it was to one that was just left."""
        if time.monotonic() - self._moved > WATCH_SECONDS:
            self._doubted = True

    async def _chosen(self) -> Host:
        if self._doubted:
            await self.look()
        if self.at is None:
            said = "; ".join(f"{host.place} {host.why}" for host in self.all)
            raise CannotConnect(CR_CONN_HOST_ERROR, f"no server is ready: {said}")
        return self.at

    async def look(self) -> None:
        """Ask all servers at once how they stand, and use the first of the best. Who comes while others look
        takes what they find."""
        before = self._looks
        async with self._looking:
            if self._looks == before:
                self._doubted = False
                found = await asyncio.gather(*(host.found() for host in self.all))
                self._take(_compared(found))
                self._looks += 1

    def _take(self, found: Sequence[Found]) -> None:
        best = min(range(len(found)), key=lambda place: found[place].standing)
        chosen = self.all[best] if found[best].standing < Standing.OUT else None
        for host, one in zip(self.all, found, strict=True):
            host.tell(one.why)
            if host is not chosen and len(self.all) > 1:
                host.leave(at_once=one.standing is Standing.OUT)
        if chosen is None:
            self._doubted = True
        elif chosen is not self.at and len(self.all) > 1:
            log.info("database server in use", server=str(chosen.place))
        if chosen is not self.at:
            self._moved = time.monotonic()
        self.at = chosen

    async def close(self) -> None:
        """Close the connections that it looks with."""
        for host in self.all:
            await host.close()
