"""What one request costs: statements, rows read, and time of processors, of this process and of MariaDB.

Requests are put to the app in this process, without a network and without a client's own work, and the same
statements to the driver alone: the floor. Time of processors says the same on a busy machine as on a quiet
one.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import asyncmy
import msgspec
import structlog
from sqlalchemy import make_url

from starbeam.app import Starbeam

BATCHES = 3
"""The cheapest counts: others have been disturbed."""
SECONDS = 0.1
"""How long a batch takes about."""
MOST = 40
"""Requests of a batch."""
Statements = list[tuple[str, Any]]


class Cost(NamedTuple):
    """What a request takes; milliseconds of processors."""

    status: int
    statements: int
    rows: int
    """Rows and index entries read by the database; 0 where it does not say."""
    first: float
    """The first answer, of both."""
    worker: float
    database: float
    floor: float
    """The driver alone with the same statements, of both."""

    @property
    def both(self) -> float:
        """Worker and database."""
        return self.worker + self.database


class Server(Protocol):
    """The database's own figures."""

    def seconds(self) -> float:
        """Time of processors so far."""

    async def rows(self) -> int:
        """Rows and index entries read so far."""


class Nothing:
    """A database within this process."""

    def seconds(self) -> float:
        """None beside this process's."""
        return 0.0

    async def rows(self) -> int:
        """It does not say."""
        return 0


class Process:
    """A process of this machine."""

    def __init__(self, number: int) -> None:
        self._tasks = Path(f"/proc/{number}/task")
        self._spent: dict[str, int] = {}
        """Nanoseconds by thread, of those that have ended too."""

    def seconds(self) -> float:
        """Time of processors, of all its threads."""
        for task in self._tasks.iterdir():
            with suppress(OSError):  # it has ended
                self._spent[task.name] = int((task / "schedstat").read_text().split()[0])
        return sum(self._spent.values()) / 1e9


class MariaDB(Process):
    """A server on this machine."""

    def __init__(self, process: int, connection: Any) -> None:
        super().__init__(process)
        self._connection = connection

    async def statements(self) -> int:
        """Reading statements so far, of all its connections."""
        async with self._connection.cursor() as cursor:
            await cursor.execute("SHOW GLOBAL STATUS LIKE 'Com\\_select'")
            return int((await cursor.fetchone())[1])

    async def rows(self) -> int:
        """Of all its connections."""
        async with self._connection.cursor() as cursor:
            await cursor.execute("SHOW GLOBAL STATUS LIKE 'Handler\\_read%'")
            return sum(int(value) for _, value in await cursor.fetchall())


async def driver(url: str) -> Any:
    """A connection of the driver alone."""
    at = make_url(url)
    where = {"host": at.host, "port": at.port, "user": at.username, "db": at.database}
    return await asyncmy.connect(**where, autocommit=True)


async def measure(
    starbeam: Starbeam, server: Server, alone: Any, method: str, path: str, token: str, body: Any
) -> Cost:
    """The cost of a request to a running app; a request that changes something is made once."""

    async def request() -> int:
        return await ask(starbeam.asgi, method, path, token, body)

    if method != "GET":
        gc.collect()  # garbage of what was asked before
    status, first = await _timed(request, 1, server)
    if method != "GET":
        return Cost(status, 0, 0, sum(first), *first, 0.0)
    noted: Statements = []
    before = await server.rows()
    between = await server.rows()
    starbeam.database.watchers.append(note := noting(noted))
    await request()
    starbeam.database.watchers.remove(note)
    rows = await server.rows() - between - (between - before)
    worker, database = await _cheapest(request, sum(first), server)
    floor = 0.0 if alone is None else sum(await _cheapest(lambda: _bare(alone, noted), sum(first), server))
    return Cost(status, len(noted), rows, sum(first), worker, database, floor)


def noting(noted: Statements) -> Callable[[str, Any], None]:
    """A watcher that adds the statements of requests, and none that the server sends by itself."""

    def note(text: str, values: Any) -> None:
        if "request_id" in structlog.contextvars.get_contextvars():
            noted.append((text, values))

    return note


async def _bare(connection: Any, statements: Statements) -> int:
    """The rows of these statements, as JSON."""
    answers = []
    async with connection.cursor() as cursor:
        for statement, values in statements:
            await cursor.execute(statement, values)
            answers.append(await cursor.fetchall())
    return len(msgspec.json.encode(answers))


async def _cheapest(work: Callable[[], Awaitable[int]], first: float, server: Server) -> tuple[float, float]:
    """Milliseconds of both, in the cheapest of a few batches."""
    times = max(2, min(MOST, int(1000 * SECONDS / max(first, 0.1))))
    found = [(await _timed(work, times, server))[1] for _ in range(BATCHES)]
    return min(found, key=sum)


async def _timed(
    work: Callable[[], Awaitable[int]], times: int, server: Server
) -> tuple[int, tuple[float, float]]:
    """What the last gave, and milliseconds of this process and of the database for each."""
    result = 0
    ours, theirs = time.process_time(), server.seconds()
    for _ in range(times):
        result = await work()
    spent = time.process_time() - ours, server.seconds() - theirs
    return result, (1000 * spent[0] / times, 1000 * spent[1] / times)


async def ask(app: Any, method: str, path: str, token: str, body: Any = None) -> int:
    """Put a request to an ASGI app; the status of its answer."""
    address, _, query = path.partition("?")
    sent = b"" if body is None else msgspec.json.encode(body)
    headers = [
        (b"host", b"bench"),
        (b"authorization", f"Bearer {token}".encode()),
        (b"content-type", b"application/json"),
        (b"content-length", str(len(sent)).encode()),
    ]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": address,
        "raw_path": address.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers if token else [headers[0], *headers[2:]],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    status = 0
    given = False

    async def receive() -> dict[str, Any]:
        nonlocal given
        if given:
            return {"type": "http.disconnect"}
        given = True
        return {"type": "http.request", "body": sent, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, send)
    return status
