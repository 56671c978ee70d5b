"""Log-ins that are renewed."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest

from plugins.tokens.conftest import PLUGINS, SETTINGS
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import SECRET, AsUser, MakeApp
from starbeam_tokens import spelling
from support.answers import INVALID_TOKEN, refused, said

pytestmark = pytest.mark.anyio

AGAIN = refused(401, "Please log in again")
LOGIN = {"plugin": "dummy", "login": "abcd", "password": "x"}


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    """An empty database but for a person."""
    found = await make_app(*PLUGINS, **SETTINGS)
    await found.database.person("abcd", "own_sessions")
    return found


async def log_in(app: TestApp, login: str = "abcd") -> dict[str, Any]:
    """What a log-in answers."""
    answer = await app.client.post("/auth/login", json={**LOGIN, "login": login})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def renew(app: TestApp, token: str, address: str = "") -> httpx.Response:
    """Use a refresh token, from another address where one is said."""
    headers = {"X-Forwarded-For": address} if address else {}
    return await app.client.post("/auth/refresh", headers=headers, json={"refreshToken": token})


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Moves the clock of tokens on by some seconds."""
    began, passed = time.time, 0.0

    def move(seconds: float) -> None:
        nonlocal passed
        passed += seconds

    monkeypatch.setattr(time, "time", lambda: began() + passed)
    return move


@pytest.mark.four_databases
async def test_a_log_in_goes_on_after_its_token(app: TestApp, later: Any) -> None:
    first = await log_in(app)
    assert set(first) == {"login", "token", "permissions", "expiresIn", "refreshToken"}
    assert first["expiresIn"] == 300 * 60
    later(300 * 60 + 60)
    bearer = {"Authorization": f"Bearer {first['token']}"}
    assert (await app.client.get("/user/current", headers=bearer)).status_code == 401
    await app.database.grant(1, "manage_persons")
    second = (await renew(app, first["refreshToken"])).json()
    assert second["permissions"] == ["manage_persons", "own_sessions"]
    assert second["refreshToken"] != first["refreshToken"]
    bearer = {"Authorization": f"Bearer {second['token']}"}
    assert (await app.client.get("/user/current", headers=bearer)).json()["login"] == "abcd"
    third = (await renew(app, second["refreshToken"])).json()
    assert len({one["refreshToken"] for one in (first, second, third)}) == 3


