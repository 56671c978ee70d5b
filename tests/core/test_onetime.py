"""One-time tokens: each opens one path once, for a GET, within seconds."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import insert

from starbeam.db.models import SW_onceToken
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.answers import FORBIDDEN, INVALID_TOKEN, NO_TOKEN, WRONG_ONCE, Said, invalid, said
from support.probe import WITH_PROBE
from support.schemas import Kind

pytestmark = pytest.mark.anyio

ROOT = "/ispyb/api/v1"
Headers = dict[str, str]


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    return await make_app("probe", **WITH_PROBE)


async def sign(app: TestApp, headers: Headers, url: str) -> str:
    answer = await app.client.post("/user/sign", headers=headers, json={"validity": url})
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["token"]
    return token


async def use(app: TestApp, token: str, path: str = "/probe/who", **params: Any) -> Said:
    return said(await app.client.get(path, params={"onetime": token, **params}))


async def stored(app: TestApp) -> list[tuple[Any, ...]]:
    rows = await app.database.sql("SELECT token, personId, validity, proposalId FROM SW_onceToken")
    return [tuple(row) for row in rows]


def seconds_ago(app: TestApp, seconds: int) -> str:
    """The database's own clock, as its default for `recordTimeStamp` tells the time."""
    sqlite = f"datetime('now', 'localtime', '-{seconds} seconds')"
    return sqlite if "sqlite" in app.database.url else f"NOW() - INTERVAL {seconds} SECOND"


async def store(app: TestApp, token: str, age: int, path: str = "/probe/who") -> None:
    """A token of person 1, made some seconds ago."""
    columns = "token, personId, validity, recordTimeStamp"
    values = f":token, 1, :path, {seconds_ago(app, age)}"
    await app.database.sql(f"INSERT INTO SW_onceToken ({columns}) VALUES ({values})", token=token, path=path)


ME: Said = (200, {"permissions": [], "beamLines": []})


@pytest.mark.four_databases
async def test_a_token_opens_its_path_once(app: TestApp) -> None:
    headers = await app.as_user("abcd")
    url = f"https://ispyb.example.org:8443{ROOT}/probe/who?big=1#top"
    answer = await app.client.post("/user/sign", headers=headers, json={"validity": url, "token": "mine"})
    token = answer.json()["token"]
    assert said(answer) == (200, {"validity": url, "token": token})
    assert len(token) == 128
    assert await stored(app) == [(token, 1, "/probe/who", None)]
    assert await use(app, token, other="1") == ME
    assert await stored(app) == []
    assert await use(app, token) == WRONG_ONCE


async def test_no_shared_cache_keeps_an_answer(app: TestApp) -> None:
    headers = await app.as_user("abcd")
    token = await sign(app, headers, "/probe/who")
    good = await app.client.get("/probe/who", params={"onetime": token})
    refused = await app.client.get("/probe/who", params={"onetime": token})
    assert (good.status_code, refused.status_code) == (200, 401)
    assert {answer.headers["cache-control"] for answer in (good, refused)} == {"private"}


@pytest.mark.four_databases
async def test_another_path_is_refused_and_does_not_use_it_up(app: TestApp) -> None:
    token = await sign(app, await app.as_user("abcd"), "/probe/who")
    for path in ("/probe/taken", "/probe/who/", "/user/current"):
        assert await use(app, token, path) == WRONG_ONCE
    assert await use(app, "abc-DEF_123") == WRONG_ONCE
    assert await use(app, token) == ME


@pytest.mark.fix(15)
async def test_the_api_root_is_removed_as_a_prefix_only(app: TestApp) -> None:
    headers = await app.as_user("abcd")
    urls = [f"{ROOT}/probe/names/a", f"/probe/names{ROOT}/b", f"{ROOT}{ROOT}/c", "probe/who"]
    tokens = [await sign(app, headers, url) for url in urls]
    kept = ["/probe/names/a", f"/probe/names{ROOT}/b", f"{ROOT}/c", "probe/who"]
    assert [row[2] for row in await stored(app)] == kept
    assert await use(app, tokens[0], "/probe/names/a") == (200, "a")
    assert await use(app, tokens[3]) == WRONG_ONCE  # a relative path matches nothing


async def test_the_slash_at_the_end_counts(app: TestApp) -> None:
    """Some operations have one, and are served without it too."""
    headers = await app.as_user("abcd")
    token = await sign(app, headers, f"{ROOT}/probe/who/")
    assert await use(app, token, "/probe/who") == WRONG_ONCE
    assert await use(app, token, "/probe/who/") == ME


async def test_escaped_letters_of_a_url_mean_the_letters(app: TestApp) -> None:
    token = await sign(app, await app.as_user("abcd"), f"{ROOT}/probe/names/a%20b")
    assert await use(app, token, "/probe/names/a%20b") == (200, "a b")


@pytest.mark.fix(16)
@pytest.mark.four_databases
async def test_a_path_that_the_column_cannot_hold(app: TestApp) -> None:
    headers = await app.as_user("abcd")
    fits, too_long = "/" + "p" * 199, "/" + "p" * 200
    assert await sign(app, headers, ROOT + fits + "?" + "q" * 500)
    answer = await app.client.post("/user/sign", headers=headers, json={"validity": ROOT + too_long})
    message = "The path should have at most 200 characters"
    assert said(answer) == invalid(["body", "validity"], message, "string_too_long")
    assert [row[2] for row in await stored(app)] == [fits]


