"""Reads from replicas that are known to be fresh.

Every second each worker asks the primary how far it is (its GTID), and each replica to say when it is as far.
A replica is read from as long as the last question that it answered in time is younger than `replica_lag`
seconds. So no worker anywhere reads what is older, and a change that is answered when all replicas have it,
or `replica_lag` seconds after its commit, is seen by whoever reads then, through whichever worker.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from starbeam import logs
from starbeam.db.hosts import WATCH_SECONDS

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from starbeam.db.hosts import Host, Hosts

log = logs.get("starbeam.db")

_POSITION = "SELECT @@global.gtid_binlog_pos"


class Replica:
    """A server that is read from while it is fresh."""

    def __init__(self, host: Host, engine: AsyncEngine, lag: float) -> None:
        self.host = host
        self.engine = engine
        self._lag = lag
        self._fresh = self._since = -float("inf")
        """As of when it had all that was committed, and since when it has been so without a break."""

    @property
    def steady_seconds(self) -> float:
        """How long it must be fresh before it is read from: by then all workers wait for it."""
        return self._lag + WATCH_SECONDS

    @property
    def is_used(self) -> bool:
        """Whether it may be read from at this moment."""
        now = time.monotonic()
        return now - self._fresh < self._lag and now - self._since >= self.steady_seconds

    @property
    def is_awaited(self) -> bool:
        """Whether a change waits for it: some worker may read from it."""
        return time.monotonic() - self._fresh < self._lag + self.steady_seconds

    async def check(self, position: str, began: float) -> None:
        """Find out whether it gets as far as the primary was when this began."""
        if not position:
            self.leave_out("the primary has no binary log, so nobody knows how far it is")
            return
        try:
            found = await self.host.ask(_reach(position, self._lag), self._lag)
        except Exception as error:  # the driver raises many kinds
            self.leave_out(f"does not answer: {error or type(error).__name__}", at_once=True)
            return
        if found[0][0] != 0:
            self.leave_out(f"is more than {self._lag:g} s behind")
            return
        if self._since == -float("inf"):
            self._since = began
        self._fresh = began
        if self.is_used:
            self.host.tell("")

    def leave_out(self, why: str, *, at_once: bool = False) -> None:
        """Read no more from it until it has been fresh for a while."""
        self._since = -float("inf")
        self.host.tell(why)
        self.host.leave(at_once=at_once)

    def lost(self, error: BaseException) -> None:
        """A connection to it broke, or cannot be opened."""
        self.leave_out(f"does not answer: {error}")

    def hold(self) -> None:
        """The primary does not answer: what is read from goes on to be, for nothing is committed."""
        if self.is_used:
            self._fresh = time.monotonic()

    async def reach(self, position: str, until: float) -> None:
        """Wait until it has all up to a position, or until that moment, when nobody reads it."""
        left = until - time.monotonic()
        why = f"is more than {self._lag:g} s behind"
        try:
            if position and await self._reached(position, left):
                return
        except Exception as error:  # the driver raises many kinds
            why = f"does not answer: {error or type(error).__name__}"
        self.leave_out(why)
        await asyncio.sleep(until - time.monotonic())

    async def _reached(self, position: str, seconds: float) -> bool:
        async with asyncio.timeout(seconds), self.engine.connect() as connection:
            found = await connection.exec_driver_sql(_reach(position, seconds))
            return found.scalar() == 0


def _reach(position: str, seconds: float) -> str:
    return f"SELECT MASTER_GTID_WAIT('{position}', {seconds:.3f})"


class Replicas:
    """Those of one database."""

    def __init__(self, replicas: Sequence[Replica], primary: Hosts, lag: float) -> None:
        self.all = replicas
        self._primary = primary
        self._lag = lag
        self._turn = 0

    def next(self) -> Replica | None:
        """The one to read from: in turn those that may be, None where none may."""
        used = [replica for replica in self.all if replica.is_used]
        self._turn += 1
        return used[self._turn % len(used)] if used else None

    async def check(self) -> None:
        """Find out which are fresh."""
        began = time.monotonic()
        try:
            position = await self._position()
        except Exception:  # the driver raises many kinds; whoever asks the primary for rows says so
            for replica in self.all:
                replica.hold()
            return
        await asyncio.gather(*(replica.check(position, began) for replica in self.all))

    async def _position(self) -> str:
        """How far the primary is; empty where it does not count."""
        async with asyncio.timeout(self._lag / 2):  # so that who holds replicas does so in time
            return str((await self._primary.ask(_POSITION))[0][0] or "")

    async def follow(self) -> None:
        """Something was committed: wait until all replicas have it, or nobody reads from those that have
        not."""
        until = time.monotonic() + self._lag
        if not (awaited := [replica for replica in self.all if replica.is_awaited]):
            return
        try:
            position = await self._position()
        except Exception as error:  # it is committed, whatever happens to the primary now
            log.warning("replicas not followed", error=type(error).__name__)
            position = ""
        await asyncio.gather(*(replica.reach(position, until) for replica in awaited))

    async def close(self) -> None:
        """Close all connections to them."""
        for replica in self.all:
            await replica.host.close()
            await replica.engine.dispose()
