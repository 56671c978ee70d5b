"""Who manages the machines of a beamline makes, sees and ends their tokens, and nobody else's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from plugins.tokens.conftest import PLUGINS, SETTINGS, Headers, bearer, machine, script
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support import world
from support.answers import refused, said

pytestmark = [pytest.mark.anyio, pytest.mark.four_databases]

MISSING = refused(404, "Token not found")
ELSEWHERE = refused(403, "You may give tokens of your own beamlines only")
SYNC = refused(403, "You may not give the scope uportal_sync")


@pytest.fixture
async def app(make_app: MakeApp, tmp_path: Path) -> TestApp:
    """The app, with a scope that not everybody gives."""
    found = await make_app(*PLUGINS, "userportal", **SETTINGS)
    await world.build(found.database, tmp_path, "ispyb", "proposals", "samples", "admin")
    await world.enter(found)
    return found


@pytest.fixture
async def keeper(app: TestApp) -> Headers:
    """Who manages the machines of ID02."""
    await app.database.grant(world.PEOPLE["staff"], "beamline_tokens")
    await app.refresh()
    return app.token("staff", world.PEOPLE["staff"])


def body(**said: Any) -> dict[str, Any]:
    """What makes a token, but for what is said."""
    return {"name": "a", "scopes": ["read"], "beamLines": ["id02"], **said}


async def names(app: TestApp, headers: Headers, query: str = "") -> tuple[int, list[str]]:
    """How many tokens there are for somebody, and their names."""
    answer = (await app.client.get(f"/tokens{query}", headers=headers)).json()
    return answer["total"], sorted(one["name"] for one in answer["results"])


async def id_of(app: TestApp, boss: Headers, name: str) -> str:
    """The id of a token."""
    rows = (await app.client.get("/tokens", headers=boss)).json()["results"]
    return str(next(row["tokenId"] for row in rows if row["name"] == name))


async def test_tokens_are_made_for_the_own_beamlines_alone(app: TestApp, keeper: Headers) -> None:
    made = await app.client.post("/tokens", headers=keeper, json=body())
    assert made.status_code == 201
    sessions = await app.client.get("/sessions", headers=bearer(made.json()["token"]))
    assert [one["sessionId"] for one in sessions.json()["results"]] == [2]
    for lines in (["id03"], ["id02", "id03"], ["*"], ["ID02", "*"]):
        answer = await app.client.post("/tokens", headers=keeper, json=body(name="b", beamLines=lines))
        assert said(answer) == ELSEWHERE, lines
    answer = await app.client.post("/tokens", headers=keeper, json=body(name="b", scopes=["uportal_sync"]))
    assert said(answer) == SYNC
    path = f"/tokens/{made.json()['tokenId']}"
    for lines in (["id03"], ["id02", "id03"], ["*"]):
        answer = await app.client.patch(path, headers=keeper, json={"beamLines": lines})
        assert said(answer) == ELSEWHERE, lines
    assert said(await app.client.patch(path, headers=keeper, json={"scopes": ["uportal_sync"]})) == SYNC
    changed = await app.client.patch(path, headers=keeper, json={"comment": "new", "scopes": ["record"]})
    assert (changed.json()["comment"], changed.json()["scopes"]) == ("new", ["record"])
    rotated = await app.client.post(f"{path}/rotate", headers=keeper, json={"graceHours": 0})
    assert rotated.status_code == 200
    assert said(await app.client.delete(path, headers=keeper)) == (200, {})
    revoked = bearer(rotated.json()["token"])
    assert (await app.client.get("/tokens/current", headers=revoked)).status_code == 401


async def test_those_of_others_are_not_there(app: TestApp, boss: Headers, keeper: Headers) -> None:
    member = app.token("session_member", world.PEOPLE["session_member"])
    await script(app, member)
    for name, lines in (
        *(("own", ["id02"]), ("shared", ["id02", "id03"]), ("everywhere", ["*"])),
        *(("far", ["id03"]), ("twice", ["ID02", "id02"]), ("wide", ["w0"])),
    ):
        await machine(app, boss, name=name, beamLines=lines)
    assert await names(app, boss) == (7, ["everywhere", "far", "laptop", "own", "shared", "twice", "wide"])
    assert await names(app, keeper) == (2, ["own", "twice"])
    assert await names(app, keeper, "?service=none") == (0, [])
    for name in ("shared", "everywhere", "far", "wide", "laptop"):
        path = f"/tokens/{await id_of(app, boss, name)}"
        for method, more, sent in (
            *(("GET", "", None), ("PATCH", "", {"comment": "mine"}), ("DELETE", "", None)),
            ("POST", "/rotate", {}),
        ):
            answer = await app.client.request(method, path + more, headers=keeper, json=sent)
            assert said(answer) == MISSING, (name, method)
    for path in ("/tokens/refresh", "/tokens/refresh?login=boss"):
        assert (await app.client.get(path, headers=keeper)).status_code == 403
    assert (await app.client.delete("/tokens/refresh?login=boss", headers=keeper)).status_code == 403
    assert await names(app, boss, "?revoked=true") == (0, [])


async def test_nobody_is_told_a_token_that_may_more_than_they_give(
    app: TestApp, boss: Headers, keeper: Headers
) -> None:
    """One that is replaced is told: so that needs what making it does."""
    administrator = app.token("administrator", world.PEOPLE["administrator"])
    await machine(app, administrator, name="sync", scopes=["uportal_sync"], beamLines=["id02"])
    path = f"/tokens/{await id_of(app, boss, 'sync')}"
    for headers in (keeper, boss):
        assert said(await app.client.post(f"{path}/rotate", headers=headers, json={})) == SYNC
    assert said(await app.client.patch(path, headers=keeper, json={"networks": []})) == (
        200,
        (await app.client.get(path, headers=boss)).json(),
    )
    assert said(await app.client.patch(path, headers=keeper, json={"comment": "mine"})) == SYNC
    assert (await app.client.patch(path, headers=boss, json={"comment": "ours"})).status_code == 200
    assert (await app.client.post(f"{path}/rotate", headers=administrator, json={})).status_code == 200
    assert said(await app.client.delete(path, headers=keeper)) == (200, {})


async def test_who_is_of_no_beamline_manages_none(app: TestApp, boss: Headers) -> None:
    await machine(app, boss, name="own", beamLines=["id02"])
    nobody = await app.as_user("nobody", "beamline_tokens")
    assert await names(app, nobody) == (0, [])
    assert said(await app.client.post("/tokens", headers=nobody, json=body())) == ELSEWHERE
