"""`python -m benchmarks.memory [REQUESTS]`: resident memory of a worker and its readers while they are asked.

Mixed requests first, by default 100,000, 16 at a time, each tenth with filters that nobody has sent before;
then a thousand frames, 64 at a time. A line every tenth: memory that is kept for good grows along; what is
bounded does not.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path

import h5py
import httpx
import numpy as np

from starbeam.auth.tokens import Tokens
from starbeam.settings import Auth
from support.beamline import fill
from support.commands import SECRET, Site

REQUESTS, FRAMES, LINES = 100_000, 1_000, 10
CLIENTS, PULLERS = 16, 64
SIDE = 2000
"""Pixels of a frame, in both directions: 16 MB."""
ROOT = "/ispyb/api/v1"
PLUGINS = ["auth_dummy", "ispyb", "proposals", "samples", "datacollections", "processing", "events", "data"]
MIXED = (
    *("/events", "/events?status=success", "/events/types", "/sessions?limit=100", "/proposals"),
    *("/samples", "/proteins?search={}", "/sessions?proposal=p{}", "/user/current", "/missing/{}"),
)
"""`{}` stands for a number that is never sent again."""


def main() -> None:
    """Serve, ask and tell."""
    requests = int(sys.argv[1]) if sys.argv[1:] else REQUESTS
    with tempfile.TemporaryDirectory() as folder:
        site, token = _site(Path(folder))
        with site.serving("serve", "--config", str(site.config)) as server:
            asyncio.run(_run(server.port, server.process.pid, token, requests))
            server.end()


def _site(folder: Path) -> tuple[Site, str]:
    """A server with one data collection of frames, and a token for it."""
    pixels = np.random.default_rng(1).poisson(3, (8, SIDE, SIDE)).astype("<u4")
    with h5py.File(folder / "frames.h5", "w") as written:
        written["raw"] = pixels
    site = Site(folder, plugins=PLUGINS, more=f'[files]\nroots = ["{folder}"]\n')
    site.make_database()
    person = asyncio.run(fill(f"sqlite+aiosqlite:///{folder}/union.db", folder, "frames.h5"))
    return site, Tokens(Auth(secret_key=SECRET)).make("boss", person, ())


async def _run(port: int, server: int, token: str, requests: int) -> None:
    # less than the 5 s after which the server ends an idle connection, else one is used while it ends
    limits = httpx.Limits(max_connections=PULLERS, keepalive_expiry=1)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}{ROOT}",
        headers={"Authorization": f"Bearer {token}"},
        limits=limits,
        timeout=300,
    ) as client:
        numbers = count()

        async def mixed() -> None:
            number = next(numbers)
            await client.get(MIXED[number % len(MIXED)].format(number))

        async def frame() -> None:
            path = f"/raw&selection={next(numbers) % 8}"
            (
                await client.get(f"/data/h5grove/data?dataCollectionId=1&format=bin&path={path}")
            ).raise_for_status()

        await frame()  # readers start when they are needed
        for title, work, many, clients in (
            ("requests", mixed, requests, CLIENTS),
            ("frames", frame, FRAMES, PULLERS),
        ):
            for part in range(LINES + 1):
                if part:
                    await _ask(work, many // LINES, clients)
                told = ", ".join(f"{name} {size} MB" for name, size in _resident(server))
                print(f"{part * many // LINES:>8} {title}: {told}", flush=True)


async def _ask(work: Callable[[], Awaitable[None]], times: int, clients: int) -> None:
    """So many times, by so many at once."""
    left = iter(range(times))

    async def one() -> None:
        for _ in left:
            await work()

    await asyncio.gather(*(one() for _ in range(clients)))


def _resident(server: int) -> Iterator[tuple[str, int]]:
    """MB of the worker and of each of its readers, without and with what they share."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(server)], capture_output=True, text=True, check=True
    )
    for place, process in enumerate([str(server), *listed.stdout.split()]):
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        sizes = {line.split(":")[0]: int(line.split()[1]) // 1024 for line in lines if line.startswith("Rss")}
        name = f"reader {place}" if place else "worker"
        yield name, sizes["RssAnon"] + sizes["RssFile"]
        yield f"{name} shared", sizes["RssShmem"]


if __name__ == "__main__":
    main()
