"""A running app with the plugin, on the small world, and who makes tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import AsUser, MakeApp
from support import world

PLUGINS = ("ispyb", "proposals", "shipping", "samples", "admin", "auth_dummy", "tokens")
SETTINGS: dict[str, Any] = {
    "auth.backends.dummy.use": "auth_dummy",
    "auth.backends.dummy.test_system": True,
}

Headers = dict[str, str]


@pytest.fixture
async def app(make_app: MakeApp, tmp_path: Path) -> TestApp:
    """The app, at the small world's time."""
    found = await make_app(*PLUGINS, **SETTINGS)
    await world.build(found.database, tmp_path, "ispyb", "proposals", "samples", "admin")
    await world.enter(found)
    return found


@pytest.fixture
async def boss(app: TestApp, as_user: AsUser) -> Headers:
    """Who may make tokens of machines."""
    return await as_user(app, "boss", "manage_tokens")


def bearer(token: str) -> Headers:
    """The header of a token."""
    return {"Authorization": f"Bearer {token}"}


async def machine(app: TestApp, boss: Headers, **said: Any) -> Headers:
    """The header of a new token of a machine that reads all, but for what is said."""
    body = {"name": "i02", "scopes": ["read"], "beamLines": ["*"], **said}
    answer = await app.client.post("/tokens", headers=boss, json=body)
    assert answer.status_code == 201, answer.text
    return bearer(answer.json()["token"])


async def script(app: TestApp, headers: Headers, **said: Any) -> Headers:
    """The header of a new token of somebody's scripts."""
    answer = await app.client.post("/tokens/own", headers=headers, json={"name": "laptop", **said})
    assert answer.status_code == 201, answer.text
    return bearer(answer.json()["token"])
