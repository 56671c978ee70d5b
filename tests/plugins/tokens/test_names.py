"""A machine has one name, in the configuration or in the table."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.tokens.conftest import PLUGINS, SETTINGS, machine
from starbeam.faults import StartupError
from starbeam_testing.fixtures import AsUser, MakeApp

pytestmark = pytest.mark.anyio

STATIC: dict[str, Any] = {"sha256": "0" * 64, "scopes": ["read"], "beamlines": ["*"]}


async def test_a_name_of_the_configuration_is_taken(make_app: MakeApp, as_user: AsUser) -> None:
    app = await make_app(*PLUGINS, **SETTINGS, **{"plugin.tokens.static": {"i02": STATIC}})
    boss = await as_user(app, "boss", "manage_tokens")
    body = {"name": "i02", "scopes": ["read"], "beamLines": ["*"]}
    answer = await app.client.post("/tokens", headers=boss, json=body)
    assert (answer.status_code, answer.json()["detail"]) == (409, "Another token is called i02")
    script = await app.client.post("/tokens/own", headers=boss, json={"name": "i02"})
    assert script.status_code == 201


async def test_a_name_in_both_stops_the_start(make_app: MakeApp, as_user: AsUser) -> None:
    app = await make_app(*PLUGINS, **SETTINGS)
    await machine(app, await as_user(app, "boss", "manage_tokens"))
    both = pytest.RaisesExc(StartupError, match="the token i02 is in the configuration and in the table")
    with pytest.RaisesGroup(both, flatten_subgroups=True):
        await make_app(*PLUGINS, **SETTINGS, **{"plugin.tokens.static": {"i02": STATIC}})
