"""Builds large databases, serves them, and compares each case with the floor in the same run.

`python -m benchmarks [NAME …]` runs the suites of these modules of `benchmarks.suites`, by default of all.
"""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import httpx
import structlog
from rich.console import Console
from rich.table import Table

from benchmarks.databases import fill
from benchmarks.load import Measured, measure
from benchmarks.serving import bare, starbeam
from benchmarks.suite import Case, Suite, found
from starbeam.app import Starbeam
from starbeam.settings import load
from support import mariadb

SECRET = "f2a81d0c6b7e4935a1c8e0d7b3f65429"
MEMORY = "--innodb-buffer-pool-size=2G"
"""So that the tables of the largest database fit."""

ROOT = "/ispyb/api/v1"

Statements = list[tuple[str, Any]]


def main() -> None:
    """Measure the suites that the command line names, and print a table for each."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    console = Console(width=max(120, Console().width))
    suites = found()
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(f"{__doc__}\nThere are {', '.join(suites)}.")
        return
    if unknown := set(sys.argv[1:]) - set(suites):
        raise SystemExit(f"There is no {', '.join(sorted(unknown))}, but {', '.join(suites)}.")
    server = mariadb.start(MEMORY)

    def database() -> str:
        return asyncio.run(server.fresh_database("union"))

    for name in sys.argv[1:] or suites:
        for suite in getattr(suites[name], "SUITES", ()):
            console.print(_run(suite, database(), console))
        for table in getattr(suites[name], "measure", _nothing)(database):
            console.print(table)
    server.stop()


def _nothing(database: Callable[[], str]) -> Iterable[Table]:
    return ()


def _run(suite: Suite, url: str, console: Console) -> Table:
    """Fill the database, and measure every case of a suite."""
    with console.status(f"{suite.title}: filling the database"):
        asyncio.run(fill(url, suite.fill))
    settings = {
        "auth.secret_key": SECRET,
        "plugins.enabled": list(suite.plugins),
        "database.url": url,
        **dict(suite.settings),
    }
    starbeam = Starbeam(load(None, {}, settings))
    tokens = {case: starbeam.tokens.make(f"u{case.person}", case.person, ()) for case in suite.cases}
    captured = asyncio.run(_capture(starbeam, tokens))
    with tempfile.TemporaryDirectory() as folder:
        results = _measure(Path(folder), settings, tokens, captured, console)
    return _report(suite, results, captured)


async def _capture(starbeam: Starbeam, tokens: dict[Case, str]) -> dict[Case, Statements]:
    """The statements that each case runs when it has been asked before, as sent to the driver."""
    found: dict[Case, Statements] = {}
    transport = httpx.ASGITransport(starbeam.asgi)  # type: ignore[arg-type]
    async with (
        starbeam.asgi.lifespan(),
        httpx.AsyncClient(transport=transport, base_url="http://test" + ROOT) as client,
    ):
        for case in tokens:
            noted: Statements = []
            headers = {"Authorization": f"Bearer {tokens[case]}"}

            def note(text: str, values: Any, to: Statements = noted) -> None:
                to.append((text, values))

            await client.get(case.path, headers=headers)
            starbeam.database.watchers.append(note)
            answer = await client.get(case.path, headers=headers)
            starbeam.database.watchers.remove(note)
            answer.raise_for_status()
            found[case] = noted
    return found


def _measure(
    folder: Path,
    settings: dict[str, Any],
    tokens: dict[Case, str],
    captured: dict[Case, Statements],
    console: Console,
) -> dict[Case, tuple[Measured, Measured]]:
    """Starbeam and the floor, one after the other, case by case."""
    config = folder / "bench.toml"
    config.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items()))
    work = folder / "floor"
    paths = {f"/{number}": captured[case] for number, case in enumerate(tokens)}
    work.write_bytes(pickle.dumps({"url": settings["database.url"], "paths": paths}))
    results = {}
    with starbeam(config) as api, bare("benchmarks.floor:app", FLOOR=str(work)) as floor:
        for number, case in enumerate(tokens):
            console.print(f"measuring: {case.title}", style="dim")
            how = case.clients, case.seconds
            measured = measure(f"{api}{ROOT}{case.path}", *how, tokens[case])
            results[case] = measured, measure(f"{floor}/{number}", *how)
    return results


def _report(
    suite: Suite, results: dict[Case, tuple[Measured, Measured]], captured: dict[Case, Statements]
) -> Table:
    table = Table(title=f"{suite.title}; one worker")
    for heading in (
        "case",
        "clients",
        "requests/s",
        "p50 ms",
        "p99 ms",
        "statements",
        "floor requests/s",
        "of the floor",
    ):
        table.add_column(heading, justify="left" if heading == "case" else "right")
    for case, (ours, floor) in results.items():
        ratio = ours.per_second / floor.per_second if floor.per_second else float("nan")
        numbers = f"{ours.per_second:.1f}", f"{ours.p50:.1f}", f"{ours.p99:.1f}", str(len(captured[case]))
        table.add_row(case.title, str(case.clients), *numbers, f"{floor.per_second:.1f}", f"{ratio:.2f}")
    return table


if __name__ == "__main__":
    main()
