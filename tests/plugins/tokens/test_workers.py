"""Two workers on one database: what one is told of a token, the other knows within seconds."""

from __future__ import annotations

import asyncio

import pytest

from plugins.tokens.conftest import PLUGINS, SETTINGS, Headers, machine
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support import world

pytestmark = pytest.mark.anyio


async def test_a_token_that_one_worker_revokes_is_dead_on_the_other(
    app: TestApp, boss: Headers, make_app: MakeApp
) -> None:
    other = await make_app(*PLUGINS, **SETTINGS)
    other.set_time(world.NOW)
    token = await machine(app, boss)
    (row,) = (await app.client.get("/tokens", headers=boss)).json()["results"]
    assert (await other.client.get("/sessions", headers=token)).status_code == 200
    revoked = await app.client.delete(f"/tokens/{row['tokenId']}", headers=boss)
    assert revoked.status_code == 200
    assert (await app.client.get("/sessions", headers=token)).status_code == 401
    async with asyncio.timeout(5):
        while (await other.client.get("/sessions", headers=token)).status_code != 401:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.1)
