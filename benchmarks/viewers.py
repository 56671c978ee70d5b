"""`python -m benchmarks.viewers [ROUNDS]`: what others notice while eight people play frames.

Frames of 4 million pixels, bitshuffled with LZ4, as pictures 1024 wide: each viewer asks for the next one
five times a second, later where it has to wait. In one run and in turn, five seconds each: nobody plays, all
do. Then the most memory that the server and its readers ever had.
"""

from __future__ import annotations

import asyncio
import http.client
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import httpx
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.suites.data import most_memory
from starbeam.auth.tokens import Tokens
from starbeam.settings import Auth
from starbeam_testing.app import TestDatabase
from support.beamline import fill
from support.commands import SECRET, Site

ROUNDS, SECONDS = 4, 5.0
VIEWERS, FRAMES, SIDE = 8, 16, 2000
EVERY = 0.2
API = "/ispyb/api/v1"
NAME = "frames_master.h5"


async def _people(folder: Path) -> list[str]:
    """The session with its frames, and tokens of people who see it."""
    url = f"sqlite+aiosqlite:///{folder}/union.db"
    await fill(url, folder, NAME)
    db, tokens = TestDatabase(url), Tokens(Auth(secret_key=SECRET))
    logins = [f"viewer{number}" for number in range(VIEWERS)]
    made = [tokens.make(login, await db.person(login, "all_proposals"), ()) for login in logins]
    await db.engine.dispose()
    return made


def _write(file: Path) -> None:
    pixels = np.random.default_rng(1).poisson(3, (FRAMES, SIDE, SIDE)).astype("<u4")
    with h5py.File(file, "w") as written:
        packed: dict[str, Any] = {"chunks": (1, SIDE, SIDE), **hdf5plugin.Bitshuffle(cname="lz4")}
        written.create_dataset("entry/data/data", data=pixels, **packed)


def play(port: int, tokens: list[str], shown: Any) -> None:
    """Each of these people plays for a while; how many pictures were shown is added up."""
    shown.value += asyncio.run(_play(port, tokens))


async def _play(port: int, tokens: list[str]) -> int:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}{API}", timeout=60) as client:
        viewers = (_view(client, token, number * 2) for number, token in enumerate(tokens))
        return sum(await asyncio.gather(*viewers))


async def _view(client: httpx.AsyncClient, token: str, first: int) -> int:
    loop = asyncio.get_running_loop()
    end, headers = loop.time() + SECONDS, {"Authorization": f"Bearer {token}"}
    for number in count(1):
        due = loop.time() + EVERY
        image = 1 + (first + number) % FRAMES
        answer = await client.get(f"/data/frames/1/{image}/picture?width=1024", headers=headers)
        answer.raise_for_status()
        await asyncio.sleep(due - loop.time())
        if loop.time() >= end:
            return number
    raise AssertionError


def _ask(port: int, goes_on: Callable[[], bool]) -> list[float]:
    """Milliseconds that `/health/live` takes, a hundred times a second."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    found = []
    while goes_on():
        began = time.perf_counter()
        connection.request("GET", "/health/live")
        connection.getresponse().read()
        found.append((time.perf_counter() - began) * 1000)
        time.sleep(0.01)
    connection.close()
    return found


def _rounds(port: int, tokens: list[str], rounds: int) -> tuple[list[float], list[float], int]:
    """What `/health/live` took while nobody played, and while all did; how many pictures they saw."""
    quiet: list[float] = []
    beside: list[float] = []
    context = get_context("fork")
    shown = context.Value("i", 0)
    for _ in range(rounds):
        end = time.monotonic() + SECONDS
        quiet += _ask(port, lambda end=end: time.monotonic() < end)  # type: ignore[misc]
        viewers = context.Process(target=play, args=(port, tokens, shown))
        viewers.start()
        beside += _ask(port, viewers.is_alive)
        viewers.join()
    return quiet, beside, shown.value


def main() -> None:
    """Serve, play and tell."""
    rounds = int(sys.argv[1]) if sys.argv[1:] else ROUNDS
    table = Table("/health/live", "p50 ms", "p99 ms")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _write(folder / NAME)
        site = Site(folder, ["auth_dummy", "ispyb", "data"], more=f'[files]\nroots = ["{folder}"]\n')
        site.make_database()
        tokens = asyncio.run(_people(folder))
        with site.serving("serve", "--config", str(site.config)) as server:
            asyncio.run(_play(server.port, tokens))  # readers start when they are needed
            *latencies, shown = _rounds(server.port, tokens, rounds)
            memory = most_memory(server.process.pid)
            server.end()
    for name, found in zip(("nobody plays", f"{VIEWERS} play"), latencies, strict=True):
        p50, p99 = statistics.median(found), statistics.quantiles(found, n=100)[-1]
        table.add_row(name, f"{p50:.1f}", f"{p99:.1f}")
    console = Console(width=80)
    console.print(table)
    console.print(f"{shown / (rounds * SECONDS * VIEWERS):.1f} pictures a second for each")
    console.print(", ".join(f"{name} {megabytes} MB" for name, megabytes in memory.items()))


if __name__ == "__main__":
    main()
