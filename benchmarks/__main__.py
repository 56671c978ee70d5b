"""Builds a large database, serves it, and compares each case with the floor in the same run."""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import structlog
from rich.console import Console
from rich.table import Table
from sqlalchemy import event

from benchmarks.cases import CASES, Case
from benchmarks.databases import SESSIONS, fill
from benchmarks.load import CLIENTS, SECONDS, Measured, measure
from starbeam.app import Starbeam
from starbeam.settings import load
from support import mariadb

SETTINGS: dict[str, Any] = {
    "auth.secret_key": "f2a81d0c6b7e4935a1c8e0d7b3f65429",
    "plugins.enabled": ["ispyb", "proposals"],
}
ROOT = "/ispyb/api/v1"

Statements = list[tuple[str, Any]]


def main() -> None:
    """Measure every case and print the report."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    console = Console(width=max(120, Console().width))
    server = mariadb.start()
    url = asyncio.run(server.fresh_database("union"))
    with console.status("filling the database"):
        asyncio.run(fill(url, SESSIONS))
    starbeam = Starbeam(load(None, {}, {**SETTINGS, "database.url": url}))
    tokens = {case: starbeam.runtime.tokens.make(f"u{case.person}", case.person, ()) for case in CASES}
    captured = asyncio.run(_capture(starbeam, tokens))
    with tempfile.TemporaryDirectory() as folder:
        results = _measure(Path(folder), url, tokens, captured, console)
    console.print(_report(results, captured))
    server.stop()


async def _capture(starbeam: Starbeam, tokens: dict[Case, str]) -> dict[Case, Statements]:
    """The statements that each case runs, as sent to the driver."""
    found: dict[Case, Statements] = {}
    transport = httpx.ASGITransport(starbeam.asgi)  # type: ignore[arg-type]
    async with (
        starbeam.asgi.lifespan(),
        httpx.AsyncClient(transport=transport, base_url="http://test" + ROOT) as client,
    ):
        await client.get("/sessions?limit=1", headers={"Authorization": f"Bearer {tokens[CASES[0]]}"})
        for case in CASES:
            noted: Statements = []

            def note(
                connection: Any, cursor: Any, statement: str, values: Any, *rest: Any, to: Statements = noted
            ) -> None:
                to.append((statement, values))

            engine = starbeam.database.engines[0].sync_engine
            event.listen(engine, "before_cursor_execute", note)
            answer = await client.get(case.path, headers={"Authorization": f"Bearer {tokens[case]}"})
            event.remove(engine, "before_cursor_execute", note)
            answer.raise_for_status()
            found[case] = noted
    return found


def _measure(
    folder: Path, url: str, tokens: dict[Case, str], captured: dict[Case, Statements], console: Console
) -> dict[Case, tuple[Measured, Measured]]:
    """Starbeam and the floor, one after the other, case by case."""
    config = folder / "bench.toml"
    config.write_text(
        f'[database]\nurl = "{url}"\n[auth]\nsecret_key = "{SETTINGS["auth.secret_key"]}"\n'
        f"[plugins]\nenabled = {SETTINGS['plugins.enabled']}\n"
    )
    work = folder / "floor"
    paths = {f"/{number}": captured[case] for number, case in enumerate(CASES)}
    work.write_bytes(pickle.dumps({"url": url, "paths": paths}))
    binaries = Path(sys.executable).parent
    ours = [str(binaries / "starbeam"), "serve", "--config", str(config)]
    floor = [
        str(binaries / "uvicorn"),
        "benchmarks.floor:app",
        "--log-level",
        "critical",
        "--lifespan",
        "off",
    ]
    results = {}
    with _running(ours) as api, _running(floor, FLOOR=str(work)) as bare:
        for number, case in enumerate(CASES):
            console.print(f"measuring: {case.title}", style="dim")
            results[case] = measure(f"{api}{ROOT}{case.path}", tokens[case]), measure(f"{bare}/{number}")
    return results


@contextmanager
def _running(command: list[str], **environment: str) -> Iterator[str]:
    """A server as a process of its own, on a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _report(results: dict[Case, tuple[Measured, Measured]], captured: dict[Case, Statements]) -> Table:
    table = Table(title=f"25 rows of 100,000 sessions; one worker, {CLIENTS} clients, {SECONDS} s each")
    for heading in (
        "case",
        "requests/s",
        "p50 ms",
        "p99 ms",
        "statements",
        "floor requests/s",
        "of the floor",
    ):
        table.add_column(heading, justify="left" if heading == "case" else "right")
    for case, (ours, floor) in results.items():
        ratio = ours.per_second / floor.per_second
        numbers = f"{ours.per_second:.0f}", f"{ours.p50:.1f}", f"{ours.p99:.1f}", str(len(captured[case]))
        table.add_row(case.title, *numbers, f"{floor.per_second:.0f}", f"{ratio:.2f}")
    return table


if __name__ == "__main__":
    main()
