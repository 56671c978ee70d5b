"""The database goes away and comes back under load: sentences meanwhile, right answers after, no restart."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest

from starbeam.testing.app import TestApp, TestDatabase
from starbeam.testing.fixtures import MakeApp
from support import mariadb

pytestmark = pytest.mark.anyio

CLIENTS = 16
HEALED_WITHIN = 5.0
"""Seconds from the server's return until every answer is right again."""
AWAY = {"detail": "The database is not available. Please try again in a few seconds."}
EMPTY = {"total": 0, "results": [], "skip": 0, "limit": 25}


@pytest.fixture
def server() -> mariadb.Server:
    """A server of this test's own."""
    return mariadb.start()


@pytest.fixture
async def database_url(server: mariadb.Server) -> AsyncIterator[str]:
    yield await server.fresh_database("union")
    server.stop()


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    return await make_app("ispyb", "proposals")


async def ask_for(seconds: float, app: TestApp, headers: dict[str, str]) -> list[httpx.Response]:
    """The answers that many clients get for a while, each asking again as soon as it has one."""
    until = time.monotonic() + seconds

    async def client() -> list[httpx.Response]:
        answers = []
        while time.monotonic() < until:
            answers.append(await app.client.get("/proposals", headers=headers))
            await asyncio.sleep(0.01)
        return answers

    return [
        answer for answers in await asyncio.gather(*(client() for _ in range(CLIENTS))) for answer in answers
    ]


async def test_a_server_that_stops_and_starts(app: TestApp, db: TestDatabase, server: mariadb.Server) -> None:
    headers = await app.as_user("abcd", "all_proposals")
    assert {answer.status_code for answer in await ask_for(0.3, app, headers)} == {200}

    load = asyncio.create_task(ask_for(2, app, headers))
    await asyncio.sleep(0.3)
    server.kill()
    answers = await load
    assert Counter(answer.status_code for answer in answers).keys() == {200, 503}
    for answer in answers:
        if answer.status_code == 503:
            assert (answer.json(), answer.headers["retry-after"]) == (AWAY, "5")
    live = await app.client.get("http://testserver.local/health/live")
    ready = await app.client.get("http://testserver.local/health/ready")
    assert (live.status_code, ready.status_code) == (200, 503)

    server.start()
    came_back = time.monotonic()
    while (await app.client.get("/proposals", headers=headers)).status_code != 200:
        assert time.monotonic() < came_back + HEALED_WITHIN
        await asyncio.sleep(0.05)
    answers = await ask_for(0.5, app, headers)
    assert all((answer.status_code, answer.json()) == (200, EMPTY) for answer in answers)
    signed = await app.client.post("/user/sign", headers=headers, json={"validity": "/proposals"})
    assert signed.status_code == 200, "writes heal too"


async def test_a_server_that_was_away_at_the_start(make_app: MakeApp, server: mariadb.Server) -> None:
    server.shut_down()
    app = await make_app("ispyb", "proposals")
    headers = app.token("abcd", 1)
    answer = await app.client.get("/proposals", headers=headers)
    assert (answer.status_code, answer.json()) == (503, AWAY)
    server.start()
    answer = await app.client.get("/proposals", headers=headers)
    assert (answer.status_code, answer.json()) == (200, EMPTY)
