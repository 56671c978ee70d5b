"""A machine that works for a person does what both may, and the record names both."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from plugins.mxcube import conftest as beamline
from plugins.tokens.conftest import PLUGINS, SETTINGS, Headers, machine, script
from plugins.tokens.test_machines import ids
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import AsUser, MakeApp
from support import world
from support.answers import refused, said

pytestmark = pytest.mark.anyio

SESSIONS = "/sessions", "sessionId"
PROPOSALS = "/proposals", "proposalId"
NAMELESS = refused(403, "This token opens this on behalf of a person only: send Starbeam-For")


def on_behalf_of(headers: Headers, login: str) -> Headers:
    """The header of a machine's token, with that of a person."""
    return {**headers, "Starbeam-For": login}


async def with_settings(make_app: MakeApp, folder: Path, *plugins: str, **settings: Any) -> TestApp:
    """The app on the small world, with more settings."""
    app = await make_app(*PLUGINS, *plugins, **SETTINGS, **settings)
    await world.build(app.database, folder, "ispyb", "proposals", "samples", "admin")
    await world.enter(app)
    return app


@pytest.mark.four_databases
async def test_it_sees_what_both_see(app: TestApp, boss: Headers) -> None:
    """Session 1 is the session member's, 1 and 2 the proposal member's; 2 is on the beamline of staff."""
    everywhere, one_line = await machine(app, boss), await machine(app, boss, name="b", beamLines=["id02"])
    for login, sessions, proposals, of_line in (
        ("stranger", [], [], []),
        ("session_member", [1], [1], []),
        ("proposal_member", [1, 2], [1, 3], [2]),
        ("staff", [2], [1], [2]),
        ("administrator", [1, 2, 3], [1, 2, 3], [2]),
    ):
        headers = on_behalf_of(everywhere, login)
        assert await ids(app, headers, *SESSIONS) == sessions, login
        assert await ids(app, headers, *PROPOSALS) == proposals, login
        assert await ids(app, on_behalf_of(one_line, login), *SESSIONS) == of_line, login
    assert await ids(app, everywhere, *SESSIONS) == [1, 2, 3]
    limited = await machine(app, boss, name="c", proposals=["bl7"])
    assert await ids(app, on_behalf_of(limited, "proposal_member"), *SESSIONS) == []


async def test_it_writes_where_both_may(app: TestApp, boss: Headers) -> None:
    headers = await machine(app, boss, scopes=["record", "ship"])
    for login, status in (("session_member", 200), ("staff", 404), ("stranger", 404)):
        body = {"comments": f"by {login}"}
        answer = await app.client.patch("/sessions/1", headers=on_behalf_of(headers, login), json=body)
        assert answer.status_code == status, answer.text
    ((comments,),) = await app.database.sql("SELECT comments FROM BLSession WHERE sessionId = 1")
    assert comments == "by session_member"
    for login, status in (("proposal_member", 200), ("stranger", 404)):
        named, body = on_behalf_of(headers, login), {"courierAccount": "C2"}
        assert (await app.client.patch("/labcontacts/1", headers=named, json=body)).status_code == status
    unknown = refused(403, "Nobody has the login that Starbeam-For names")
    for login in ("nobody", "token:i02", "' OR 1=1 --", "stranger,session_member"):
        named = on_behalf_of(headers, login)
        assert said(await app.client.patch("/sessions/1", headers=named, json={})) == unknown
    one = refused(403, "Starbeam-For names one login")
    twice = [*headers.items(), ("Starbeam-For", "stranger"), ("Starbeam-For", "session_member")]
    for wrong in (twice, [*headers.items(), ("Starbeam-For", "")], on_behalf_of(headers, "x" * 256)):
        assert said(await app.client.patch("/sessions/1", headers=wrong, json={})) == one


async def test_it_loses_what_the_person_loses(app: TestApp, boss: Headers) -> None:
    headers = on_behalf_of(await machine(app, boss), "staff")
    assert await ids(app, headers, *SESSIONS) == [2]
    await app.database.sql("DELETE FROM UserGroup_has_Person WHERE personId = :id", id=world.PEOPLE["staff"])
    await app.refresh()
    assert await ids(app, headers, *SESSIONS) == []


async def test_a_person_works_for_nobody(app: TestApp) -> None:
    member = app.token("session_member", world.PEOPLE["session_member"])
    of_script = on_behalf_of(await script(app, member), "administrator")
    refusal = refused(403, "Starbeam-For is for machines: this token is a person's")
    assert said(await app.client.get("/sessions", headers=of_script)) == refusal
    assert await ids(app, on_behalf_of(member, "administrator"), *SESSIONS) == [1]


async def test_what_needs_a_permission_needs_it_of_both(make_app: MakeApp, tmp_path: Path) -> None:
    app = await with_settings(make_app, tmp_path, "userportal")
    administrator = app.token("administrator", world.PEOPLE["administrator"], "manage_tokens", "uportal_sync")
    headers = await machine(app, administrator, scopes=["uportal_sync"])
    for login, status in (("stranger", 403), ("administrator", 422)):
        named = on_behalf_of(headers, login)
        answer = await app.client.post(
            "/webservices/userportalsync/sync_proposal", headers=named, json={"proposal": 1}
        )
        assert answer.status_code == status, answer.text


