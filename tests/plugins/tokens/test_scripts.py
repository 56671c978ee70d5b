"""Tokens of people's scripts: never more than the person may, and of that what was said."""

from __future__ import annotations

import pytest

from plugins.tokens.conftest import Headers, machine, script
from starbeam_testing.app import TestApp
from support.answers import INVALID_TOKEN, refused, said
from support.world import PEOPLE, PERMISSIONS

pytestmark = pytest.mark.anyio

CLOSED = refused(403, "This token is not good for this operation")


def as_caller(app: TestApp, login: str) -> Headers:
    """Headers of somebody of the small world."""
    return app.token(login, PEOPLE[login], *PERMISSIONS[login])


async def total(app: TestApp, headers: Headers, path: str) -> int | str:
    """How many rows are listed."""
    answer = await app.client.get(path, headers=headers)
    found: int | str = answer.json()["total"] if answer.status_code == 200 else answer.text
    return found


@pytest.mark.four_databases
async def test_it_reads_what_its_person_sees(app: TestApp) -> None:
    for login, sessions, proposals in (
        ("stranger", 0, 0),
        ("session_member", 1, 1),
        ("staff", 1, 1),
        ("administrator", 3, 3),
    ):
        headers = await script(app, as_caller(app, login))
        assert await total(app, headers, "/sessions") == sessions
        assert await total(app, headers, "/proposals") == proposals
        assert (await app.client.get("/user/current", headers=headers)).json()["login"] == login


@pytest.mark.four_databases
async def test_it_is_narrowed_to_a_proposal(app: TestApp) -> None:
    headers = await script(app, as_caller(app, "administrator"), proposals=["bl7"])
    assert await total(app, headers, "/sessions") == 1
    assert await total(app, headers, "/proposals") == 1
    assert (await app.client.get("/proposals/mx23", headers=headers)).status_code == 404
    foreign = await script(app, as_caller(app, "session_member"), proposals=["bl7"])
    assert await total(app, foreign, "/sessions") == 0


async def test_it_writes_in_its_proposals_alone(app: TestApp) -> None:
    """Of a member of two proposals, each with a shipment; the first is mx23."""
    member = as_caller(app, "proposal_member")
    inside = await script(app, member, name="in", scopes=["ship"], proposals=["mx23"])
    outside = await script(app, member, name="out", scopes=["ship"], proposals=["bl7"])
    change = {"comments": "Cold"}
    contacts = {"sendingLabContactId": 1, "returnLabContactId": 1}
    new = {"proposalId": 1, "shippingName": "New", **contacts}
    assert await total(app, inside, "/shippings") == 1
    assert await total(app, outside, "/shippings") == 0
    for headers, changed, made in ((inside, 200, 201), (outside, 404, 404)):
        answers = (
            await app.client.patch("/shippings/1", headers=headers, json=change),
            await app.client.post("/shippings", headers=headers, json=new),
        )
        assert [one.status_code for one in answers] == [changed, made], answers[1].text


async def test_it_is_narrowed_to_shipping(app: TestApp) -> None:
    headers = await script(app, as_caller(app, "proposal_member"), scopes=["ship"])
    assert await total(app, headers, "/shippings") == 2
    changed = await app.client.patch("/shippings/1", headers=headers, json={"comments": "Cold"})
    assert changed.status_code == 200
    for path in ("/sessions", "/proposals", "/samples", "/admin/groups", "/tokens/own"):
        assert said(await app.client.get(path, headers=headers)) == CLOSED
    reading = await script(app, as_caller(app, "proposal_member"), name="other")
    assert said(await app.client.patch("/shippings/1", headers=reading, json={"comments": ""})) == CLOSED


async def test_it_manages_nothing_for_whoever_may(app: TestApp, boss: Headers) -> None:
    administrator = as_caller(app, "administrator")
    headers = await script(app, administrator, scopes=["read", "ship", "record"])
    for path in ("/options", "/admin/groups", "/tokens", "/tokens/own"):
        assert said(await app.client.get(path, headers=headers)) == CLOSED
    for path in ("/tokens", "/tokens/own", "/user/sign", "/admin/groups"):
        assert said(await app.client.post(path, headers=headers, json={})) == CLOSED


async def test_it_is_dead_when_its_person_is(app: TestApp) -> None:
    headers = await script(app, as_caller(app, "session_member"))
    assert await total(app, headers, "/sessions") == 1
    await app.database.sql("DELETE FROM Session_has_Person")
    await app.database.sql("UPDATE Person SET login = NULL WHERE login = 'session_member'")
    await reload(app)
    assert said(await app.client.get("/sessions", headers=headers)) == INVALID_TOKEN


async def test_it_loses_what_its_person_loses(app: TestApp) -> None:
    headers = await script(app, as_caller(app, "staff"))
    assert await total(app, headers, "/sessions") == 1
    await app.database.sql("DELETE FROM UserGroup_has_Person")
    await app.refresh()
    assert await total(app, headers, "/sessions") == 0


async def test_people_see_and_end_their_own_only(app: TestApp, boss: Headers) -> None:
    staff, member = as_caller(app, "staff"), as_caller(app, "session_member")
    headers = await script(app, staff)
    await machine(app, boss)
    await script(app, member)  # of the same name as that of the staff
    (row,) = (await app.client.get("/tokens/own", headers=staff)).json()["results"]
    assert (row["name"], row["personId"], row["createdBy"]) == ("laptop", PEOPLE["staff"], "staff")
    path = f"/tokens/own/{row['tokenId']}"
    assert said(await app.client.delete(path, headers=member)) == refused(404, "Token not found")
    again = await app.client.post("/tokens/own", headers=staff, json={"name": "laptop"})
    assert said(again) == refused(409, "Another token is called laptop")
    assert said(await app.client.delete(path, headers=staff)) == (200, {})
    assert said(await app.client.get("/sessions", headers=headers)) == INVALID_TOKEN
    assert await total(app, boss, "/tokens") == 3


async def test_nobody_else_changes_what_it_opens(app: TestApp, boss: Headers) -> None:
    """Whoever manages tokens ends it, and no more."""
    headers = await script(app, as_caller(app, "staff"))
    (row,) = (await app.client.get("/tokens", headers=boss)).json()["results"]
    path = f"/tokens/{row['tokenId']}"
    theirs = refused(403, "What a script's token opens, its person says")
    assert said(await app.client.patch(path, headers=boss, json={"scopes": ["ship"]})) == theirs
    missing = refused(404, "Token not found")
    assert said(await app.client.post(f"{path}/rotate", headers=boss, json={})) == missing
    assert await total(app, headers, "/sessions") == 1
    assert said(await app.client.delete(path, headers=boss)) == (200, {})
    assert said(await app.client.get("/sessions", headers=headers)) == INVALID_TOKEN


async def reload(app: TestApp) -> None:
    """Let the app read the tokens now."""
    plugin = app.starbeam.plugins.manager.get_plugin("tokens")
    await plugin._made.held.reload()
