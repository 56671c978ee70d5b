"""`python -m benchmarks.listeners [SECONDS]`: what listeners to `/events/stream` cost, beside who polls.

One worker and MariaDB, in one run, each for 30 seconds: nobody; 500 listeners of 20 people while nothing
changes; the same while a data collection begins each second that all may see; then 50 clients that ask for
the list each second instead. Time of processors is that of the worker and of the database, not the clients'.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.everything.costs import MariaDB, Process, driver
from starbeam.auth.tokens import Tokens
from starbeam.settings import Auth
from support import mariadb
from support.commands import SECRET, Site

SECONDS = 30.0
SETTLE = 10.0
"""Between one and the next."""
LISTENERS, POLLERS, PEOPLE, COLLECTIONS = 500, 50, 20, 200
ROOT = "/ispyb/api/v1"
STREAM, LIST = f"{ROOT}/events/stream?sessionId=1", f"{ROOT}/events?sessionId=1"
PLUGINS = ["auth_dummy", "ispyb", "proposals", "processing", "datacollections", "events"]
ROWS = (
    "INSERT INTO Person (personId, login, familyName)"
    f" SELECT seq, CONCAT('u', seq), 'Family' FROM seq_1_to_{PEOPLE}",
    "INSERT INTO Proposal (proposalId, personId, proposalCode, proposalNumber) VALUES (1, 1, 'mx', '1')",
    "INSERT INTO BLSession (sessionId, proposalId, visit_number) VALUES (1, 1, 1)",
    f"INSERT INTO Session_has_Person (sessionId, personId) SELECT 1, seq FROM seq_1_to_{PEOPLE}",
)


class Spent(NamedTuple):
    """What a second took: seconds of processors, and statements."""

    worker: float
    database: float
    statements: float


class Meter:
    """Reads the clocks of the worker and the database."""

    def __init__(self, worker: Process, database: MariaDB, seconds: float) -> None:
        self._worker, self._database, self._seconds = worker, database, seconds

    async def measure(self) -> Spent:
        """Wait, and tell what a second of it took."""
        before = await self._now()
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(self._seconds)
        took = asyncio.get_running_loop().time() - began
        return Spent(*((now - then) / took for now, then in zip(await self._now(), before, strict=True)))

    async def _now(self) -> Spent:
        return Spent(
            self._worker.seconds(), self._database.seconds(), float(await self._database.statements())
        )


class Session:
    """The session that all may see."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._keys = count(1)

    async def fill(self) -> None:
        """With what was collected in the last hours."""
        for statement in ROWS:
            await self._run(statement)
        now = datetime.now()
        for place in range(COLLECTIONS):
            await self.collect(now - timedelta(minutes=COLLECTIONS - place))

    async def collect(self, start: datetime) -> None:
        """Let a data collection begin."""
        key, began = next(self._keys), start.isoformat(" ")
        await self._run(
            "INSERT INTO DataCollectionGroup (dataCollectionGroupId, sessionId, experimentType)"
            f" VALUES ({key}, 1, 'OSC')"
        )
        await self._run(
            "INSERT INTO DataCollection (dataCollectionId, dataCollectionGroupId, startTime, numberOfImages)"
            f" VALUES ({key}, {key}, '{began}', 3600)"
        )

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[None]:
        """One begins each second."""

        async def begin() -> None:
            while True:
                await self.collect(datetime.now())
                await asyncio.sleep(1)

        task = asyncio.create_task(begin())
        try:
            yield
        finally:
            task.cancel()

    async def _run(self, statement: str) -> None:
        async with self._connection.cursor() as cursor:
            await cursor.execute(statement)


class Clients:
    """Those who listen, and those who poll."""

    def __init__(self, port: int) -> None:
        self._port = port
        tokens = Tokens(Auth(secret_key=SECRET))
        self._tokens = [tokens.make(f"u{person}", person, ()) for person in range(1, PEOPLE + 1)]
        self.heard = 0
        """Changes that listeners were told of."""
        self.answers = 0
        """Answers that pollers had."""

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """All listen."""
        made = [await self._listen(number) for number in range(LISTENERS)]
        tasks = [asyncio.create_task(self._hear(reader)) for reader, _ in made]
        try:
            yield
        finally:
            for task, (_, writer) in zip(tasks, made, strict=True):
                task.cancel()
                writer.close()

    async def _listen(self, number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        token = self._tokens[number % PEOPLE]
        writer.write(f"GET {STREAM} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        assert b" 200 " in await reader.readline()
        await reader.readuntil(b"id: ")
        return reader, writer

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            self.heard += line.startswith(b"data: ")

    @asynccontextmanager
    async def polling(self) -> AsyncIterator[None]:
        """Fewer poll, as clients do that know what they were answered last."""
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self._port}", timeout=60) as client:
            tasks = [asyncio.create_task(self._poll(client, number)) for number in range(POLLERS)]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _poll(self, client: httpx.AsyncClient, number: int) -> None:
        headers = {"Authorization": f"Bearer {self._tokens[number % PEOPLE]}"}
        loop = asyncio.get_running_loop()
        await asyncio.sleep(number / POLLERS)
        due = loop.time()
        while True:
            answer = await client.get(LIST, headers=headers)
            assert answer.status_code in (200, 304), answer.text
            headers["If-None-Match"] = answer.headers["ETag"]
            self.answers += 1
            due += 1
            await asyncio.sleep(due - loop.time())  # at once where the server is behind


async def _run(port: int, session: Session, meter: Meter) -> AsyncIterator[tuple[str, Spent]]:
    clients = Clients(port)
    await asyncio.sleep(SETTLE)  # what the start costs is over
    yield "nobody listens", await meter.measure()
    async with clients.listening():
        await asyncio.sleep(SETTLE)
        yield f"{LISTENERS} listen, nothing changes", await meter.measure()
        async with session.changing():
            yield f"{LISTENERS} listen, a change a second", await meter.measure()
    print(f"{clients.heard} changes were heard")
    async with clients.polling():
        await asyncio.sleep(SETTLE)
        yield f"{POLLERS} poll, nothing changes", await meter.measure()
        async with session.changing():
            yield f"{POLLERS} poll, a change a second", await meter.measure()
    print(f"{clients.answers} polls were answered")


async def _measure(site: Site, port: int, worker: int, database: mariadb.Server, seconds: float) -> Table:
    connections = [await driver(site.url) for _ in range(2)]
    session = Session(connections[0])
    await session.fill()
    meter = Meter(Process(worker), MariaDB(database.process, connections[1]), seconds)
    table = Table("", "worker, % of a core", "database, % of a core", "reading statements a second")
    async for case, spent in _run(port, session, meter):
        figures = f"{spent.worker * 100:.1f}", f"{spent.database * 100:.1f}", f"{spent.statements:.1f}"
        table.add_row(case, *figures)
    for connection in connections:
        await connection.ensure_closed()
    return table


def main() -> None:
    """Serve, listen, poll and tell."""
    seconds = float(sys.argv[1]) if sys.argv[1:] else SECONDS
    database = mariadb.start()
    url = asyncio.run(database.fresh_database("community"))
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), PLUGINS, url=url)
        with site.serving("serve", "--config", str(site.config)) as server:
            table = asyncio.run(_measure(site, server.port, server.process.pid, database, seconds))
            server.end()
    database.stop()
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
