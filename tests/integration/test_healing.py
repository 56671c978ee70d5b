"""The database goes away and comes back under load, and so do workers: sentences meanwhile, right answers
after, no restart."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from starbeam.db.models import Person
from starbeam_ispyb.models import Proposal, ProposalHasPerson
from starbeam_testing.app import TestDatabase
from starbeam_testing.fixtures import MakeApp
from support import mariadb
from support.commands import Running, Site
from support.load import Load

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


@pytest.mark.long
@pytest.mark.parametrize("number", [1, 2], ids=["one", "two"])
async def test_a_signal_under_load_loses_nobody(site: Site, number: int) -> None:
    """All that were asked before are answered; who comes later finds no server."""
    with site.serving("serve", "--config", str(site.config), "--workers", str(number)) as running:
        async with Load(running) as load:
            await load.until(lambda: load.counts(load.began)[200] >= 5 * CLIENTS, 30)
            told = time.monotonic()
            running.process.send_signal(signal.SIGTERM)
            await load.until(lambda: running.ended, 30)
            await load.until(lambda: len(load.lost) >= CLIENTS, 30)
        assert running.process.returncode == 0
        assert load.counts(load.began).keys() == {200}
        assert min(load.lost) > told - 0.1  # asked, and not yet sent
        assert [event for event in running.events() if event["level"] in ("error", "warning")] == []


def workers(running: Running) -> list[int]:
    """The processes that began to serve, in their order."""
    found = [str(event["event"]) for event in running.events()]
    return [
        int(text.split("[")[1].rstrip("]")) for text in found if text.startswith("Started server process")
    ]