async def test_scopes_may_demand_a_person(make_app: MakeApp, tmp_path: Path, as_user: AsUser) -> None:
    app = await with_settings(make_app, tmp_path, **{"plugin.tokens.require_human": ["record"]})
    boss = await as_user(app, "boss", "manage_tokens")
    headers = await machine(app, boss, scopes=["read", "record", "samples"])
    named = on_behalf_of(headers, "session_member")
    body = {"comments": "new"}
    assert said(await app.client.patch("/sessions/1", headers=headers, json=body)) == NAMELESS
    assert (await app.client.patch("/sessions/1", headers=named, json=body)).status_code == 200
    assert await ids(app, headers, *SESSIONS) == [1, 2, 3]
    for path in ("/user/current", "/tokens/current"):
        assert (await app.client.get(path, headers=headers)).status_code == 200
    member = app.token("session_member", world.PEOPLE["session_member"])
    own = await script(app, member, scopes=["record"])
    assert (await app.client.patch("/sessions/1", headers=own, json={"comments": "own"})).status_code == 200


async def test_a_scope_that_nobody_declares_stops_the_start(make_app: MakeApp) -> None:
    from starbeam.faults import StartupError

    with pytest.raises(StartupError, match="require_human: there is no scope recrod"):
        await make_app(*PLUGINS, **SETTINGS, **{"plugin.tokens.require_human": ["recrod"]})


async def test_the_record_names_both(make_app: MakeApp, tmp_path: Path, as_user: AsUser) -> None:
    app = await with_settings(make_app, tmp_path, "audit")
    boss = await as_user(app, "boss", "manage_tokens", "view_audit")
    headers = on_behalf_of(await machine(app, boss, scopes=["record"]), "Session_Member")
    body = {"comments": "new"}
    assert (await app.client.patch("/sessions/1", headers=headers, json=body)).status_code == 200
    for asked, count in (("session_member", 1), ("staff", 0)):
        found = (await app.client.get(f"/admin/audit?behalf={asked}", headers=boss)).json()["results"]
        assert [(one["login"], one["behalf"]) for one in found] == [("token:i02", "session_member")] * count


@pytest.mark.four_databases
async def test_machines_write_to_sessions_that_run(make_app: MakeApp) -> None:
    """The session of mx1234 runs from 9 to 17; the token writes to it two hours longer."""
    app = await make_app(*beamline.PLUGINS, **{"plugin.tokens.window_for_tokens": 2})
    app.set_time(beamline.NOW)
    await beamline.facility(app, beamline.NOW)
    await app.as_user("carl", "mx_staff")
    boss = await app.as_user("boss", "manage_tokens")
    headers = await machine(app, boss, scopes=["read", "record"], beamLines=["ID30"])
    group = {"sessionId": 1, "experimentType": "OSC"}
    for hours, login, written in (
        *((0, "", True), (6.9, "", True), (7.1, "", False), (-4.9, "", True), (-5.1, "", False)),
        *((7.1, "ada", False), (0, "ada", True), (7.1, "carl", True), (7.1, "bob", False)),
    ):
        app.set_time(beamline.NOW + timedelta(hours=hours))
        named = on_behalf_of(headers, login) if login else headers
        answer = await app.client.post("/datacollections/group", headers=named, json=group)
        allowed = (200, 201) if written else (404,)
        assert answer.status_code in allowed, (hours, login, answer.text)
    app.set_time(beamline.NOW + timedelta(days=1))
    answer = await app.client.patch("/datacollections/1", headers=headers, json={"comments": "late"})
    assert answer.status_code == 404
    assert await ids(app, headers, *SESSIONS) == [1, 2]


async def test_a_machine_makes_no_session_that_it_may_not_write_to(make_app: MakeApp) -> None:
    app = await make_app(*beamline.PLUGINS, **{"plugin.tokens.window_for_tokens": 2})
    app.set_time(beamline.NOW)
    await beamline.facility(app, beamline.NOW)
    headers = await machine(app, await app.as_user("boss", "manage_tokens"), scopes=["record"])
    for proposal, day, login, status in (
        *((1, 12, "", 403), (1, 12, "ada", 403), (1, 10, "", 201)),
        *((2, 10, "ada", 404), (2, 10, "bob", 201)),
    ):
        body = {
            "proposalId": proposal,
            "beamLineName": "BM14",
            "startDate": f"2026-03-{day} 08:00:00",
            "endDate": f"2026-03-{day} 16:00:00",
        }
        named = on_behalf_of(headers, login) if login else headers
        answer = await app.client.post("/sessions", headers=named, json=body)
        assert answer.status_code == status, (proposal, day, login, answer.text)
    ((count,),) = await app.database.sql("SELECT COUNT(*) FROM BLSession")
    assert count == 4
