"""Events: the page that everybody has open, for one caller after the other, at two sizes of the database.

With totals kept from a request before; what a new server needs for its first answers is measured apart.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

import httpx
from rich.table import Table

from benchmarks.databases import MEMBER, STAFF, events, fill
from benchmarks.suite import Case, Suite
from starbeam.app import Starbeam
from starbeam.settings import load

PLUGINS = ("ispyb", "events")
SIZES = {"200,000 data collections": 1, "2,000,000 data collections": 10}
CASES = (
    Case("unfiltered, staff", "/events", STAFF, 1, 3),
    Case("unfiltered, member of 300 sessions", "/events", MEMBER, 1, 3),
    Case("a session", "/events?sessionId=500", STAFF, 1, 3),
    Case("a session, by name", "/events?session=mx101-3", STAFF, 1, 3),
    Case("a sample", "/events?blSampleId=77", STAFF, 1, 3),
    Case("a proposal", "/events?proposal=mx77", STAFF, 1, 3),
    Case("status success", "/events?status=success", STAFF, 1, 3),
    Case("status failed", "/events?status=failed", STAFF, 1, 3),
    Case("status processed", "/events?status=processed", STAFF, 1, 3),
    Case("status processerror", "/events?status=processerror", STAFF, 1, 3),
    Case("from 50,000 on", "/events?skip=50000", STAFF, 1, 3),
    Case("types, staff", "/events/types", STAFF, 1, 3),
)
SUITES = tuple(
    Suite(
        f"Events of {title}, totals kept", PLUGINS, events(size), CASES, (("plugin.events.total_age", 3600),)
    )
    for title, size in SIZES.items()
)


def measure(database: Callable[[], str]) -> Iterable[Table]:
    """The first answers of a new server: statements are built, totals counted, connections made."""
    table = Table(title="Events: the first answer of a new server, ms")
    table.add_column("case")
    found = []
    for title, size in SIZES.items():
        table.add_column(title, justify="right")
        url = database()
        asyncio.run(fill(url, events(size)))
        found.append([asyncio.run(_first(url, case)) for case in CASES])
    for case, *times in zip(CASES, *found, strict=True):
        table.add_row(case.title, *(f"{one:.0f}" for one in times))
    return [table]


async def _first(url: str, case: Case) -> float:
    """Milliseconds of the first request, in one process."""
    settings = {
        "auth.secret_key": "f2a81d0c6b7e4935a1c8e0d7b3f65429",
        "plugins.enabled": list(PLUGINS),
        "database.url": url,
    }
    starbeam = Starbeam(load(None, {}, settings))
    token = starbeam.tokens.make(f"u{case.person}", case.person, ())
    transport = httpx.ASGITransport(starbeam.asgi)  # type: ignore[arg-type]
    address = "http://test/ispyb/api/v1" + case.path
    async with starbeam.asgi.lifespan(), httpx.AsyncClient(transport=transport) as client:
        began = time.perf_counter()
        answer = await client.get(address, headers={"Authorization": f"Bearer {token}"})
        answer.raise_for_status()
        return (time.perf_counter() - began) * 1000
