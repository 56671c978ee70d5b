"""`/events/stream` of servers in processes of their own: several workers, a restart, the end."""

from __future__ import annotations

import signal
import socket
import sqlite3
import subprocess
import time
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.commands import PATIENCE, STARBEAM, Running, Site, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

API = "/ispyb/api/v1"
STREAM = f"{API}/events/stream"
PLUGINS = ["auth_dummy", "ispyb", "proposals", "events"]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A session with a group of data collections, which somebody sees who has every permission."""
    made = Site(tmp_path, PLUGINS)
    made.make_database()
    with database(made) as sql:
        sql("INSERT INTO Person (personId, login, familyName) VALUES (1, 'root', 'Root')")
        sql("INSERT INTO UserGroup (userGroupId, name) VALUES (1, 'all')")
        sql("INSERT INTO Permission (permissionId, type, description) VALUES (1, 'all_proposals', '')")
        sql("INSERT INTO UserGroup_has_Permission (userGroupId, permissionId) VALUES (1, 1)")
        sql("INSERT INTO UserGroup_has_Person (userGroupId, personId) VALUES (1, 1)")
        columns = "proposalId, personId, proposalCode, proposalNumber"
        sql(f"INSERT INTO Proposal ({columns}) VALUES (1, 1, 'mx', '1')")
        sql("INSERT INTO BLSession (sessionId, proposalId, visit_number) VALUES (1, 1, 1)")
        sql("INSERT INTO DataCollectionGroup (dataCollectionGroupId, sessionId) VALUES (1, 1)")
    return made


@contextmanager
def database(site: Site) -> Iterator[Any]:
    """Runs statements on the site's database."""
    from starbeam.db.sqlite import Connection

    connection = sqlite3.connect(site.folder / "union.db", factory=Connection)
    try:
        with connection:
            yield connection.execute
    finally:
        connection.close()


def collect(site: Site, key: int) -> None:
    """Let a data collection begin now."""
    with database(site) as sql:
        start = datetime.now().isoformat(" ")
        columns = "dataCollectionId, dataCollectionGroupId, startTime"
        sql(f"INSERT INTO DataCollection ({columns}) VALUES (?, 1, ?)", (key, start))


class Listener:
    """Reads a stream of a server."""

    def __init__(self, server: Running, token: str, **headers: str) -> None:
        self._client = httpx.Client(timeout=PATIENCE)
        url = f"http://127.0.0.1:{server.port}{STREAM}"
        request = self._client.build_request(
            "GET", url, headers={"Authorization": f"Bearer {token}", **headers}
        )
        self._response = self._client.send(request, stream=True)
        assert self._response.status_code == 200
        self._lines = self._response.iter_lines()
        self.id = ""
        self.first = ""
        self.until("id")

    def until(self, field: str) -> str:
        """The value of the next line of this name; empty at the end."""
        for line in self._lines:
            name, _, value = line.partition(": ")
            if name == "id":
                self.id = value
            elif name == "data":
                self.first = self.first or value
            if name == field:
                return value
        return ""

    def close(self) -> None:
        """Leave."""
        self._response.close()
        self._client.close()


def token_of(server: Running) -> str:
    """Logged in."""
    body = {"plugin": "dummy", "login": "root", "password": "x"}
    answer = httpx.post(f"http://127.0.0.1:{server.port}{API}/auth/login", json=body, timeout=PATIENCE)
    token: str = answer.json()["token"]
    return token


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_streams_end_with_the_server_at_once(site: Site, number: signal.Signals) -> None:
    with site.serving("serve", "--config", str(site.config)) as server:
        listener = Listener(server, token_of(server))
        began = time.monotonic()
        assert server.end(number) == 0
        assert time.monotonic() - began < 20  # of the 60 s that other requests are given
        assert listener.until("data") == ""
        assert "Traceback" not in server.err


def test_every_worker_tells_what_the_others_did_and_after_a_restart_nothing_is_missed(site: Site) -> None:
    words = ("serve", "--config", str(site.config), "--workers", "2")
    with site.serving(*words) as server:
        token = token_of(server)
        listeners = [Listener(server, token) for _ in range(6)]
        collect(site, 1)
        assert all('"key":"g-1"' in one.until("data") for one in listeners)
        for one in listeners:
            one.until("id")
        told = {one.id for one in listeners}
        assert len(told) == 1  # whichever worker they are at
        assert server.end() == 0
    collect(site, 2)
    with site.serving(*words) as server:
        token = token_of(server)
        for _ in range(4):
            again = Listener(server, token, **{"Last-Event-ID": told.copy().pop()})
            assert '"key":"g-1"' in again.first
            again.close()
        assert server.end() == 0


def test_who_takes_nothing_is_ended(site: Site) -> None:
    site.add_plugin(
        "hasty",
        """
        def __init__(self, settings):
            from starbeam.http import connection
            from starbeam_events.routes import stream as routes
            from starbeam_events.live import watch
            connection.TAKE_SECONDS = 1.0
            watch.BEAT_SECONDS = 0.01
            routes.COMMENT = b":" + b"x" * 1_000_000 + bytes([10, 10])
            routes.COMMENT_SECONDS = routes.CHECK_SECONDS = 0.01
        """,
    )
    with site.serving("serve", "--config", str(site.config)) as server, socket.socket() as deaf:
        token = token_of(server)
        deaf.connect(("127.0.0.1", server.port))
        deaf.sendall(f"GET {STREAM} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        server.wait_for(lambda: "the client takes nothing of its answer" in server.err)
        server.wait_for(lambda: any(one.get("route") == STREAM for one in server.events()))


def test_the_command_follows(site: Site) -> None:
    with site.serving("serve", "--config", str(site.config)) as server:
        api = f"http://127.0.0.1:{server.port}{API}"
        words = [STARBEAM, "watch", "--server", api, "--login", "root", "--proposal", "mx1"]
        out = site.folder / "watched.txt"
        with out.open("w") as stdout:
            command = subprocess.Popen(words, stdout=stdout, env=environment({"PYTHONUNBUFFERED": "1"}))
        try:
            keys = count(1)  # until it listens, nobody is told

            def told() -> bool:
                collect(site, next(keys))
                time.sleep(0.5)
                return "g-1" in out.read_text()

            server.wait_for(told)
            line = out.read_text().splitlines()[0]
            assert line.split()[2:] == ["mx1-1", "g-1"]
        finally:
            command.send_signal(signal.SIGINT)
            command.wait(PATIENCE)
