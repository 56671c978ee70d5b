"""`python -m benchmarks.scaling [SECONDS]`: what 1, 2 and 4 workers serve, and whose time it takes.

200,000 data collections in MariaDB; staff ask for three lists in turn, each by 16 clients of wrk. Requests a
second need a quiet machine; the time of processors that a request takes, of workers and database, does not.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.__main__ import MEMORY
from benchmarks.databases import STAFF, events, fill
from benchmarks.load import CLIENTS, measure
from starbeam.auth.tokens import Tokens
from starbeam.settings import Auth
from support import mariadb
from support.commands import SECRET, Site

WORKERS = 1, 2, 4
SECONDS = 10
ASKED = {
    "proposals": "/proposals",
    "events of a session": "/events?sessionId=500",
    "the newest events": "/events",
}
PLUGINS = ["auth_dummy", "ispyb", "proposals", "samples", "datacollections", "events"]
_TICK = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure, and print a table."""
    seconds = int(sys.argv[1]) if sys.argv[1:] else SECONDS
    server = mariadb.start(MEMORY)
    try:
        url = asyncio.run(server.fresh_database("union"))
        asyncio.run(fill(url, events()))
        Console(width=120).print(_table(url, server.process, seconds))
    finally:
        server.stop()


def _table(url: str, database: int, seconds: int) -> Table:
    load = os.getloadavg()[0]
    table = Table(title=f"{os.cpu_count()} cores, load of {load:.1f} before")
    names = "asked for", "workers", "requests/s", "p50 ms", "p99 ms", "worker ms", "database ms", "database"
    for name in names:
        table.add_column(name, justify="left" if name == "asked for" else "right")
    token = Tokens(Auth(secret_key=SECRET)).make(f"u{STAFF}", STAFF, ())
    for workers in WORKERS:
        with tempfile.TemporaryDirectory() as folder:
            site = Site(Path(folder), PLUGINS, url)
            with site.serving("serve", "--config", str(site.config), "--workers", str(workers)) as running:
                for name, path in ASKED.items():
                    address = f"http://127.0.0.1:{running.port}/ispyb/api/v1{path}"
                    table.add_row(
                        name, str(workers), *_row(address, token, running.process.pid, database, seconds)
                    )
                running.end()
    return table


def _row(url: str, token: str, server: int, database: int, seconds: int) -> list[str]:
    before = _of_tree(server), _of_tree(database)
    found = measure(url, CLIENTS, seconds, token)
    after = _of_tree(server), _of_tree(database)
    answered = found.per_second * (seconds + 1)  # wrk warms up for a second
    worker, data = (1000 * (then - now) / answered for now, then in zip(before, after, strict=True))
    rates = [f"{value:.0f}" for value in (found.per_second, found.p50, found.p99)]
    return [*rates, f"{worker:.1f}", f"{data:.1f}", f"{100 * data / (worker + data):.0f} %"]


def _of_tree(process: int) -> float:
    """Seconds of processors that a process and those that it started have taken."""
    used = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True, text=True, check=False
    )
    return (int(used[11]) + int(used[12])) / _TICK + sum(_of_tree(int(one)) for one in listed.stdout.split())


if __name__ == "__main__":
    main()
