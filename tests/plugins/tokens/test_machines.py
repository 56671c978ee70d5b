"""Tokens of machines: made, used within their limits, changed and ended."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from plugins.tokens.conftest import PLUGINS, SETTINGS, Headers, bearer, machine, script
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import AsUser, MakeApp
from starbeam_tokens import spelling
from support.answers import INVALID_TOKEN, invalid, refused, said
from support.world import NOW, build, enter

pytestmark = [pytest.mark.anyio, pytest.mark.four_databases]

CLOSED = refused(403, "This token is not good for this operation")


async def ids(app: TestApp, headers: Headers, path: str, key: str) -> list[int]:
    """The keys of what is listed."""
    answer = await app.client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return sorted(row[key] for row in answer.json()["results"])


async def test_a_token_is_made_shown_and_used(app: TestApp, boss: Headers) -> None:
    body = {
        "name": "i02-acquisition",
        "scopes": ["read", "record"],
        "beamLines": ["id02"],
        "networks": ["127.0.0.0/8"],
        "service": "hyperion",
        "comment": "key file",
    }
    made = (await app.client.post("/tokens", headers=boss, json=body)).json()
    token, token_id = made.pop("token"), made["tokenId"]
    assert re.fullmatch(rf"sbm_{token_id}_[\w-]{{43}}[0-9A-Za-z]{{6}}", token)
    assert made == {
        **body,
        "tokenId": token_id,
        "personId": None,
        "proposals": [],
        "notBefore": None,
        "expires": "2027-03-10T12:00:00",
        "revokedAt": None,
        "createdBy": "boss",
        "createdAt": "2026-03-10T12:00:00",
        "lastUsedAt": None,
        "lastAddress": None,
        "uses": None,
    }
    assert (await app.client.get(f"/tokens/{token_id}", headers=boss)).json() == made
    assert (await app.client.get("/tokens", headers=boss)).json() == {
        "total": 1,
        "results": [made],
        "skip": 0,
        "limit": 25,
    }
    assert said(await app.client.get("/tokens/current", headers=bearer(token))) == (
        200,
        {
            "name": "i02-acquisition",
            "scopes": ["read", "record"],
            "beamLines": ["id02"],
            "proposals": [],
            "expires": "2027-03-10T12:00:00",
        },
    )
    assert said(await app.client.get("/user/current", headers=bearer(token))) == (
        200,
        {
            "givenName": "",
            "familyName": "i02-acquisition",
            "login": "token:i02-acquisition",
            "Permissions": ["read", "record"],
            "personId": 0,
            "beamLineGroups": [],
            "beamLines": ["id02"],
        },
    )
    (row,) = await app.database.sql("SELECT * FROM StarbeamToken")
    assert token not in str(row)


async def test_it_sees_what_its_beamlines_and_proposals_allow(app: TestApp, boss: Headers) -> None:
    """Sessions 1 to 3 are on id01, id02, id03; the first two are of mx23, the third of bl7."""
    sessions = "/sessions", "sessionId"
    proposals = "/proposals", "proposalId"
    everywhere = await machine(app, boss, name="a")
    assert await ids(app, everywhere, *sessions) == [1, 2, 3]
    assert await ids(app, everywhere, *proposals) == [1, 2, 3]
    one_line = await machine(app, boss, name="b", beamLines=["ID02"])
    assert await ids(app, one_line, *sessions) == [2]
    assert await ids(app, one_line, *proposals) == [1]
    named = await machine(app, boss, name="c", proposals=["MX*"])
    assert await ids(app, named, *sessions) == [1, 2]
    assert await ids(app, named, *proposals) == [1]
    both = await machine(app, boss, name="d", beamLines=["id02", "id03"], proposals=["bl7", "x*"])
    assert await ids(app, both, *sessions) == [3]
    assert (await app.client.get("/proposals/mx23", headers=both)).status_code == 404
    none = await machine(app, boss, name="e", proposals=["mx"])
    assert await ids(app, none, *sessions) == []


async def test_what_is_written_is_opened_by_its_scope_alone(app: TestApp, boss: Headers) -> None:
    reads, ships = await machine(app, boss, name="a"), await machine(app, boss, name="b", scopes=["ship"])
    body = {"courierAccount": "C2"}
    assert said(await app.client.patch("/labcontacts/1", headers=reads, json=body)) == CLOSED
    assert (await app.client.patch("/labcontacts/1", headers=ships, json=body)).status_code == 200
    assert (await app.client.get("/labcontacts/1", headers=ships)).json()["courierAccount"] == "C2"
    assert said(await app.client.get("/sessions", headers=ships)) == CLOSED
    elsewhere = await machine(app, boss, name="c", scopes=["ship"], beamLines=["id03"])
    assert (await app.client.patch("/labcontacts/1", headers=elsewhere, json=body)).status_code == 404


async def test_no_token_manages_people_or_tokens(app: TestApp, boss: Headers) -> None:
    headers = await machine(app, boss, scopes=["read", "record", "process", "samples", "ship", "em"])
    for path in (
        *("/options", "/options/ui", "/admin/groups", "/admin/permissions", "/admin/activity"),
        *("/tokens", "/tokens/own", "/tokens/abcdefghjk"),
    ):
        assert said(await app.client.get(path, headers=headers)) == CLOSED
    for path in ("/user/sign", "/tokens", "/tokens/own", "/admin/groups"):
        assert said(await app.client.post(path, headers=headers, json={})) == CLOSED


async def test_what_no_token_is_made_of(app: TestApp, boss: Headers) -> None:
    good = {"name": "a", "scopes": ["read"], "beamLines": ["id02"]}
    late = "A token ends within the next 400 days"
    known = "em, process, read, record, samples, ship"
    for wrong, answer in (
        (
            {"scopes": ["manage_tokens"]},
            invalid(["body", "scopes"], f"There is no scope manage_tokens: there are {known}"),
        ),
        ({"beamLines": ["id99"]}, invalid(["body", "beamLines"], "There is no beamline id99")),
        ({"expires": "2027-04-15T00:00:00"}, invalid(["body", "expires"], late)),
        ({"expires": "2026-03-10T11:00:00Z"}, invalid(["body", "expires"], late)),
        (
            {"networks": ["10.0.0.0/99"]},
            invalid(["body", "networks"], "'10.0.0.0/99' does not appear to be an IPv4 or IPv6 network"),
        ),
    ):
        found = await app.client.post("/tokens", headers=boss, json={**good, **wrong})
        assert said(found) == answer, wrong
    for wrong in ({"name": "a b"}, {"scopes": []}, {"beamLines": []}, {"beamLines": ["a,b"]}, {"other": 1}):
        assert (await app.client.post("/tokens", headers=boss, json={**good, **wrong})).status_code == 422
    assert (await app.client.post("/tokens", headers=boss, json=good)).status_code == 201
    taken = refused(409, "Another token is called a")
    assert said(await app.client.post("/tokens", headers=boss, json=good)) == taken


async def test_a_token_that_was_revoked_is_dead_and_its_name_is_free(app: TestApp, boss: Headers) -> None:
    headers = await machine(app, boss)
    (row,) = (await app.client.get("/tokens", headers=boss)).json()["results"]
    assert said(await app.client.delete(f"/tokens/{row['tokenId']}", headers=boss)) == (200, {})
    assert said(await app.client.get("/tokens/current", headers=headers)) == INVALID_TOKEN
    assert said(await app.client.delete(f"/tokens/{row['tokenId']}", headers=boss)) == (200, {})
    (revoked,) = (await app.client.get("/tokens?revoked=true", headers=boss)).json()["results"]
    assert revoked == {**row, "revokedAt": "2026-03-10T12:00:00"}
    await machine(app, boss)
    gone = await app.client.delete("/tokens/abcdefghjk", headers=boss)
    assert said(gone) == refused(404, "Token not found")


async def test_a_token_that_is_replaced_works_on_for_some_time(app: TestApp, boss: Headers) -> None:
    old = await machine(app, boss)
    (row,) = (await app.client.get("/tokens", headers=boss)).json()["results"]
    path = f"/tokens/{row['tokenId']}/rotate"
    answer = await app.client.post(path, headers=boss, json={"graceHours": 2})
    new = bearer(answer.json()["token"])
    for hours, statuses in ((0, [200, 200]), (1.9, [200, 200]), (2.1, [401, 200])):
        app.set_time(NOW + timedelta(hours=hours))
        found = [await app.client.get("/tokens/current", headers=headers) for headers in (old, new)]
        assert [one.status_code for one in found] == statuses


async def test_what_is_changed_counts_at_once(app: TestApp, boss: Headers) -> None:
    headers = await machine(app, boss)
    (row,) = (await app.client.get("/tokens", headers=boss)).json()["results"]
    path = f"/tokens/{row['tokenId']}"
    change = {"beamLines": ["id03"], "comment": "moved", "expires": "2026-03-11T00:00:00"}
    changed = await app.client.patch(path, headers=boss, json={**row, **change})
    assert said(changed) == (200, {**row, **change})
    assert await ids(app, headers, "/sessions", "sessionId") == [3]
    app.set_time(NOW + timedelta(hours=12))
    assert said(await app.client.get("/tokens/current", headers=headers)) == INVALID_TOKEN


async def test_it_is_taken_from_its_networks_and_in_its_time_only(app: TestApp, boss: Headers) -> None:
    far = await machine(app, boss, name="far", networks=["10.3.0.0/16"])
    refusal = refused(403, "This token is not taken from this address")
    assert said(await app.client.get("/sessions", headers=far)) == refusal
    later = await machine(app, boss, name="later", notBefore="2026-03-10T13:00:00")
    assert said(await app.client.get("/sessions", headers=later)) == INVALID_TOKEN
    app.set_time(NOW + timedelta(hours=1))
    assert (await app.client.get("/sessions", headers=later)).status_code == 200


async def test_what_opens_every_row_is_not_given_by_the_api(make_app: MakeApp, tmp_path: Path) -> None:
    """Not even by who holds it; a token of the configuration sees all that its proposals are."""
    token = spelling.new_token(spelling.MACHINE, spelling.new_id())
    static = {
        "sha256": spelling.digest(token),
        "scopes": ["read", "all_proposals"],
        "beamlines": ["id03"],
        "proposals": ["mx*"],
    }
    settings = {"plugin.tokens.grantable": ["read", "all_proposals"], "plugin.tokens.static.reader": static}
    app = await make_app(*PLUGINS, **SETTINGS, **settings)
    await build(app.database, tmp_path, "ispyb", "proposals", "samples", "admin")
    administrator = (await enter(app))["administrator"]
    body = {"name": "a", "scopes": ["read", "all_proposals"], "beamLines": ["*"]}
    assert (await app.client.post("/tokens", headers=administrator, json=body)).status_code == 422
    del body["beamLines"]
    answer = await app.client.post("/tokens/own", headers=administrator, json=body)
    assert said(answer)[1]["detail"][0]["loc"] == ["body", "scopes"]
    assert await ids(app, bearer(token), "/sessions", "sessionId") == [1, 2]
    for path in ("/admin/groups", "/options", "/tokens"):
        assert said(await app.client.get(path, headers=bearer(token))) == CLOSED


async def test_figures_tell_of_machines_by_name(make_app: MakeApp, as_user: AsUser) -> None:
    app = await make_app(*PLUGINS, **SETTINGS, **{"server.metrics_from": ["127.0.0.1"]})
    app.set_time(NOW)
    boss = await as_user(app, "boss", "manage_tokens")
    used = await machine(app, boss, name="used")
    far = await machine(app, boss, name="far", networks=["10.3.0.0/16"])
    ended = await machine(app, boss, name="ended", expires="2026-03-10T13:00:00")
    own = await script(app, boss, name="of-boss")
    for headers in (used, used, far, own, ended, bearer("sbm_x")):
        await app.client.get("/tokens/current", headers=headers)
    app.set_time(NOW + timedelta(hours=2))
    await app.client.get("/tokens/current", headers=used)
    await app.client.get("/tokens/current", headers=ended)
    await app.starbeam.plugins.manager.get_plugin("tokens")._made._count()
    told = (await app.client.get("http://testserver.local/metrics")).text
    lines = sorted(line for line in told.splitlines() if line.startswith("starbeam_token_"))
    total = "starbeam_token_requests_total"
    assert [line for line in lines if "_created" not in line] == [
        f'{total}{{outcome="refused",token="(unknown)"}} 2.0',
        f'{total}{{outcome="refused",token="far"}} 1.0',
        f'{total}{{outcome="taken",token="(script)"}} 1.0',
        f'{total}{{outcome="taken",token="ended"}} 1.0',
        f'{total}{{outcome="taken",token="used"}} 3.0',
        "starbeam_token_unused_seconds 7200.0",
    ]
    assert "of-boss" not in told


async def test_who_makes_tokens_gives_no_scope_that_they_may_not(app: TestApp, boss: Headers) -> None:
    body = {"name": "a", "scopes": ["read"], "beamLines": ["*"]}
    other = await app.as_user("other")
    assert said(await app.client.post("/tokens", headers=other, json=body)) == refused(403, "Not Authorized")


async def test_uses_are_counted(app: TestApp, boss: Headers) -> None:
    headers = await machine(app, boss)
    for _ in range(3):
        await app.client.get("/tokens/current", headers=headers)
    await app.starbeam.plugins.manager.get_plugin("tokens")._made.uses.write()
    await app.client.get("/tokens/current", headers=headers)
    await app.starbeam.plugins.manager.get_plugin("tokens")._made.uses.write()
    (row,) = (await app.client.get("/tokens", headers=boss)).json()["results"]
    assert (row["uses"], row["lastAddress"], row["lastUsedAt"]) == (4, "127.0.0.1", "2026-03-10T12:00:00")
