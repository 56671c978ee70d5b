"""The server that is attacked: a member may write in a folder of it, and a file lies outside."""

from __future__ import annotations

import asyncio
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from starbeam.auth.tokens import Tokens
from starbeam.settings import Auth
from starbeam_ispyb import models as m
from starbeam_testing.app import TestDatabase
from support.beamline import fill
from support.commands import SECRET, Running, Site

T = TypeVar("T")

ROOT = "/ispyb/api/v1"
PLUGINS = ["auth_dummy", "ispyb", "proposals", "datacollections", "admin", "data", "events"]
SNAPSHOT = 1000
"""The data collection that has a snapshot."""
BACKEND = """
backend_name = "slow"

@hookimpl
def register_auth_backends(self, ctx):
    return [Slow(name) for name in ctx.backends]
"""
SLOW = """
import asyncio
from starbeam.auth.backends import AuthBackend, Identity

class Slow(AuthBackend):
    async def authenticate(self, credentials):
        await asyncio.sleep(2.5)
        return Identity("boss") if credentials.password == "right" else None
"""


class Victim:
    """A running server, and two people who may see everything in it."""

    def __init__(self, running: Running, people: dict[str, int]) -> None:
        self.running = running
        self.url = f"http://127.0.0.1:{running.port}{ROOT}"
        tokens = Tokens(Auth(secret_key=SECRET))
        self.boss, self.other = (
            {"Authorization": f"Bearer {tokens.make(name, person, ())}"} for name, person in people.items()
        )

    def get(self, address: str, /, who: dict[str, str] | None = None, **query: Any) -> httpx.Response:
        """Ask for an address, as `boss` where nobody is named."""
        return httpx.get(self.url + address, params=query or None, headers=who or self.boss, timeout=120)

    def image(self, key: int) -> httpx.Response:
        """The first image of a data collection."""
        return self.get("/data/images", dataCollectionId=key, imageNumber=1)

    def log_in(self, **body: str) -> int:
        """The status of a try to log in."""
        return httpx.post(f"{self.url}/auth/login", json=body, timeout=120).status_code

    def connect(self) -> socket.socket:
        """A connection with a small buffer, that nothing was said on."""
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        client.settimeout(60)
        client.connect(("127.0.0.1", self.running.port))
        return client

    def memory(self) -> int:
        """MB of the server's process now."""
        return _megabytes(self.running.process.pid, "VmRSS")

    def most_of_readers(self) -> int:
        """The most MB that one of its readers has had."""
        folder = Path(f"/proc/{self.running.process.pid}/task")
        children = {int(one) for task in folder.iterdir() for one in (task / "children").read_text().split()}
        return max((_megabytes(child, "VmHWM") for child in children), default=0)


def _megabytes(process: int, name: str) -> int:
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:  # it has ended
        return 0
    return next((int(line.split()[1]) >> 10 for line in lines if line.startswith(name)), 0)


@contextmanager
def attacked(write: Callable[[Path, Path], list[str]]) -> Iterator[Victim]:
    """A server on SQLite, after `write` put files into its folder, and one outside; it names the files of the
    data collections, with keys from 1 on."""
    with tempfile.TemporaryDirectory(prefix="starbeam-hostile-") as made:
        folder, outside = Path(made, "data"), Path(made, "outside")
        folder.mkdir()
        outside.mkdir()
        more = f'[files]\nroots = ["{folder}"]\n[auth.backends.slow]\nuse = "slow"\n'
        site = Site(Path(made), plugins=PLUGINS, more=more)
        site.add_plugin("slow", BACKEND, SLOW)
        site.make_database()
        people = asyncio.run(_fill(f"sqlite+aiosqlite:///{made}/union.db", folder, write(folder, outside)))
        secret = {"STARBEAM_AUTH__SECRET_KEY": SECRET}
        with site.serving("serve", "--config", str(site.config), **secret) as running:
            yield Victim(running, people)


async def _fill(url: str, folder: Path, names: list[str]) -> dict[str, int]:
    """The keys of the two people."""
    boss = await fill(url, folder, *names)
    db = TestDatabase(url)
    await db.person("boss", "manage_groups")
    other = await db.person("other", "all_proposals")
    snapshot = {"xtalSnapshotFullPath1": str(folder / "snapshot.html")}
    await db.add(m.DataCollection, dataCollectionId=SNAPSHOT, dataCollectionGroupId=1, **snapshot)
    await db.engine.dispose()
    return {"boss": boss, "other": other}


def at_once(number: int, work: Callable[[int], T]) -> list[T]:
    """What each of so many does at the same time."""
    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(work, range(number)))


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What something gives, and the seconds that it took."""
    began = time.perf_counter()
    return work(), time.perf_counter() - began
