"""What is said of the settings for tokens of identity providers, by the start and by commands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from plugins.tokens.conftest import PLUGINS, SETTINGS, Headers
from plugins.tokens.test_issuers import MACHINE, NO_ANSWER, OURS, issuer, of_client, of_person
from starbeam.cli.group import cli
from starbeam.faults import StartupError
from starbeam.settings import SettingsError, load
from starbeam_testing.fixtures import MakeApp
from starbeam_tokens.settings import TokensSettings
from support.commands import Site
from support.oidc import Realm


@pytest.fixture
def realm() -> Iterator[Realm]:
    realm = Realm()
    yield realm
    realm.close()


SECTION: dict[str, Any] = {"issuer": "https://login.example.org", "audiences": [OURS], "persons": True}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"issuer": "http://login.example.org"}, "a.issuer: expected an https:// address"),
    ({"issuer": ""}, "a.issuer: expected text that is not empty"),
    ({"issuer": ...}, "a.issuer: is required"),
    ({"audiences": ...}, "a.audiences: is required"),
    ({"audiences": []}, "a.audiences: expected a list of text that is not empty, got an empty list"),
    ({"audiences": [""]}, "a.audiences[0]: expected text that is not empty"),
    ({"algorithms": ["HS256"]}, 'a.algorithms[0]: expected one of "ES256"'),
    ({"algorithms": ["none"]}, 'a.algorithms[0]: expected one of "ES256"'),
    ({"jwks_uri": "file:///keys"}, "a.jwks_uri: expected an https:// address"),
    ({"persons": False}, "a: takes nobody's tokens: list clients, or set persons = true"),
    ({"clients": {"x": {"scopes": ["read"]}}}, "a.clients.x.beamlines: is required"),
    ({"clients": {"x": {**MACHINE, "sha256": "0" * 64}}}, "a.clients.x.sha256: unknown key"),
    ({"clients": {"x": {**MACHINE, "networks": ["10.3"]}}}, "expected addresses or networks such as"),
    ({"clients": {"x" * 40: MACHINE}}, "clients have names of up to 39 letters"),
    ({"client_secret": "x"}, "a.client_secret: unknown key"),
]


def test_what_is_wrong_with_a_section_is_said() -> None:
    for changed, sentence in WRONG:
        table = {name: value for name, value in {**SECTION, **changed}.items() if value is not ...}
        assert sentence in faults({"a": table})


def test_what_is_wrong_with_several_is_said() -> None:
    assert "each issuer has one section" in faults({"a": SECTION, "b": SECTION})
    assert "names of issuers have up to 20 of" in faults({"A:b": SECTION})
    assert faults({"a": SECTION, "b": {**SECTION, "issuer": "https://b.example.org"}}) == ""


def faults(issuers: dict[str, Any]) -> str:
    """What `starbeam config check` says of these sections."""
    loaded = load(None, {}, {"plugin.tokens.issuers": issuers})
    try:
        loaded.plugin_settings("tokens", TokensSettings)
    except SettingsError as error:
        return str(error)
    return ""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, realm: Realm) -> Site:
    """A folder with a configuration that takes the realm's tokens, without tables."""
    monkeypatch.chdir(tmp_path)
    found = Site(tmp_path, ["auth_dummy", "ispyb", "tokens"])
    found.make_database()
    found.more = f"""
[plugin.tokens]
tables = "none"
[plugin.tokens.issuers.soleil]
issuer = "{realm.issuer}"
audiences = ["{OURS}"]
clients.mxcube = {{ scopes = ["record"], beamlines = ["px1"] }}
"""
    return found


def test_commands_tell_of_issuers(site: Site, realm: Realm) -> None:
    shown = site.invoke("config", "show").output
    assert re.search(r"issuers\.soleil\.clients\.mxcube\.beamlines +\[\"px1\"\]", shown)
    said = json.loads(site.invoke("doctor", "--json").stdout)
    (about,) = [one["says"] for one in said if one["about"] == "check tokens.issuer_soleil"]
    assert about == f"takes tokens of {realm.issuer} for {OURS}: machines mxcube"
    assert shown.count(realm.issuer) == 1


def test_a_command_tells_what_a_token_is_good_for(site: Site, realm: Realm) -> None:
    def asked(headers: Headers) -> Result:
        token = headers["Authorization"].removeprefix("Bearer ")
        return CliRunner().invoke(cli, ["token", "test", "--config", str(site.config)], input=token)

    good = asked(of_client(realm))
    assert json.loads(good.stdout) == {
        "name": "soleil:mxcube",
        "scopes": ["record"],
        "beamLines": ["px1"],
        "proposals": [],
        "networks": [],
        "expires": None,
    }
    assert "Invalid token" in asked(of_person(realm)).output
    realm.close()
    assert NO_ANSWER[1]["detail"] in asked(of_client(realm)).output


@pytest.mark.anyio
async def test_a_scope_that_nobody_declares_stops_the_start(make_app: MakeApp, realm: Realm) -> None:
    settings = issuer(realm, clients={"mxcube": {**MACHINE, "scopes": ["recrod"]}})
    with pytest.raises(StartupError, match="soleil:mxcube of the configuration has no scope recrod"):
        await make_app(*PLUGINS, **SETTINGS, **settings)
