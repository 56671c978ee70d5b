"""`make bench-plans`: whether what the database reads depends on luck, written to the documentation.

Every GET operation of the table of costs is asked as staff and as a member, on a tenth of the database. Then
the driver alone sends the statements of these first answers again, while MariaDB has other statistics of the
same tables, or its planner other settings. Counted is what it reads, which no load of the machine changes.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog
from asyncmy.errors import OperationalError

from benchmarks.everything import asked, crowd, system
from benchmarks.everything.asked import Asked
from benchmarks.everything.costs import Statements, ask, driver, noting
from starbeam.db import counts
from starbeam.registry import operations_of
from starbeam_testing.app import TestApp
from support import mariadb, world

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "plans.md"
MEMORY = "--innodb-buffer-pool-size=1G"
MARK = "<!-- table -->"
CALLERS = {"administrator": "staff", "regular": "member"}
TIMES = 1.5
"""Of the rows after `ANALYZE`: what reads more than that has a line …"""
NOTICED = 100
"""… where that is more by so many rows."""
FEW = 1_000
"""Rows of a table that is read whole rather than looked up in, when it is believed to be small."""
SECONDS = 5
"""A statement is given up then; what it has read until then counts."""

ANALYSED, OLDER, NONE, EMPTY = "after `ANALYZE`", "as 10.6", "no statistics", "statistics of empty tables"
AS_10_6 = (
    "SET SESSION optimizer_switch = 'default', optimizer_prune_level = 1,"
    " optimizer_adjust_secondary_key_costs = ''"
)
"""What 10.6 does otherwise than 10.11, of what 10.11 can be told: the switches are the same."""
_FIXED = "--innodb-stats-auto-recalc=OFF"
_ONE_PAGE = "--innodb-stats-persistent=OFF", "--innodb-stats-transient-sample-pages=1"
RESTORED = {
    EMPTY: (
        (_FIXED,),
        "UPDATE mysql.innodb_table_stats"
        " SET n_rows = 0, clustered_index_size = 1, sum_of_other_index_sizes = 0",
        "UPDATE mysql.innodb_index_stats"
        " SET stat_value = stat_name LIKE '%size' OR stat_name = 'n_leaf_pages'",
    ),
    NONE: (
        (_FIXED, *_ONE_PAGE),
        "DELETE FROM mysql.innodb_table_stats",
        "DELETE FROM mysql.innodb_index_stats",
    ),
}
"""Options that the server starts with, after these statements."""

Key = tuple[str, Asked]
"""Who asks, and what."""
Found = dict[str, dict[Key, int]]
"""Rows read, by state of the database."""


def main() -> None:
    """Measure, and write the page."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    counts.AGE = system.HOUR
    server = mariadb.start(MEMORY)
    try:
        found = asyncio.run(_run(server))
    finally:
        server.stop()
    head, _, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    PAGE.write_text(f"{head}{MARK}\n\n{_table(found)}\n", encoding="utf-8")


async def _run(server: mariadb.Server) -> Found:
    url = await server.fresh_database("community")
    async with system.whole(url, crowd.COLLECTIONS // 10) as app:
        noted = await _noted(app)
    found = {ANALYSED: await _read(url, noted), OLDER: await _read(url, noted, AS_10_6)}
    for state, (options, *changes) in RESTORED.items():
        connection = await driver(url)
        async with connection.cursor() as cursor:
            for change in changes:
                await cursor.execute(change)
        connection.close()
        server.shut_down()
        server.start(*options)
        found[state] = await _read(url, noted)
    return found


async def _noted(app: TestApp) -> dict[Key, Statements]:
    """The statements of the first answer to everything that is answered from the database."""
    starbeam = app.starbeam
    root = starbeam.settings.server.api_root
    reads = sorted(
        f"GET {one.path.removeprefix(root)}"
        for one in operations_of(starbeam.asgi)
        if one.path.startswith(root + "/") and one.method == "GET"
    )
    headers = await world.enter(app)
    found: dict[Key, Statements] = {}
    for login, caller in CALLERS.items():
        token = headers[login]["Authorization"].removeprefix("Bearer ")
        for one in (one for operation in reads for one in asked.of(operation)):
            noted: Statements = []
            starbeam.database.watchers.append(note := noting(noted))
            path = root + one.address.replace("{token}", token)
            status = await ask(starbeam.asgi, "GET", path, "" if "{token}" in one.address else token)
            starbeam.database.watchers.remove(note)
            if noted and status < 400:
                found[caller, one] = noted
    return found


async def _read(url: str, noted: Mapping[Key, Statements], settings: str = "") -> dict[Key, int]:
    """Rows and index entries that the database reads in the state in which it is."""
    connection = await driver(url)
    known: dict[str, int] = {}
    try:
        async with connection.cursor() as cursor:
            await cursor.execute(f"SET SESSION max_statement_time = {SECONDS}")
            if settings:
                await cursor.execute(settings)
            for text, values in (one for statements in noted.values() for one in statements):
                if (key := f"{text} {values!r}") not in known:
                    known[key] = await _rows(cursor, text, values)
    finally:
        connection.close()
    return {
        key: sum(known[f"{text} {values!r}"] for text, values in statements)
        for key, statements in noted.items()
    }


async def _rows(cursor: Any, text: str, values: Any) -> int:
    before = await _so_far(cursor)
    between = await _so_far(cursor)
    try:
        await cursor.execute(text, values)
        await cursor.fetchall()
    except OperationalError as stopped:
        print(f"{stopped}: {text[:100]} …", file=sys.stderr)
    return await _so_far(cursor) - between - (between - before)


async def _so_far(cursor: Any) -> int:
    """What the connection has read."""
    await cursor.execute("SHOW SESSION STATUS LIKE 'Handler\\_read%'")
    return sum(int(value) for _, value in await cursor.fetchall())


def _table(found: Found) -> str:
    """What the page has below its mark."""
    usual = found[ANALYSED]
    more = {state: {key for key in usual if _is_more(rows[key], usual[key])} for state, rows in found.items()}
    lines = ["| | the same rows | more | the most, by whom and where |", "|---|---:|---:|---|"]
    for state, rows in found.items():
        same = sum(rows[key] == usual[key] for key in usual)
        caller, one = worst = max(usual, key=lambda key: rows[key] - usual[key])
        most = f"{rows[worst]:,} instead of {usual[worst]:,}: {caller}, `{one.address}`"
        lines.append(f"| {state} | {same} | {len(more[state])} | {most if more[state] else ''} |")
    lines += [
        "",
        f"| caller | address | {ANALYSED} | {OLDER} | {NONE} | why |",
        "|---|---|---:|---:|---:|---|",
    ]
    for key in sorted(more[OLDER] | more[NONE], key=lambda key: (key[0] != "staff", key[1].address)):
        read = " | ".join(str(found[state][key]) for state in (ANALYSED, OLDER, NONE))
        why = _why(*key, max(found[OLDER][key], found[NONE][key]) - usual[key])
        lines.append(f"| {key[0]} | `{key[1].address}` | {read} | {why} |")
    return "\n".join(lines)


def _is_more(rows: int, usual: int) -> bool:
    return rows > TIMES * usual and rows > usual + NOTICED


def _why(caller: str, one: Asked, more: int) -> str:
    """Why it is left to the planner: the page explains these words."""
    if one.operation.startswith("GET /events"):
        return "newest"
    return "seen" if caller == "member" else "small" if more < FEW else "order"


if __name__ == "__main__":
    main()