@pytest.mark.four_databases
async def test_urls_that_are_none(app: TestApp, kind: Kind) -> None:
    headers = await app.as_user("abcd")

    async def answer(url: Any) -> Said:
        return said(await app.client.post("/user/sign", headers=headers, json={"validity": url}))

    assert await answer("http://[::1") == invalid(["body", "validity"], "Value is not a URL")
    assert await answer(None) == invalid(["body", "validity"], "Expected `str`, got `null`")
    status, said_of = await answer("/nul\x00/\U0001f600")
    if kind.flavour == "union":
        assert status == 200
    else:
        sentence = "validity cannot hold '\U0001f600': its character set is latin1"
        assert (status, said_of) == (400, {"detail": sentence})


@pytest.mark.fix(17)
@pytest.mark.four_databases
async def test_the_case_of_a_token_matters(app: TestApp) -> None:
    token = await sign(app, await app.as_user("abcd"), "/probe/who")
    assert await use(app, token.swapcase()) == WRONG_ONCE
    assert await use(app, token) == ME


@pytest.mark.fix(18)
@pytest.mark.on("sqlite-union", "mariadb-union")
async def test_of_simultaneous_uses_one_succeeds(app: TestApp) -> None:
    token = await sign(app, await app.as_user("abcd"), "/probe/who")
    found = await asyncio.gather(*(use(app, token) for _ in range(100)))
    assert sorted(found, key=str) == [ME] + [WRONG_ONCE] * 99


@pytest.mark.fix(19)
@pytest.mark.four_databases
async def test_age_counts_without_the_clean_up(app: TestApp) -> None:
    await app.as_user("abcd")
    await store(app, "old", 12)
    await store(app, "young", 5)
    assert await use(app, "old") == WRONG_ONCE
    assert await use(app, "young") == ME


@pytest.mark.four_databases
async def test_the_clean_up_deletes_what_is_too_old(app: TestApp) -> None:
    await sign(app, await app.as_user("abcd"), "/young")
    await store(app, "old", 12, "/old")
    await app.starbeam.onetime_tokens.clean()
    assert [row[2] for row in await stored(app)] == ["/young"]


async def test_the_lifetime_is_a_setting(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE, **{"auth.onetime_lifetime": 3600})
    await app.as_user("abcd")
    await store(app, "old", 3605)
    await store(app, "young", 3500)
    assert await use(app, "old") == WRONG_ONCE
    assert await use(app, "young") == ME


@pytest.mark.fix(20)
async def test_only_a_get_may_use_one(app: TestApp) -> None:
    token = await sign(app, await app.as_user("abcd"), "/probe/bodies")
    for method in ("POST", "PATCH", "DELETE"):
        answer = await app.client.request(
            method, "/probe/bodies", params={"onetime": token}, json={"name": "a"}
        )
        assert said(answer) == NO_TOKEN
    assert len(await stored(app)) == 1


@pytest.mark.fix(21)
@pytest.mark.four_databases
async def test_a_token_whose_person_is_gone(app: TestApp) -> None:
    await app.database.add(SW_onceToken, personId=None, token="orphan", validity="/probe/who")
    assert await use(app, "orphan") == WRONG_ONCE
    async with app.database.engine.begin() as connection:
        mysql = "mysql" in app.database.url
        await connection.exec_driver_sql(
            "SET FOREIGN_KEY_CHECKS = 0" if mysql else "PRAGMA foreign_keys = OFF"
        )
        await connection.execute(
            insert(SW_onceToken).values(personId=77, token="gone", validity="/probe/who")
        )
    assert await use(app, "gone") == WRONG_ONCE


@pytest.mark.four_databases
async def test_permissions_are_those_of_now(app: TestApp) -> None:
    """Not those of the token that signed, and read at once, not with the next refresh."""
    headers = await app.as_user("abcd")
    token = await sign(app, headers, "/probe/held")
    assert await use(app, token, "/probe/held") == FORBIDDEN
    assert await stored(app) == []  # used up, whatever the operation answers
    token = await sign(app, headers, "/probe/held")
    await app.database.grant(1, "probe")
    assert await use(app, token, "/probe/held", number=5) == (200, 5)


async def test_the_header_decides_when_both_are_given(app: TestApp) -> None:
    headers = await app.as_user("abcd")
    token = await sign(app, headers, "/probe/who")
    for wrong, expected in (
        ("Bearer nonsense", INVALID_TOKEN),
        ("Basic abc", NO_TOKEN),
        ("Bearer", NO_TOKEN),
    ):
        answer = await app.client.get(
            "/probe/who", params={"onetime": token}, headers={"Authorization": wrong}
        )
        assert said(answer) == expected
    assert said(await app.client.get("/probe/who", params={"onetime": "x"}, headers=headers)) == ME
    answer = await app.client.get("/probe/who", params={"onetime": token}, headers={"Authorization": ""})
    assert said(answer) == ME


async def test_a_text_that_is_no_token(app: TestApp) -> None:
    message = r"String should match pattern '^([\w\-_])+$'"
    wrong = ["", "a b", "a+b", "a%", "é", "a\n", "\x00"]
    found = {text: await use(app, text) for text in wrong}
    assert found == dict.fromkeys(wrong, invalid(["query", "onetime"], message, "string_pattern_mismatch"))


async def test_signing_needs_a_token_of_the_caller(app: TestApp) -> None:
    assert said(await app.client.post("/user/sign", json={"validity": "/x"})) == NO_TOKEN
    assert await stored(app) == []


async def test_public_routes_leave_a_token_alone(app: TestApp) -> None:
    token = await sign(app, await app.as_user("abcd"), "/auth/config")
    answer = await app.client.get("/auth/config", params={"onetime": token})
    assert answer.status_code == 200
    assert len(await stored(app)) == 1


@pytest.mark.four_databases
async def test_nobody_signs_for_a_person_who_is_gone(make_app: MakeApp) -> None:
    app = await make_app()
    answer = await app.client.post("/user/sign", headers=app.token("ghost", 99), json={"validity": "/x"})
    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid token"})
