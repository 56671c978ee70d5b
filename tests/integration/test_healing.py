"""A server that starts before its database, and heals when the database comes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from starbeam.testing.fixtures import MakeApp
from support import mariadb

pytestmark = pytest.mark.anyio

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


async def test_a_server_that_was_away_at_the_start(make_app: MakeApp, server: mariadb.Server) -> None:
    server.shut_down()
    app = await make_app("ispyb", "proposals")
    headers = app.token("abcd", 1)
    answer = await app.client.get("/proposals", headers=headers)
    assert (answer.status_code, answer.json()) == (503, AWAY)
    server.start()
    answer = await app.client.get("/proposals", headers=headers)
    assert (answer.status_code, answer.json()) == (200, EMPTY)
