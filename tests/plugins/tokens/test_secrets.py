"""Tokens are told once: no log, no other answer, no table and no command shows one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from plugins.tokens.conftest import Headers, bearer
from plugins.tokens.test_attacks import operations
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import AsUser, MakeApp
from support import world
from support.commands import Site

PASSWORD = "correct-horse-battery"
KEY = "key-5f0c2f1e7b"
PLUGINS = ("ispyb", "proposals", "shipping", "samples", "admin", "auth_dummy", "tokens", "audit")


@pytest.mark.anyio
async def test_tokens_are_told_once(make_app: MakeApp, tmp_path: Path, as_user: AsUser) -> None:
    dummy = {"auth.backends.dummy.use": "auth_dummy", "auth.backends.dummy.test_system": True}
    app = await make_app(*PLUGINS, **dummy)
    await world.build(app.database, tmp_path, "ispyb", "proposals", "samples", "admin")
    await world.enter(app)
    boss = await as_user(app, "boss", "manage_tokens", "view_audit")
    with capture_logs() as logs:
        secrets = await made(app, boss)
        told = [await everything(app, headers) for headers in (boss, bearer(secrets[0]))]
    rows = [list(await app.database.sql(f"SELECT * FROM {name}")) for name in await tables(app)]
    assert len(rows) > 5
    for where, text in (
        ("log", json.dumps(logs, default=str)),
        ("answers", json.dumps(told)),
        ("tables", str(rows)),
    ):
        assert len(text) > 2_000, where
        assert [secret[:12] for secret in secrets if part(secret) in text] == [], where


def part(secret: str) -> str:
    """What alone would be too much: of a token the secret, without its id."""
    return secret[-30:]


async def made(app: TestApp, boss: Headers) -> list[str]:
    """All secrets of tokens that were made, renewed, replaced, ended and sent wrongly."""
    body = {"name": "i02", "scopes": ["read", "ship"], "beamLines": ["*"]}
    first = (await app.client.post("/tokens", headers=boss, json=body)).json()
    path = f"/tokens/{first['tokenId']}/rotate"
    second = (await app.client.post(path, headers=boss, json={})).json()["token"]
    own = (await app.client.post("/tokens/own", headers=boss, json={"name": "laptop"})).json()["token"]
    login = {"plugin": "dummy", "login": "staff", "password": PASSWORD}
    log_in = (await app.client.post("/auth/login", json=login)).json()
    renewed = (await app.client.post("/auth/refresh", json={"refreshToken": log_in["refreshToken"]})).json()
    for refresh in (log_in["refreshToken"], renewed["refreshToken"] + "x", renewed["refreshToken"]):
        for operation in ("refresh", "logout"):
            await app.client.post(f"/auth/{operation}", json={"refreshToken": refresh})
    keyed = {**bearer(second), "Idempotency-Key": KEY}
    for change in ({"comments": "a"}, {"comments": "b"}, {"comments": 7}):
        await app.client.patch("/shippings/1", headers=keyed, json=change)
    for token in (first["token"], second[:-1], own + "x", renewed["token"][:-3]):
        for headers in (bearer(token), {"Authorization": token}, {"Cookie": f"token={token}"}):
            await app.client.get("/sessions", headers=headers)
        await app.client.get(f"/tokens/{token}", headers=boss)
        await app.client.get("/sessions", headers=boss, params={"token": token, "proposal": token})
    tokens = [first["token"], second, own, log_in["token"], renewed["token"]]
    return [second, *tokens, log_in["refreshToken"], renewed["refreshToken"], PASSWORD, KEY]


async def everything(app: TestApp, headers: Headers) -> list[str]:
    """What all operations that read answer, the lists of tokens and the record among them."""
    paths = [one.split(" ")[1] for one in operations(app) if one.startswith("GET ") and "{" not in one]
    answers = [await app.client.get(path, headers=headers) for path in paths]
    answers.append(await app.client.get("http://testserver.local/health/ready"))
    return [f"{answer.headers} {answer.text}" for answer in answers]


async def tables(app: TestApp) -> list[str]:
    """Names of all tables that have to do with who calls."""
    found: list[Any] = [*(await app.database.schema()).tables]
    return [name for name in found if name.startswith(("starbeam", "admin", "person", "sw_"))]


def test_the_configuration_is_shown_without_secrets(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = site.invoke("token", "new", "i03", "--scope", "read", "--beamline", "i03", "--print-config")
    assert made.exit_code == 0, made.output
    section, token = made.stdout.strip().rsplit("\n", 1)
    assert token.startswith("sbm_")
    assert token not in section
    site.plugins = ["ispyb", "tokens", "audit"]
    second = f"mysql+asyncmy://starbeam:{PASSWORD}@db.example.org/own"
    site.more = f'[plugin.tokens]\ntables = "{second}"\n{section}\n[plugin.audit]\ntables = "{second}"\n'
    for form in ([], ["--json"], ["--origin"]):
        shown = site.invoke("config", "show", *form)
        assert shown.exit_code == 0, shown.output
        assert "db.example.org" in shown.output
        assert PASSWORD not in shown.output
        assert token[16:40] not in shown.output


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A folder with a configuration."""
    monkeypatch.chdir(tmp_path)
    return Site(tmp_path)
