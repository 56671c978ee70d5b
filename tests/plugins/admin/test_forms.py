"""What administrators type: options, groups and what is in them, permissions."""

from __future__ import annotations

import asyncio
import json

import pytest

from starbeam.db.models import AdminVar, Permission, Person, UserGroup, UserGroup_has_Permission
from starbeam_testing.fixtures import MakeApp
from support.pages import OPEN, Visitor, fields_of, fill, gone_to, send, stored, text_of

pytestmark = pytest.mark.anyio

ALL = ("manage_options", "view_activity", "manage_groups", "manage_perms")
LINES = [
    {"groupName": "MX", "uiGroup": "mx", "permission": "mx_admin", "beamLines": [{"beamLineName": "MX3"}]},
    {"groupName": "EM", "uiGroup": "em", "permission": "em_admin", "beamLines": [{"beamLineName": "EM1"}]},
]


@pytest.fixture
async def boss(make_app: MakeApp) -> Visitor:
    """Who holds all; group 90, `night shift`, gives permission 90, `mx_admin`; person 90 is `ada`."""
    app = await make_app("admin", "auth_dummy", "ispyb", "web", **OPEN)
    db = app.database
    await db.add(Person, personId=90, login="ada")
    await db.add(UserGroup, userGroupId=90, name="night shift")
    await db.add(Permission, permissionId=90, type="mx_admin")
    await db.add(UserGroup_has_Permission, userGroupId=90, permissionId=90)
    await db.person("boss", *ALL)
    await app.refresh()
    visitor = Visitor(app)
    await visitor.log_in("boss")
    return visitor


async def options_of(boss: Visitor) -> dict[str, object]:
    return {name: json.loads(text) for name, text in await stored(boss, "SELECT name, value FROM AdminVar")}


@pytest.mark.four_databases
async def test_only_the_options_that_differ_are_stored(boss: Visitor) -> None:
    path = "/admin/options/edit"
    assert gone_to(await fill(boss, path)) == "/admin/options"
    assert await options_of(boss) == {}
    gone_to(await fill(boss, path, motd="Grüße\r\nan alle", query_debug="true"))
    assert await options_of(boss) == {"motd": "Grüße\nan alle", "query_debug": True}
    said = await stored(boss, "SELECT username, action FROM AdminActivity")
    assert said == [("boss", "db_options")]
    assert boss.app.starbeam.options["query_debug"] is True
    gone_to(await fill(boss, path, motd="", query_debug="false"))
    assert await options_of(boss) == {"motd": "", "query_debug": False}


async def test_options_that_others_changed_meanwhile_are_told(boss: Visitor) -> None:
    path = "/admin/options/edit"
    mine = fields_of((await boss.open(path)).text)
    gone_to(await fill(boss, path, motd="theirs", create_person_on_missing="true"))
    told = await send(boss, path, {**mine, "motd": "mine", "query_debug": "true"})
    assert told.status_code == 422
    assert "Message of the Day: Somebody changed this meanwhile, to theirs." in text_of(told.text)
    assert await options_of(boss) == {"motd": "theirs", "create_person_on_missing": True}
    gone_to(await send(boss, path, fields_of(told.text)))
    assert await options_of(boss) == {"motd": "mine", "create_person_on_missing": True, "query_debug": True}


async def test_wrong_options_are_told_and_kept(boss: Visitor) -> None:
    path = "/admin/options/edit"
    rows = {
        "0.groupName": "MX",
        "0.beamLineName": "MX3",
        "1.permission": "x",
        "0.sampleChangerCapacity": "many",
    }
    wrong = await fill(boss, path, motd="new", **rows)
    said = text_of(wrong.text)
    assert wrong.status_code == 422
    assert "Row 1, Its places: Value should be a whole number." in said
    assert rows.items() <= fields_of(wrong.text).items()
    mended = await send(boss, path, {**fields_of(wrong.text), "0.sampleChangerCapacity": "37"})
    assert "Row 1, Permission: This is needed." in text_of(mended.text)
    assert "Row 2, Group: This is needed." in text_of(mended.text)
    nothing = await fill(boss, path, query_debug="")
    assert "Query Debugging: Value should be true or false." in text_of(nothing.text)
    assert await options_of(boss) == {}


async def test_beamline_groups_are_a_sheet(boss: Visitor) -> None:
    await boss.app.database.add(AdminVar, name="beamLineGroups", value=json.dumps(LINES))
    path = "/admin/options/edit"
    gone_to(await fill(boss, path))
    assert await options_of(boss) == {"beamLineGroups": LINES}
    more = {"1.beamLineName": "MX4", "1.archived": "yes", "1.sampleChangerCapacity": "37"}
    more |= {"4.groupName": "Bio", "4.permission": "bio", "4.uiGroup": "saxs"}
    gone_to(await fill(boss, path, **more))
    mx4 = {"beamLineName": "MX4", "archived": True, "sampleChangerCapacity": 37}
    mx = {**LINES[0], "beamLines": [{"beamLineName": "MX3"}, mx4]}
    bio = {"groupName": "Bio", "uiGroup": "saxs", "permission": "bio"}
    assert await options_of(boss) == {"beamLineGroups": [mx, LINES[1], bio]}


