"""Events: the page that everybody has open, for one caller after the other, at two sizes of the database."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import asyncmy
import httpx
import msgspec
from rich.table import Table
from sqlalchemy import make_url

from benchmarks.databases import MEMBER, STAFF, events, fill
from benchmarks.suite import Case
from starbeam.app import Starbeam
from starbeam.settings import load

ROOT = "http://test/ispyb/api/v1"
SIZES = (1, 10)
REPEATS = 7
CASES = (
    Case("unfiltered, staff", "/events", STAFF),
    Case("unfiltered, member of 300 sessions", "/events", MEMBER),
    Case("a session", "/events?sessionId=500", STAFF),
    Case("a session, by name", "/events?session=mx101-3", STAFF),
    Case("a sample", "/events?blSampleId=77", STAFF),
    Case("a proposal", "/events?proposal=mx77", STAFF),
    Case("status success", "/events?status=success", STAFF),
    Case("status failed", "/events?status=failed", STAFF),
    Case("status processed", "/events?status=processed", STAFF),
    Case("status processerror", "/events?status=processerror", STAFF),
    Case("from 50,000 on", "/events?skip=50000", STAFF),
    Case("types, staff", "/events/types", STAFF),
)
Cost = tuple[float, int, float]
"""Milliseconds, SQL statements, and milliseconds of the floor."""


def measure(database: Callable[[], str]) -> Iterable[Table]:
    """With totals kept from a request before, and worked out by the request itself."""
    found: dict[tuple[int, str], list[Cost]] = {}
    for size in SIZES:
        url = database()
        for kept, age in (("totals kept", 3600), ("totals fresh", 0)):
            found[size, kept] = asyncio.run(_costs(url, age, events(size) if age else ()))
    return [_table(kept, *(found[size, kept] for size in SIZES)) for kept in ("totals kept", "totals fresh")]


def _table(kept: str, small: list[Cost], large: list[Cost]) -> Table:
    table = Table(title=f"25 events of 200,000 data collections and of ten times as many, {kept}")
    for heading in ("case", "ms", "statements", "of the floor", "ms at ten times", "growth"):
        table.add_column(heading, justify="left" if heading == "case" else "right")
    for case, (first, statements, floor), (second, _, _) in zip(CASES, small, large, strict=True):
        of_floor = f"{floor / first:.2f}" if statements else ""
        table.add_row(
            case.title, f"{first:.1f}", str(statements), of_floor, f"{second:.1f}", f"{second / first:.2f}"
        )
    return table


async def _costs(url: str, age: int, statements: tuple[str, ...]) -> list[Cost]:
    await fill(url, statements)
    settings = {
        "auth.secret_key": "f2a81d0c6b7e4935a1c8e0d7b3f65429",
        "plugins.enabled": ["ispyb", "events"],
        "plugin.events.total_age": age,
        "database.url": url,
    }
    starbeam = Starbeam(load(None, {}, settings))
    transport = httpx.ASGITransport(starbeam.asgi)  # type: ignore[arg-type]
    where = make_url(url)
    floor = await asyncmy.connect(host=where.host, port=where.port, user=where.username, db=where.database)
    async with starbeam.asgi.lifespan(), httpx.AsyncClient(transport=transport) as client:
        costs = [await _cost(starbeam, client, floor, case) for case in CASES]
    await floor.ensure_closed()
    return costs


async def _cost(starbeam: Starbeam, client: httpx.AsyncClient, floor: Any, case: Case) -> Cost:
    """Of one case, after a request that is not counted."""
    token = starbeam.runtime.tokens.make(f"u{case.person}", case.person, ())
    sent: list[tuple[str, Any]] = []

    async def ask() -> None:
        sent.clear()
        answer = await client.get(ROOT + case.path, headers={"Authorization": f"Bearer {token}"})
        answer.raise_for_status()

    async def bare() -> None:
        async with floor.cursor() as cursor:
            rows = []
            for text, values in sent:
                await cursor.execute(text, values)
                rows.append(await cursor.fetchall())
        msgspec.json.encode(rows)

    def note(text: str, values: Any) -> None:
        sent.append((text, values))

    starbeam.database.watchers.append(note)
    ours = await _milliseconds(ask)
    starbeam.database.watchers.remove(note)
    return ours, len(sent), await _milliseconds(bare)


async def _milliseconds(work: Callable[[], Awaitable[None]]) -> float:
    """The median of several times, after one that is not counted."""
    await work()
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        await work()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)