@pytest.mark.four_databases
async def test_many_at_once_and_a_lost_answer_do_no_harm(app: TestApp) -> None:
    first = await log_in(app)
    answers = await asyncio.gather(*(renew(app, first["refreshToken"]) for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    (following,) = {answer.json()["refreshToken"] for answer in answers}
    lost = (await renew(app, following)).json()["refreshToken"]
    again = (await renew(app, following)).json()["refreshToken"]
    assert lost == again
    assert (await renew(app, again)).status_code == 200


@pytest.mark.four_databases
async def test_a_token_that_was_stolen_ends_the_log_in(app: TestApp, later: Any) -> None:
    first = (await log_in(app))["refreshToken"]
    second = (await renew(app, first)).json()["refreshToken"]
    third = (await renew(app, second)).json()["refreshToken"]
    assert said(await renew(app, first)) == AGAIN
    assert said(await renew(app, third)) == AGAIN
    assert (await renew(app, (await log_in(app))["refreshToken"])).status_code == 200


async def test_late_uses_are_taken_from_the_same_address_only(make_app: MakeApp, later: Any) -> None:
    app = await make_app(*PLUGINS, **SETTINGS, **{"server.trusted_proxies": ["127.0.0.1"]})
    await app.database.person("abcd")
    first = (await log_in(app))["refreshToken"]
    second = (await renew(app, first)).json()["refreshToken"]
    later(119)
    assert (await renew(app, first, "10.1.1.1")).json()["refreshToken"] == second
    later(2)
    assert (await renew(app, first)).json()["refreshToken"] == second
    assert said(await renew(app, first, "10.1.1.1")) == AGAIN
    assert said(await renew(app, second)) == AGAIN


async def test_it_ends_when_it_rests_and_when_its_days_are_over(app: TestApp, later: Any) -> None:
    rests = (await log_in(app))["refreshToken"]
    later(12 * 3600 + 5)
    assert said(await renew(app, rests)) == AGAIN
    token = (await log_in(app))["refreshToken"]
    for _ in range(16):
        later(10 * 3600)
        token = (await renew(app, token)).json()["refreshToken"]
    later(8 * 3600 + 5)
    assert said(await renew(app, token)) == AGAIN


async def test_it_ends_with_its_person(app: TestApp) -> None:
    token = (await log_in(app))["refreshToken"]
    await app.database.sql("UPDATE Person SET login = 'other' WHERE login = 'abcd'")
    assert said(await renew(app, token)) == AGAIN
    await app.database.sql("UPDATE Person SET login = 'abcd' WHERE login = 'other'")
    assert said(await renew(app, token)) == AGAIN, "it was ended, not passed over"


async def test_logging_out_ends_it_and_tells_nothing(app: TestApp) -> None:
    token = (await log_in(app))["refreshToken"]
    for sent in (token, token, "nonsense"):
        answer = await app.client.post("/auth/logout", json={"refreshToken": sent})
        assert said(answer) == (200, {})
    assert said(await renew(app, token)) == AGAIN


async def test_people_see_and_end_their_own_log_ins(app: TestApp, as_user: AsUser, later: Any) -> None:
    mine = [(await log_in(app))["refreshToken"] for _ in range(2)]
    await app.database.person("other")
    await log_in(app, "other")
    later(60)
    await renew(app, mine[0])
    headers, boss = await as_user(app, "abcd"), await as_user(app, "boss", "manage_tokens")
    found = (await app.client.get("/tokens/own/refresh", headers=headers)).json()
    families = [token.split("_")[1] for token in mine]
    assert ([one["familyId"] for one in found["results"]], found["total"]) == (families, 2)
    shown = found["results"][0]
    assert (shown["login"], shown["backend"], shown["address"]) == ("abcd", "dummy", "127.0.0.1")
    assert (shown["revokedAt"], shown["userAgent"][:6]) == (None, "python")
    created, used, ends = (
        datetime.fromisoformat(shown[name]) for name in ("createdAt", "lastUsedAt", "endsAt")
    )
    assert timedelta(seconds=59) <= used - created <= timedelta(seconds=62)
    assert ends - used == timedelta(hours=12)
    path = f"/tokens/own/refresh/{families[0]}"
    other = await as_user(app, "other")
    assert said(await app.client.delete(path, headers=other)) == refused(404, "Log-in not found")
    assert said(await app.client.delete(path, headers=headers)) == (200, {})
    assert said(await renew(app, mine[0])) == AGAIN
    assert (await renew(app, mine[1])).status_code == 200
    (_, ended) = sorted(
        (await app.client.get("/tokens/own/refresh", headers=headers)).json()["results"],
        key=lambda one: one["familyId"] == families[0],
    )
    assert ended["revokedAt"] is not None
    assert (await app.client.get("/tokens/refresh", headers=headers)).status_code == 403
    assert (await app.client.get("/tokens/refresh", headers=boss)).json()["total"] == 3
    of_one = await app.client.get("/tokens/refresh?login=other", headers=boss)
    assert [one["login"] for one in of_one.json()["results"]] == ["other"]
    assert said(await app.client.delete("/tokens/refresh?login=abcd", headers=boss)) == (200, {})
    assert said(await renew(app, mine[1])) == AGAIN


async def test_a_log_in_is_renewed_thirty_times_a_minute(app: TestApp) -> None:
    token = (await log_in(app))["refreshToken"]
    statuses = [(await renew(app, token)).status_code for _ in range(31)]
    assert statuses == [200] * 30 + [429]
    assert (await renew(app, (await log_in(app))["refreshToken"])).status_code == 200


async def test_neither_token_is_good_for_the_other(app: TestApp) -> None:
    first = await log_in(app)
    assert said(await renew(app, first["token"])) == AGAIN
    bearer = {"Authorization": f"Bearer {first['refreshToken']}"}
    assert said(await app.client.get("/user/current", headers=bearer)) == INVALID_TOKEN
    refreshed = await app.client.post(
        "/auth/refresh", headers={"Authorization": "Bearer x"}, json={"refreshToken": first["refreshToken"]}
    )
    assert refreshed.status_code == 200


async def test_the_database_holds_no_secret(app: TestApp) -> None:
    token = (await log_in(app))["refreshToken"]
    (row,) = await app.database.sql("SELECT * FROM StarbeamRefresh")
    secret = token.split("_", 3)[3]
    assert secret[:20] not in str(row)


async def test_without_tables_it_is_signed_and_ends_by_a_date(make_app: MakeApp, later: Any) -> None:
    app = await make_app(*PLUGINS, **SETTINGS, **{"plugin.tokens.tables": "none"})
    await app.database.person("abcd")
    first = await log_in(app)
    assert (await renew(app, first["refreshToken"])).json()["refreshToken"] == first["refreshToken"]
    bearer = {"Authorization": f"Bearer {first['refreshToken']}"}
    assert said(await app.client.get("/user/current", headers=bearer)) == INVALID_TOKEN
    forged = jwt.encode(
        jwt.decode(first["refreshToken"], options={"verify_signature": False}), SECRET, "HS256"
    )
    assert said(await renew(app, forged)) == AGAIN
    later(7 * 86_400 + 5)
    assert said(await renew(app, first["refreshToken"])) == AGAIN
    from_now = {"plugin.tokens.tables": "none", "plugin.tokens.refresh_not_before": datetime(2100, 1, 1)}
    ended = await make_app(*PLUGINS, **SETTINGS, **from_now)
    assert said(await renew(ended, (await log_in(ended))["refreshToken"])) == AGAIN


async def test_switched_off_answers_tell_how_long_a_token_holds(make_app: MakeApp) -> None:
    app = await make_app(*PLUGINS, **SETTINGS, **{"plugin.tokens.refresh": "off"})
    await app.database.person("abcd")
    first = await log_in(app)
    assert set(first) == {"login", "token", "permissions", "expiresIn"}
    assert first["expiresIn"] == 300 * 60
    assert (await renew(app, "x")).status_code == 404


async def test_without_the_plugin_answers_are_as_clients_know_them(make_app: MakeApp) -> None:
    app = await make_app(*(name for name in PLUGINS if name != "tokens"), **SETTINGS)
    await app.database.person("abcd", "own_sessions")
    first = await log_in(app)
    assert (set(first), first["login"]) == ({"login", "token", "permissions"}, "abcd")
    assert first["permissions"] == ["own_sessions"]
    for path in ("/auth/refresh", "/auth/logout"):
        assert (await app.client.post(path, json={"refreshToken": "x"})).status_code == 404
    machine = {"Authorization": f"Bearer {spelling.new_token(spelling.MACHINE, spelling.new_id())}"}
    assert said(await app.client.get("/sessions", headers=machine)) == INVALID_TOKEN
    components = (await app.client.get("/openapi.json")).json()["components"]["schemas"]
    assert set(components["TokenResponse"]["properties"]) == {"login", "token", "permissions"}