@pytest.mark.four_databases
async def test_a_group_is_made_once_and_renamed(boss: Visitor) -> None:
    path = "/admin/groups/new"
    fields = {**fields_of((await boss.open(path)).text), "name": "day shift"}
    both = [gone_to(one) for one in await asyncio.gather(*(send(boss, path, fields) for _ in range(2)))]
    assert len(set(both)) == 1
    taken = await fill(boss, path, name="day shift")
    assert (taken.status_code, "UserGroup `day shift` already exists" in text_of(taken.text)) == (400, True)
    assert fields_of(taken.text)["name"] == "day shift"
    assert "Name: This is needed." in text_of((await fill(boss, path)).text)
    assert gone_to(await fill(boss, f"{both[0]}/edit", name="late shift")) == both[0]
    names = await stored(boss, "SELECT name FROM UserGroup WHERE name LIKE '%shift' ORDER BY name")
    assert names == [("late shift",), ("night shift",)]
    assert await stored(boss, "SELECT username, action, comments FROM AdminActivity") == [
        ("boss", "db_groups", "renamed group `day shift` to `late shift`")
    ]


async def members(boss: Visitor) -> list[int]:
    rows = await stored(boss, "SELECT personId FROM UserGroup_has_Person WHERE userGroupId = 90")
    return [key for (key,) in rows]


async def test_people_go_into_groups_and_out(boss: Visitor) -> None:
    page = "/admin/groups/90"
    wrong = await boss.send(f"{page}/people", page, name="nobody here")
    assert (wrong.status_code, "There is no person nobody here." in text_of(wrong.text)) == (422, True)
    assert 'value="nobody here"' in wrong.text
    for _ in range(2):
        assert gone_to(await boss.send(f"{page}/people", page, name="ada")) == page
    assert await members(boss) == [90]
    assert boss.app.starbeam.snapshot.people.principal(90, "ada").permissions == {"mx_admin"}
    remove = f"{page}/people/90/remove"
    asked = text_of((await boss.open(remove)).text)
    assert "Through this group ada no longer holds: mx_admin." in asked
    for _ in range(2):
        assert gone_to(await boss.send(remove, remove)) == page
    assert await members(boss) == []
    person = "/admin/people/90"
    assert (await boss.send(f"{person}/groups", person, group="")).status_code == 422
    assert (await boss.send(f"{person}/groups", person, group="9999")).status_code == 400
    assert gone_to(await boss.send(f"{person}/groups", person, group="90")) == person
    assert await members(boss) == [90]


async def test_permissions_go_into_groups_and_out(boss: Visitor) -> None:
    page, remove = "/admin/groups/90", "/admin/groups/90/permissions/90/remove"
    assert "Nothing is lost with it." in text_of((await boss.open(remove)).text)
    assert gone_to(await boss.send(remove, remove)) == page
    assert await stored(boss, "SELECT 1 FROM UserGroup_has_Permission WHERE userGroupId = 90") == []
    assert gone_to(await boss.send(f"{page}/permissions", page, name="mx_admin")) == page
    assert "mx_admin" in text_of((await boss.open(page)).text)


async def test_somebody_keeps_managing_groups(boss: Visitor) -> None:
    ((group, person),) = await stored(
        boss,
        "SELECT g.userGroupId, p.personId FROM UserGroup_has_Person p JOIN UserGroup_has_Permission g "
        "ON g.userGroupId = p.userGroupId JOIN Permission x ON x.permissionId = g.permissionId "
        "WHERE x.type = 'manage_groups'",
    )
    remove = f"/admin/groups/{group}/people/{person}/remove"
    refused = await boss.send(remove, remove)
    assert refused.status_code == 400
    assert "Nobody who can log in would hold manage_groups any more" in text_of(refused.text)


async def test_permissions_are_added_and_changed(boss: Visitor) -> None:
    added = gone_to(await fill(boss, "/admin/permissions/new", type="em_admin", description="all of EM"))
    assert "em_admin all of EM" in text_of((await boss.open(added)).text)
    taken = await fill(boss, f"{added}/edit", type="mx_admin")
    assert "Permission type `mx_admin` already exists" in text_of(taken.text)
    gone_to(await fill(boss, f"{added}/edit", type="em_boss", description=""))
    assert await stored(boss, "SELECT type, description FROM Permission WHERE type LIKE 'em%'") == [
        ("em_boss", None)
    ]
