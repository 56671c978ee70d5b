"""`python -m benchmarks.everything [--full] [PLUGIN …]`: what each operation costs, as clients ask it.

Of all plugins on both sizes, for everybody, on all databases and over HTTP, and the table in the
documentation is written again. Of some plugins on a tenth of the database, for staff alone: a minute for one;
with `--full` as of all, and their lines of the table are written again.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import tempfile
from collections.abc import Iterable
from typing import Any, NamedTuple

import structlog
from rich.console import Console
from rich.table import Table
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.everything import asked, crowd, system, table
from benchmarks.everything.asked import Asked
from benchmarks.everything.costs import Cost, MariaDB, Nothing, Server, driver, measure
from benchmarks.everything.served import over_http
from starbeam.db import counts, sqlite
from starbeam.registry import CORE, operations_of
from starbeam_ddl import ddl
from starbeam_ddl.facts import Flavour
from starbeam_testing.app import TestApp
from support import mariadb, world
from support.workspace import whole_system

MEMORY = "--innodb-buffer-pool-size=1G"
TENTH = crowd.COLLECTIONS // 10
STAFF, MEMBER, NOBODY = "administrator", "regular", "stranger"
YARDSTICK = Asked("GET /events", f"/events?sessionId={crowd.FIRST}")
"""The page that everything is compared with."""

Costs = dict[Asked, Cost]


def main() -> None:
    """Measure, print, and with `--full` write the page."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    parser = argparse.ArgumentParser(prog="benchmarks.everything", description=__doc__)
    parser.add_argument("--full", action="store_true", help="of these plugins too, and write their lines")
    parser.add_argument("plugins", nargs="*", metavar="PLUGIN", help="of these plugins only")
    given = parser.parse_args()
    if unknown := {*given.plugins} - {*whole_system(), CORE}:
        parser.error(f"there is no {', '.join(sorted(unknown))}, but {', '.join(whole_system())}, {CORE}")
    counts.AGE = system.HOUR
    server = mariadb.start(MEMORY)
    try:
        asyncio.run(_run(server, frozenset(given.plugins), full=given.full or not given.plugins))
    finally:
        server.stop()


async def _run(server: mariadb.Server, plugins: frozenset[str], *, full: bool) -> None:
    console = Console(width=max(160, Console().width))
    small = await _on_mariadb(server, "community", TENTH, plugins)
    if not full:
        console.print(_shown(small))
        return
    large = await _on_mariadb(
        server, "community", crowd.COLLECTIONS, plugins, (STAFF, MEMBER, NOBODY), served=True
    )
    diamond = await _on_mariadb(server, "diamond", TENTH, plugins)
    embedded = await _on_sqlite(plugins)
    lines = {
        (one.operation, one.address): _line(one, cost, large, small, diamond, embedded)
        for one, cost in large.costs[STAFF].items()
    }
    table.write(lines, large.operations)
    console.print(_shown(large))


class Found(NamedTuple):
    """What was measured on one database, by caller."""

    operations: set[str]
    costs: dict[str, Costs]
    http: dict[Asked, tuple[str, str, str]]


async def _on_mariadb(
    server: mariadb.Server,
    flavour: Flavour,
    size: int,
    plugins: frozenset[str],
    callers: tuple[str, ...] = (STAFF,),
    *,
    served: bool = False,
) -> Found:
    url = await server.fresh_database(flavour)
    alone = await driver(url)
    try:
        async with system.whole(url, size) as app:
            return await _measured(
                app, MariaDB(server.process, await driver(url)), alone, plugins, callers, served
            )
    finally:
        alone.close()


async def _on_sqlite(plugins: frozenset[str]) -> Found:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/bench.db"
        engine = create_async_engine(url, connect_args=sqlite.connect_args())
        await ddl.create(engine, "union")
        await engine.dispose()
        async with system.whole(url, TENTH) as app:
            return await _measured(app, Nothing(), None, plugins, (STAFF,), served=False)


async def _measured(
    app: TestApp, server: Server, alone: Any, plugins: frozenset[str], callers: Iterable[str], served: bool
) -> Found:
    starbeam = app.starbeam
    root = starbeam.settings.server.api_root
    operations = {
        f"{one.method} {one.path.removeprefix(root)}": one.plugin
        for one in operations_of(starbeam.asgi)
        if one.path.startswith(root + "/") and one.method != "HEAD"
    }
    wanted = [name for name, plugin in operations.items() if not plugins or plugin in plugins]
    reads_first = sorted(wanted, key=lambda name: (not name.startswith("GET "), name))
    rows = [YARDSTICK, *(one for name in reads_first for one in asked.of(name))]
    headers = await world.enter(app)
    tokens = {login: header["Authorization"].removeprefix("Bearer ") for login, header in headers.items()}
    costs: dict[str, Costs] = {}
    for caller in callers:
        of_caller = [one for one in rows if caller == STAFF or one.operation.startswith("GET ")]
        costs[caller] = {
            one: await measure(starbeam, server, alone, *_request(one, root, tokens[caller]))
            for one in of_caller
        }
    return Found(set(operations), costs, over_http(starbeam, rows, tokens[STAFF]) if served else {})


def _request(one: Asked, root: str, token: str) -> tuple[str, str, str, Any]:
    """Method, path, token and body."""
    inside = "{token}" in one.address
    path = root + one.address.replace("{token}", token)
    return one.operation.split(" ")[0], path, "" if inside else token, one.body


def _cells(cost: Cost, page: Cost) -> dict[str, str]:
    return {
        "statements": str(cost.statements or ""),
        "rows read": str(cost.rows or ""),
        "first ms": f"{cost.first:.1f}",
        "worker ms": f"{cost.worker:.2f}",
        "database ms": f"{cost.database:.2f}",
        "pages": f"{cost.both / page.both:.2f}",
        "of the floor": f"{cost.floor / cost.both:.2f}" if cost.floor else "",
    }


def _line(
    one: Asked, cost: Cost, large: Found, small: Found, diamond: Found, embedded: Found
) -> dict[str, str]:
    """All cells of a line."""
    before = small.costs[STAFF].get(one)
    elsewhere = {
        "member ms": large.costs[MEMBER].get(one),
        "nobody ms": large.costs[NOBODY].get(one),
        "SQLite ms": embedded.costs[STAFF].get(one),
        "Diamond ms": diamond.costs[STAFF].get(one),
    }
    return {
        "operation": one.operation,
        "address": one.address,
        **_cells(cost, large.costs[STAFF][YARDSTICK]),
        "rows, tenth": str(before.rows or "") if before else "",
        "growth": f"{cost.both / before.both:.1f}" if before else "",
        **dict(zip(("requests/s", "p50 ms", "p99 ms"), large.http.get(one, ()), strict=False)),
        **{name: f"{other.both:.2f}" for name, other in elsewhere.items() if other and other.status < 400},
    }


def _shown(found: Found) -> Table:
    """What was measured for staff, the dearest first."""
    costs = found.costs[STAFF]
    names = ("status", *_cells(costs[YARDSTICK], costs[YARDSTICK]))
    shown = Table(*("address", *names), title="milliseconds of processors")
    for one, cost in sorted(costs.items(), key=lambda item: -item[1].both):
        method = one.operation.split(" ")[0]
        cells = _cells(cost, costs[YARDSTICK]).values()
        shown.add_row(("" if method == "GET" else f"{method} ") + one.address, str(cost.status), *cells)
    return shown


if __name__ == "__main__":
    main()
