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
from support.beamline import fill
from support.commands import SECRET, Site

ADDRESS = "/ispyb/api/v1/data/h5grove/data?dataCollectionId=1&format=bin&path=/values&selection={}"
ROWS, ROW = 6, 8 << 20
"""Rows of eight million numbers of 32 bits: 32 MiB each, more than a window and what the network takes."""


@contextmanager
def serving(folder: Path, limit: float) -> Iterator[tuple[int, dict[str, str]]]:
    """A server with two readers: its port, and the headers of somebody who sees the file."""
    options = f'[files]\nroots = ["{folder}"]\n[plugin.data]\ntime_limit = {limit}\n'
    site = Site(folder, plugins=["auth_dummy", "ispyb", "data"], more=options)
    site.make_database()
    person = asyncio.run(fill(f"sqlite+aiosqlite:///{folder}/union.db", folder, "large.h5"))
    token = Tokens(Auth(secret_key=SECRET)).make("boss", person, ())
    with site.serving("serve", "--config", str(site.config)) as server:
        yield server.port, {"Authorization": f"Bearer {token}"}


class Slow:
    """A client that asks for a row, and takes a little of the answer when it is told to."""

    def __init__(self, port: int, headers: dict[str, str], row: int) -> None:
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
    with serving(tmp_path, 20) as (port, headers):
        gone = Slow(port, headers, 4)
        gone.socket.recv(1)
        gone.socket.close()
        clients = [Slow(port, headers, row) for row in range(4)]
        with ThreadPoolExecutor() as pool:
            list(pool.map(Slow.take, clients, (0.02, 0.01, 0.005, 0)))
    for row, client in enumerate(clients):
        assert client.body == rows[row].tobytes(), row


def test_who_takes_nothing_keeps_no_reader(tmp_path: Path, rows: np.ndarray) -> None:
    with serving(tmp_path, 5) as (port, headers):
        clients = [Slow(port, headers, row) for row in (0, 1)]
        time.sleep(8)  # both readers are waited for longer than the limit
        fast = httpx.get(f"http://127.0.0.1:{port}{ADDRESS.format(5)}", headers=headers, timeout=30)
        for client in clients:
            client.take()
    assert fast.content == rows[5].tobytes()
    for row, client in enumerate(clients):
        assert 0 < len(client.body) < rows[row].nbytes  # the connection ended
        assert rows[row].tobytes().startswith(client.body)
