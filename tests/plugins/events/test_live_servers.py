"""`/events/stream` of servers in processes of their own: several workers, a restart, the end."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import sqlite3
import subprocess
import time
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from anyio.from_thread import start_blocking_portal

from support.commands import PATIENCE, STARBEAM, Running, Site, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

API = "/ispyb/api/v1"
STREAM = f"{API}/events/stream"
PLUGINS = ["auth_dummy", "ispyb", "proposals", "events"]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A session, which somebody sees who has every permission."""
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
    """Let a data collection begin now, in a group of its own."""
    with database(site) as sql:
        sql("INSERT INTO DataCollectionGroup (dataCollectionGroupId, sessionId) VALUES (?, 1)", (key,))
        start = datetime.now().isoformat(" ")
        columns = "dataCollectionId, dataCollectionGroupId, startTime"
        sql(f"INSERT INTO DataCollection ({columns}) VALUES (?, ?, ?)", (key, key, start))


class Follower:
    """What one listener was told."""

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.id = ""

    def take(self, line: str) -> None:
        """A line of the stream."""
        name, _, value = line.partition(": ")
        if name == "id":
            self.id = value
        elif name == "data":
            self.keys.add(json.loads(value)["key"])


class Followers(list[Follower]):
    """Listen as browsers do: who is left alone comes back with the last id."""

    server: Running
    token: str

    def at(self, server: Running) -> None:
        """Listen there from now on."""
        self.token = token_of(server)
        self.server = server

    async def follow(self) -> None:
        """Until they are stopped."""
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(timeout=PATIENCE, limits=limits) as client:
            await asyncio.gather(*(self._follow(client, one) for one in self))

    async def _follow(self, client: httpx.AsyncClient, one: Follower) -> None:
        while True:
            headers = {"Authorization": f"Bearer {self.token}"} | (
                {"Last-Event-ID": one.id} if one.id else {}
            )
            url = f"http://127.0.0.1:{self.server.port}{STREAM}"
            with suppress(httpx.HTTPError):
                async with client.stream("GET", url, headers=headers) as answer:
                    async for line in answer.aiter_lines():
                        one.take(line)
            await asyncio.sleep(0.2)


@contextmanager
def following(server: Running, many: int) -> Iterator[Followers]:
    """So many who listen."""
    followers = Followers(Follower() for _ in range(many))
    followers.at(server)
    with start_blocking_portal() as portal:
        future = portal.start_task_soon(followers.follow)
        server.wait_for(lambda: all(one.id for one in followers))
        try:
            yield followers
        finally:
            future.cancel()


def token_of(server: Running) -> str:
    """Logged in."""
    body = {"plugin": "dummy", "login": "root", "password": "x"}
    answer = httpx.post(f"http://127.0.0.1:{server.port}{API}/auth/login", json=body, timeout=PATIENCE)
    token: str = answer.json()["token"]
    return token


def end(server: Running, number: signal.Signals) -> None:
    """End a server that people listen to: at once."""
    began = time.monotonic()
    assert server.end(number) == 0
    assert time.monotonic() - began < 20  # of the 60 s that other requests are given
    assert "Traceback" not in server.err


@pytest.mark.parametrize("many", [6, pytest.param(200, marks=pytest.mark.long)])
def test_nobody_misses_anything_at_several_workers_and_while_the_server_restarts(
    site: Site, many: int
) -> None:
    words = ("serve", "--config", str(site.config))
    with ExitStack() as stack:
        server = stack.enter_context(site.serving(*words, "--workers", "2"))
        followers = stack.enter_context(following(server, many))
        collect(site, 1)
        server.wait_for(lambda: all(one.keys == {"g-1"} for one in followers))
        server.wait_for(lambda: len({one.id for one in followers}) == 1)  # whichever worker they are at
        collect(site, 2)
        end(server, signal.SIGTERM)
        collect(site, 3)
        server = stack.enter_context(site.serving(*words))
        collect(site, 4)
        followers.at(server)
        collect(site, 5)
        told = {f"g-{key}" for key in range(1, 6)}
        server.wait_for(lambda: all(one.keys == told for one in followers))
        end(server, signal.SIGINT)


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
                return "g-" in out.read_text()

            server.wait_for(told)
            line = out.read_text().splitlines()[0]
            assert re.fullmatch(r"\S+ +\S+ +mx1-1 +g-\d+ *", line)
        finally:
            command.terminate()
            command.wait(PATIENCE)
