"""The database goes away and comes back under load, and so do workers: sentences meanwhile, right answers
after, no restart."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from starbeam.auth.tokens import Tokens
from starbeam.db.models import Person
from starbeam.settings import Auth
from starbeam_ispyb.models import Proposal, ProposalHasPerson
from starbeam_testing.app import TestDatabase
from starbeam_testing.fixtures import MakeApp
from support import mariadb
from support.commands import SECRET, Running, Site

pytestmark = pytest.mark.anyio

CLIENTS = 16
HEALED_WITHIN = 5.0
"""Seconds from the database's return until every answer is right again."""
TIME_OUT = 10.5
"""Seconds after which waiting for the database ends, with a `statement_timeout` of half a second."""
GRACE = 3.0
"""Seconds by which a busy machine may be late."""
AWAY = {"detail": "The database is not available. Please try again in a few seconds."}
SLOW = {"detail": "The database took too long to answer. Please narrow the request or try again."}
EMPTY = {"total": 0, "results": [], "skip": 0, "limit": 25}
PROPOSALS = "/ispyb/api/v1/proposals"


@pytest.fixture
def server() -> Iterator[mariadb.Server]:
    """A server of this test's own."""
    started = mariadb.start()
    yield started
    started.stop()


@pytest.fixture
async def database_url(server: mariadb.Server) -> str:
    return await server.fresh_database("union")


async def test_a_server_that_was_away_at_the_start(make_app: MakeApp, server: mariadb.Server) -> None:
    server.shut_down()
    app = await make_app("ispyb", "proposals")
    headers = app.token("abcd", 1)
    answer = await app.client.get("/proposals", headers=headers)
    assert (answer.status_code, answer.json()) == (503, AWAY)
    server.start()
    answer = await app.client.get("/proposals", headers=headers)
    assert (answer.status_code, answer.json()) == (200, EMPTY)


@dataclass
class Load:
    """Clients that each ask again as soon as they have an answer."""

    running: Running
    began: float = field(default_factory=time.monotonic)
    answers: list[tuple[float, float, httpx.Response]] = field(default_factory=list)
    """When each was asked for, how long it took, and what it was."""
    lost: list[float] = field(default_factory=list)
    """When connections broke."""
    _clients: list[asyncio.Task[None]] = field(default_factory=list)

    async def __aenter__(self) -> Load:
        token = Tokens(Auth(secret_key=SECRET)).make("ada", 1, [])
        address = f"http://127.0.0.1:{self.running.port}"
        headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx.AsyncClient(base_url=address, headers=headers, timeout=60)
        self._clients = [asyncio.create_task(self._ask()) for _ in range(CLIENTS)]
        return self

    async def __aexit__(self, *error: object) -> None:
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        await self._client.aclose()

    async def _ask(self) -> None:
        while True:
            asked = time.monotonic()
            try:
                answer = await self._client.get(PROPOSALS)
            except httpx.TransportError:
                self.lost.append(asked)
            else:
                self.answers.append((asked, time.monotonic() - asked, answer))
            await asyncio.sleep(0.02)

    async def until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Go on until the condition holds; fail if it does not in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.counts(time.monotonic() - 2)
            await asyncio.sleep(0.05)

    def since(self, when: float) -> list[tuple[float, httpx.Response]]:
        """How long answers took that were asked for since then, and what they were."""
        return [(took, answer) for asked, took, answer in self.answers if asked >= when]

    def refused_after(self, when: float) -> int:
        """How many 503 came since then."""
        return sum(asked + took > when and answer.status_code == 503 for asked, took, answer in self.answers)

    def counts(self, since: float) -> Counter[int]:
        """How many answers there were of each status."""
        return Counter(answer.status_code for _, answer in self.since(since))


@pytest.fixture
async def site(tmp_path: Path, db: TestDatabase) -> Site:
    """A site over a database in which ada has a proposal."""
    await db.add(Person, personId=1, login="ada", familyName="Ada")
    await db.add(Proposal, proposalId=1, personId=1, proposalCode="mx", proposalNumber="1")
    await db.add(ProposalHasPerson, proposalId=1, personId=1)
    await db.engine.dispose()
    return Site(tmp_path, url=db.url)


async def healed(load: Load) -> None:
    """Every client gets the right answer, soon after the database came back, and all of them from then on."""
    back = time.monotonic()
    await load.until(lambda: load.counts(back)[200] >= CLIENTS, HEALED_WITHIN + GRACE)
    settled = max(back, time.monotonic())
    await load.until(lambda: len(load.since(settled)) >= 10 * CLIENTS, 30)
    for _, answer in load.since(settled):
        assert answer.status_code == 200
        assert [one["proposal"] for one in answer.json()["results"]] == ["mx1"]


def all_said_why(load: Load, since: float) -> None:
    """Nobody got anything but the right answer or a sentence, nor waited past the time-out."""
    for took, answer in load.since(since):
        assert took < TIME_OUT + GRACE
        assert answer.status_code in (200, 503)
        if answer.status_code == 503:
            assert answer.json() in (AWAY, SLOW)
            assert answer.headers["Retry-After"] == "5"
    assert load.lost == []


async def test_a_database_that_stops_pauses_and_starts_under_load(site: Site, server: mariadb.Server) -> None:
    variables = {"STARBEAM_DATABASE__STATEMENT_TIMEOUT": "0.5"}
    with site.serving("serve", "--config", str(site.config), **variables) as running:
        async with Load(running) as load:
            await load.until(lambda: load.counts(load.began)[200] >= CLIENTS, 20)
            await asyncio.to_thread(server.shut_down)
            gone = time.monotonic()
            await load.until(lambda: load.counts(gone)[503] >= 10 * CLIENTS, 20)
            assert load.counts(gone)[200] == 0
            await asyncio.to_thread(server.start)
            await healed(load)

            frozen = time.monotonic()
            server.pause()
            await load.until(lambda: load.refused_after(frozen) >= CLIENTS, TIME_OUT + GRACE + 5)
            server.resume()
            await healed(load)
            all_said_why(load, load.began)
        assert running.end() == 0
        said = [event["event"] for event in running.events() if event["level"] == "error"]
        assert "database is away" in said
        assert len(said) <= 4, "an outage is one line, not one for each request"


async def test_a_worker_that_is_killed_under_load_is_replaced(site: Site) -> None:
    with site.serving("serve", "--config", str(site.config), "--workers", "2") as running:
        async with Load(running) as load:
            await load.until(lambda: load.counts(load.began)[200] >= 5 * CLIENTS, 30)
            await load.until(lambda: len(workers(running)) == 2, 30)
            first, second = workers(running)
            killed = time.monotonic()
            os.kill(first, signal.SIGKILL)
            await load.until(lambda: len(workers(running)) == 3, 30)
            await healed(load)
        assert load.counts(load.began).keys() == {200}
        assert len(load.lost) <= CLIENTS, "those that were in flight, and no others"
        assert all(asked < killed + GRACE for asked in load.lost)
        assert second in workers(running)
        assert running.end() == 0


def workers(running: Running) -> list[int]:
    """The processes that began to serve, in their order."""
    found = [str(event["event"]) for event in running.events()]
    return [
        int(text.split("[")[1].rstrip("]")) for text in found if text.startswith("Started server process")
    ]
