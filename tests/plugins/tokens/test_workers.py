"""Two workers on one database: what one is told of a token, the other knows within seconds."""

from __future__ import annotations

import asyncio

import pytest

from plugins.tokens.conftest import PLUGINS, SETTINGS, Headers, machine
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import AsUser, MakeApp
from support import world
from support.valkey import Valkey

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


async def test_where_servers_share_it_is_dead_at_once(
    make_app: MakeApp, as_user: AsUser, store: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other's own readings are an hour away."""
    monkeypatch.setattr("starbeam_tokens.parts.RELOAD_SECONDS", 3600)
    app, other = [await make_app(*PLUGINS, **SETTINGS, **{"shared.url": store.url}) for _ in range(2)]
    boss = await as_user(app, "boss", "manage_tokens")
    token = await machine(app, boss)
    (row,) = (await app.client.get("/tokens", headers=boss)).json()["results"]
    assert (await other.client.get("/sessions", headers=token)).status_code == 200
    assert (await app.client.delete(f"/tokens/{row['tokenId']}", headers=boss)).status_code == 200
    async with asyncio.timeout(60):
        while (await other.client.get("/sessions", headers=token)).status_code != 401:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.02)
