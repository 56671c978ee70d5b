"""Clients that take large answers slowly, late or not to the end, from a running server."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import h5py
import httpx
import numpy as np
import pytest

from starbeam.auth.tokens import Tokens
from starbeam.settings import Auth
from starbeam_data.protocol import SLOT, WINDOW
from starbeam_testing.app import TestDatabase
from support.beamline import fill
from support.commands import SECRET, Running, Site
from support.processes import established

ADDRESS = "/ispyb/api/v1/data/h5grove/data?dataCollectionId=1&format=bin&path=/values&selection={}"
ROWS, ROW = 6, 8 << 20
"""Rows of eight million numbers of 32 bits: 32 MiB each, more than a window and what the network takes."""


@contextmanager
def serving(folder: Path, limit: float) -> Iterator[tuple[Running, dict[str, str], dict[str, str]]]:
    """A server, and the headers of two people who see the file."""
    options = f'[files]\nroots = ["{folder}"]\n[plugin.data]\ntime_limit = {limit}\n'
    site = Site(folder, plugins=["auth_dummy", "ispyb", "data"], more=options)
    site.make_database()
    url = f"sqlite+aiosqlite:///{folder}/union.db"
    people = {"boss": asyncio.run(fill(url, folder, "large.h5")), "other": asyncio.run(add(url, "other"))}
    tokens = Tokens(Auth(secret_key=SECRET))
    boss, other = (
        {"Authorization": f"Bearer {tokens.make(name, person, ())}"} for name, person in people.items()
    )
    with site.serving("serve", "--config", str(site.config)) as server:
        yield server, boss, other


async def add(url: str, login: str) -> int:
    """The key of one more person who sees everything."""
    db = TestDatabase(url)
    person = await db.person(login, "all_proposals")
    await db.engine.dispose()
    return person


class Slow:
    """A client that asks for a row, and takes a little of the answer when it is told to."""

    def __init__(self, port: int, headers: dict[str, str], row: object) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        self.socket.settimeout(30)
        self.socket.connect(("127.0.0.1", port))
        lines = [f"GET {ADDRESS.format(row)} HTTP/1.1", "Host: localhost", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.received = bytearray()

    def take(self, pause: float = 0) -> None:
        """Take all that comes, with a pause after each piece."""
        while piece := self.socket.recv(3 << 20):
            self.received += piece
            time.sleep(pause)
        self.socket.close()

    @property
    def body(self) -> bytes:
        return bytes(self.received).partition(b"\r\n\r\n")[2]


@pytest.fixture
def rows(tmp_path: Path) -> np.ndarray:
    """What the file holds: no two numbers are the same."""
    values = np.arange(ROWS * ROW, dtype="<u4").reshape(ROWS, ROW)
    with h5py.File(tmp_path / "large.h5", "w") as file:
        file["values"] = values
    return values


def test_slow_clients_get_what_they_asked_for(tmp_path: Path, rows: np.ndarray) -> None:
    with serving(tmp_path, 20) as (server, headers, _):
        port = server.port
        gone = Slow(port, headers, 4)
        gone.socket.recv(1)
        gone.socket.close()
        clients = [Slow(port, headers, row) for row in range(4)]
        with ThreadPoolExecutor() as pool:
            list(pool.map(Slow.take, clients, (0.02, 0.01, 0.005, 0)))
    for row, client in enumerate(clients):
        assert client.body == rows[row].tobytes(), row


@pytest.mark.long
def test_who_takes_nothing_keeps_no_reader(tmp_path: Path, rows: np.ndarray) -> None:
    with serving(tmp_path, 8) as (server, headers, _):
        port = server.port
        clients = [Slow(port, headers, row) for row in (0, 1)]
        server.wait_for(lambda: not established(port))  # the limit is over
        fast = httpx.get(f"http://127.0.0.1:{port}{ADDRESS.format(5)}", headers=headers, timeout=120)
        for client in clients:
            client.take()
    assert fast.content == rows[5].tobytes()
    for row, client in enumerate(clients):
        assert 0 < len(client.body) < rows[row].nbytes  # the connection ended
        assert rows[row].tobytes().startswith(client.body)


def held(server: int) -> int:
    """Bytes of memory that answers of a server process have now."""
    for opened in Path(f"/proc/{server}/fd").iterdir():
        if "starbeam-windows" in str(opened.readlink()):
            return opened.stat().st_blocks * 512
    raise AssertionError("no windows")


@pytest.mark.long
def test_who_takes_nothing_keeps_little_memory_and_others_their_answers(
    tmp_path: Path, rows: np.ndarray
) -> None:
    with serving(tmp_path, 4) as (server, headers, others):
        clients = [Slow(server.port, headers, f"{row % ROWS},0:4000000") for row in range(40)]
        server.wait_for(lambda: held(server.process.pid) >= 10 * WINDOW)
        quick = httpx.get(f"http://127.0.0.1:{server.port}{ADDRESS.format(5)}", headers=others, timeout=120)
        assert quick.content == rows[5].tobytes()
        assert held(server.process.pid) <= 17 * WINDOW  # one person's sixteen, and the other's
        server.wait_for(lambda: held(server.process.pid) <= 40 * SLOT)  # what the network has not taken
        for client in clients:
            client.socket.close()
        server.wait_for(lambda: held(server.process.pid) == 0)
