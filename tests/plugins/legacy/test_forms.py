"""The two forms of the operations, the option that switches them, and what must not see a token."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from starbeam.auth.tokens import Tokens
from starbeam.db.models import AdminVar
from starbeam.settings import Auth
from starbeam_testing.app import TestApp
from support.commands import SECRET, Site
from support.legacy import caller

pytestmark = pytest.mark.anyio


async def test_the_header_form_takes_no_token_elsewhere_and_the_path_form_no_header(app: TestApp) -> None:
    boss = await caller(app, "boss", "all_sessions")
    headers = {"Authorization": f"Bearer {boss.token}"}
    bare = await app.client.get("/legacy/sessions", params={"token": boss.token})
    assert (bare.status_code, bare.json()) == (401, {"detail": "No token provided."})
    wrong = await app.client.get("/legacy/wrong/session/list", headers=headers)
    assert (wrong.status_code, wrong.json()) == (401, {"detail": "Invalid token"})
    once = (
        await app.client.post("/user/sign", json={"validity": "/legacy/sessions"}, headers=headers)
    ).json()
    signed = await app.client.get("/legacy/sessions", params={"onetime": once["token"]})
    assert signed.status_code == 200


async def test_an_expired_token_in_the_path(app: TestApp, monkeypatch: pytest.MonkeyPatch) -> None:
    who = await caller(app, "boss", "all_sessions")
    monkeypatch.setattr("starbeam.auth.tokens.time.time", lambda: 4e9)
    answer = await app.client.get(f"/legacy/{who.token}/session/list")
    assert (answer.status_code, answer.json()["detail"]) == (401, "Token expired. Please log in again")


async def test_the_header_form_wins_where_a_path_fits_both(app: TestApp) -> None:
    boss = await caller(app, "boss", "all_sessions")
    assert await boss.get("/sessions/proposal/list") == []  # there is no proposal `list`


async def test_an_option_switches_them(app: TestApp) -> None:
    boss = await caller(app, "boss", "all_sessions")
    legacy = {path for path in await paths(app) if "/legacy/" in path}
    assert len(legacy) == 12
    await app.database.add(AdminVar, name="enable_legacy_routes", value="false")
    await app.refresh()
    assert not {path for path in await paths(app) if "/legacy/" in path}
    assert await boss.get("/sessions", "/{token}/session/list", 404) == {"detail": "Not Found"}
    await app.database.sql("UPDATE AdminVar SET value = 'true'")
    await app.refresh()
    assert {path for path in await paths(app) if "/legacy/" in path} == legacy
    assert len(await boss.get("/sessions", "/{token}/session/list")) == 3


async def paths(app: TestApp) -> set[str]:
    """The paths of the served document."""
    return set((await app.client.get("/openapi.json")).json()["paths"])


@pytest.mark.fix(127)
async def test_tokens_are_in_no_log_line_and_no_answer(app: TestApp) -> None:
    own = await caller(app, "nobody", "own_proposals", "own_sessions")
    addresses = (
        *("session/list", "proposal/list", "proposal/99/info/get", "proposal/session/99/list"),
        *("proposal/mx23/session/list", "nothing/here", "proposal/session/date/x/y/list"),
    )
    with capture_logs() as logs:
        answers = [await app.client.get(f"/legacy/{own.token}/{address}") for address in addresses]
    assert [one.status_code for one in answers] == [200, 200, 403, 403, 200, 404, 200]
    assert len(logs) == len(addresses)
    said = str(logs) + "".join(one.text for one in answers)
    assert own.token not in said
    assert own.token.rpartition(".")[2] not in said


@pytest.mark.fix(127)
def test_a_server_writes_no_token(tmp_path: Path) -> None:
    """Neither its own log nor that of uvicorn."""
    site = Site(tmp_path, plugins=["auth_dummy", "ispyb", "legacy", "em_legacy"])
    site.make_database()
    token = Tokens(Auth(secret_key=SECRET)).make("boss", 1, [])
    with site.serving("serve", "--config", str(site.config)) as server:
        for path in (
            f"/legacy/{token}/session/list",
            f"/legacy/proposal/1/data_collections/1/stats?token={token}",
        ):
            server.get(f"/ispyb/api/v1{path}")
        server.wait_for(lambda: sum(line.get("event") == "request" for line in server.events()) >= 2)
        assert server.end() == 0
        assert json.dumps(server.out + server.err).count("eyJ") == 0
        assert token.rpartition(".")[2] not in server.out + server.err
