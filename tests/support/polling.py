"""Many people who have a page open: what it asks again and again, and what the server needs for it.

`python -m support.polling [SECONDS [WORKERS …]]` serves MariaDB with one worker and with two, and writes
`docs/reference/load.md`.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from statistics import median, quantiles

from starbeam.auth.tokens import Tokens
from starbeam.settings import Auth
from starbeam_testing.app import TestDatabase
from support import mariadb, world
from support.commands import SECRET, Running, Site
from support.workspace import ROOT

CLIENTS, SECONDS, LOOK = 64, 600, 5
PLUGINS = ["auth_dummy", "ispyb", "proposals", "samples", "datacollections", "processing", "events", "data"]
API = "/ispyb/api/v1"
POLLED = (
    "/events?sessionId=1&limit=10",
    "/processings/status?dataCollectionIds=[1]",
    "/events/types?sessionId=1",
    "/sessions/1",
    "/events?limit=25",
    "/datacollections/images/1",
    "/samples?limit=25",
    "/sessions?limit=25",
    "/data/h5grove/meta?dataCollectionId=1&path=/",
    "/user/current",
    "/processings/results?sessionId=1&dataCollectionId=1",
)
"""What a page of a session asks for, again and again; with the ETag that it has."""
PEOPLE = ("session_member", "administrator")
"""Who has the page open: everybody sees session 1."""
ROWS = 300
"""How many more sessions there are, with all that hangs on them."""


@dataclass
class Polled:
    """What clients got."""

    times: list[float] = field(default_factory=list)
    """Seconds that each answer took."""
    statuses: Counter[int] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    """Why connections broke."""

    @property
    def faults(self) -> list[tuple[object, int]]:
        """All that is no right answer, each with how often."""
        wrong = [(status, times) for status, times in self.statuses.items() if status not in (200, 304)]
        return [*Counter(self.lost).items(), *wrong]


@dataclass(frozen=True)
class Held:
    """What the processes of a server hold: MB of memory of their own, and descriptors."""

    memory: int
    descriptors: int


def held(server: int) -> Held:
    """What a server, its workers and its readers hold now."""
    memory = descriptors = 0
    for process in family(server):
        try:
            said = Path(f"/proc/{process}/status").read_text()
            descriptors += len(list(Path(f"/proc/{process}/fd").iterdir()))
        except OSError:  # it has ended
            continue
        memory += sum(map(int, re.findall(r"RssAnon:\s+(\d+)", said)))
    return Held(memory // 1024, descriptors)


def family(process: int) -> Iterator[int]:
    """A process and all that it started."""
    yield process
    for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
        yield from family(int(child))


async def poll(running: Running, until: float, most: int | None = None) -> Polled:
    """What all clients get until a time, or until each has asked so often."""
    found, tokens = Polled(), Tokens(Auth(secret_key=SECRET))
    made = [tokens.make(login, world.PEOPLE[login], ()) for login in PEOPLE]
    clients = (
        _client(running.port, token, start, until, most, found)
        for start, token in zip(range(CLIENTS), cycle(made))
    )
    await asyncio.gather(*clients)
    return found


async def _client(port: int, token: str, start: int, until: float, most: int | None, found: Polled) -> None:
    """One client, with a connection of its own that stays open."""
    etags: dict[str, str] = {}
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for path in islice(cycle(POLLED), start, None if most is None else start + most):
            if time.monotonic() >= until:
                break
            began = time.monotonic()
            lines = [f"GET {API}{path} HTTP/1.1", "Host: x", f"Authorization: Bearer {token}"]
            lines += [f"If-None-Match: {etags[path]}"] if path in etags else []
            writer.write("\r\n".join([*lines, "", ""]).encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            if length := re.search(r"content-length: (\d+)", head):
                await reader.readexactly(int(length[1]))
            if etag := re.search(r"etag: (\S+)", head):
                etags[path] = etag[1]
            found.times.append(time.monotonic() - began)
            found.statuses[int(head.split()[1])] += 1
        writer.close()
    except (OSError, EOFError) as error:
        found.lost.append(repr(error))


async def site_of(folder: Path, url: str, rows: int = ROWS) -> Site:
    """A site with the small world and so many more rows in a database that has tables and none yet."""
    db = TestDatabase(url)
    await world.build(db, folder / "files", *PLUGINS)
    await world.multiply(db, rows)
    await db.engine.dispose()
    files = f'[files]\nroots = ["{folder}/files"]\npath_map = "{folder}/files"\n'
    return Site(folder, plugins=PLUGINS, url=url, more=files)


async def measured(running: Running, seconds: float) -> list[str]:
    """A row of the table."""
    until, looks = time.monotonic() + seconds, list[Held]()

    async def look() -> None:
        while time.monotonic() < until - LOOK:
            await asyncio.sleep(LOOK)
            looks.append(held(running.process.pid))

    found, _ = await asyncio.gather(poll(running, until), look())
    times = [1000 * one for one in quantiles(found.times, n=100)]
    third = max(len(looks) // 3, 1)
    parts = [looks[third : 2 * third] or looks, looks[-third:]]
    memory = " → ".join(f"{median(one.memory for one in part):.0f}" for part in parts)
    descriptors = " → ".join(f"{median(one.descriptors for one in part):.0f}" for part in parts)
    rate, p50, p99 = f"{len(found.times) / seconds:.0f}", f"{times[49]:.0f}", f"{times[98]:.0f}"
    errors = ", ".join(f"{times} × {what}" for what, times in found.faults) or "0"
    return [rate, p50, p99, memory, descriptors, str(len(found.times)), errors]


PAGE = """# Under load

{clients} clients that have a page of a session open: each asks what the page shows as soon as it has the
answer before, with the ETag that it has. {seconds} seconds each, on {processors} processors which server,
MariaDB and clients share. Memory (MB of their own of the server, its workers and its readers) and
descriptors are medians of the second third of the time and of the last: what is kept for good grows from one
to the other. Speed says little where a machine does other work too.
`make load` writes this page.

| workers | requests/s | p50 ms | p99 ms | memory MB | descriptors | requests | errors |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}
"""


def main() -> None:
    """Measure and write the page."""
    seconds = int(sys.argv[1]) if sys.argv[1:] else SECONDS
    server, rows = mariadb.start(), []
    for workers in sys.argv[2:] or ("1", "2"):
        with tempfile.TemporaryDirectory() as folder:
            url = asyncio.run(server.fresh_database("community"))
            site = asyncio.run(site_of(Path(folder), url))
            with site.serving("serve", "--config", str(site.config), "--workers", workers) as running:
                rows.append(f"| {workers} | {' | '.join(asyncio.run(measured(running, seconds)))} |")
                print(rows[-1], flush=True)
                running.end()
                told = Counter(one["event"] for one in running.events() if one["level"] != "info")
                print(*told.items(), sep="\n", flush=True)
    server.stop()
    processors = subprocess.check_output(["nproc"], text=True).strip()
    page = PAGE.format(clients=CLIENTS, seconds=seconds, processors=processors, rows="\n".join(rows))
    (ROOT / "docs" / "reference" / "load.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
