"""Groups, and the people and permissions in them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import AsUser, MakeApp
from support.probe import WITH_PROBE

pytestmark = pytest.mark.anyio

Headers = dict[str, str]
LAST = "`Nobody who can log in would hold manage_groups any more`"


async def groups(app: TestApp, headers: Headers, query: str = "") -> list[tuple[int, str, int, int]]:
    """The groups as id, name, and numbers of permissions and people."""
    answer = (await app.client.get("/admin/groups" + query, headers=headers)).json()
    return [
        (one["userGroupId"], one["name"], one["_metadata"]["permissions"], one["_metadata"]["people"])
        for one in answer["results"]
    ]


@pytest.mark.four_databases
async def test_groups_are_listed_by_their_key(app: TestApp, boss: Headers) -> None:
    assert await groups(app, boss) == [
        (1, "manage_options", 1, 1),
        (2, "view_activity", 1, 1),
        (3, "manage_groups", 1, 1),
        (4, "manage_perms", 1, 1),
    ]
    page = (await app.client.get("/admin/groups?skip=1&limit=2", headers=boss)).json()
    assert (page["total"], page["skip"], page["limit"]) == (4, 1, 2)
    assert [one["userGroupId"] for one in page["results"]] == [2, 3]
    assert await groups(app, boss, "?userGroupId=3") == [(3, "manage_groups", 1, 1)]
    assert await groups(app, boss, "?userGroupId=0") == []


@pytest.mark.four_databases
async def test_a_group_is_added_renamed_and_filled(app: TestApp, boss: Headers, as_user: AsUser) -> None:
    await as_user(app, "abcd")
    added = await app.client.post("/admin/groups", json={"name": "Équipe"}, headers=boss)
    assert added.status_code == 200
    group = added.json()["userGroupId"]
    assert added.json() == {
        "userGroupId": group,
        "name": "Équipe",
        "_metadata": {"permissions": 0, "people": 0},
    }
    url = f"/admin/groups/{group}"
    assert (await app.client.post(f"{url}/person", json={"personId": 2}, headers=boss)).status_code == 204
    answer = await app.client.post(f"{url}/permission", json={"permissionId": 2}, headers=boss)
    assert (answer.status_code, answer.content) == (204, b"")
    renamed = await app.client.patch(url, json={"name": "équipe"}, headers=boss)
    assert renamed.json() == {
        "userGroupId": group,
        "name": "équipe",
        "_metadata": {"permissions": 1, "people": 1},
    }
    assert (await app.client.patch(url, json={}, headers=boss)).json() == renamed.json()
    assert (await app.client.delete(f"{url}/person/2", headers=boss)).status_code == 204
    assert await groups(app, boss, f"?userGroupId={group}") == [(group, "équipe", 1, 0)]


@pytest.mark.fix(140)
@pytest.mark.four_databases
async def test_a_permission_is_removed_from_a_group(app: TestApp, boss: Headers) -> None:
    answer = await app.client.delete("/admin/groups/2/permission/2", headers=boss)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await groups(app, boss, "?userGroupId=2") == [(2, "view_activity", 0, 1)]
    assert (await app.client.get("/admin/activity", headers=boss)).status_code == 403


REFUSED: list[tuple[str, str, Any, int, str]] = [
    (
        "POST",
        "",
        {"name": "Manage_Groups "},
        400,
        "Could not add new group: `UserGroup `Manage_Groups ` already exists`",
    ),
    (
        "PATCH",
        "/1",
        {"name": "manage_perms"},
        400,
        "Could not update group: `UserGroup `manage_perms` already exists`",
    ),
    ("PATCH", "/99", {"name": "x"}, 404, "No such group: `99`"),
    (
        "POST",
        "/1/permission",
        {"permissionId": 99},
        400,
        "Could not add permission `99` to group `1`: `Permission `99` does not exist`",
    ),
    (
        "POST",
        "/99/permission",
        {"permissionId": 1},
        400,
        "Could not add permission `1` to group `99`: `UserGroup `99` does not exist`",
    ),
    (
        "POST",
        "/1/permission",
        {"permissionId": 1},
        400,
        "Could not add permission `1` to group `1`: `UserGroup `1` already contains permission `1``",
    ),
    (
        "DELETE",
        "/1/permission/99",
        None,
        400,
        "Could not remove permission `99` from group `1`: `Permission `99` does not exist`",
    ),
    (
        "DELETE",
        "/99/permission/1",
        None,
        400,
        "Could not remove permission `1` from group `99`: `UserGroup `99` does not exist`",
    ),
    (
        "DELETE",
        "/1/permission/2",
        None,
        400,
        "Could not remove permission `2` from group `1`: `UserGroup `1` does not contain permission `2``",
    ),
    (
        "POST",
        "/1/person",
        {"personId": 99},
        400,
        "Could not add person `99` to group `1`: `Person `99` does not exist`",
    ),
    (
        "POST",
        "/99/person",
        {"personId": 1},
        400,
        "Could not add person `1` to group `99`: `UserGroup `99` does not exist`",
    ),
    (
        "POST",
        "/1/person",
        {"personId": 1},
        400,
        "Could not add person `1` to group `1`: `UserGroup `1` already contains person `1``",
    ),
    (
        "DELETE",
        "/1/person/99",
        None,
        400,
        "Could not remove person `99` from group `1`: `Person `99` does not exist`",
    ),
    (
        "DELETE",
        "/99/person/1",
        None,
        400,
        "Could not remove person `1` from group `99`: `UserGroup `99` does not exist`",
    ),
    (
        "DELETE",
        "/1/person/2",
        None,
        400,
        "Could not remove person `2` from group `1`: `UserGroup `1` does not contain person `2``",
    ),
    (
        "DELETE",
        "/3/person/1",
        None,
        400,
        f"Could not remove person `1` from group `3`: {LAST}",
    ),
    (
        "DELETE",
        "/3/permission/3",
        None,
        400,
        f"Could not remove permission `3` from group `3`: {LAST}",
    ),
]


@pytest.mark.fix(139)
@pytest.mark.fix(141)
@pytest.mark.four_databases
async def test_what_cannot_be_done_is_said(app: TestApp, boss: Headers, as_user: AsUser) -> None:
    await as_user(app, "abcd")
    for method, path, body, status, detail in REFUSED:
        answer = await app.client.request(method, "/admin/groups" + path, json=body, headers=boss)
        assert (answer.status_code, answer.json()) == (status, {"detail": detail}), (method, path)
    assert [name for _, name, *counts in await groups(app, boss) if counts != [1, 1]] == []


@pytest.mark.fix(138)
@pytest.mark.four_databases
async def test_a_name_has_room_in_its_column(app: TestApp, boss: Headers) -> None:
    assert (await app.client.post("/admin/groups", json={"name": "é" * 31}, headers=boss)).status_code == 200
    for method, path in [("POST", "/admin/groups"), ("PATCH", "/admin/groups/1")]:
        answer = await app.client.request(method, path, json={"name": "x" * 32}, headers=boss)
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"] == ["body", "name"]


@pytest.mark.parametrize(
    ("method", "path", "body", "loc"),
    [
        ("POST", "", {}, ["body", "name"]),
        ("POST", "", {"name": None}, ["body", "name"]),
        ("PATCH", "/x", {"name": "x"}, ["path", "userGroupId"]),
        ("PATCH", "/1", {"name": None}, ["body", "name"]),
        ("POST", "/1/person", {"personId": "x"}, ["body", "personId"]),
        ("POST", "/1/permission", {}, ["body", "permissionId"]),
        ("DELETE", "/1/person/x", None, ["path", "personId"]),
        ("DELETE", "/1/permission/99999999999999999999", None, ["path", "permissionId"]),
    ],
)
async def test_a_request_that_is_not_valid(
    app: TestApp, boss: Headers, method: str, path: str, body: Any, loc: list[str]
) -> None:
    answer = await app.client.request(method, "/admin/groups" + path, json=body, headers=boss)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == loc


@pytest.mark.four_databases
async def test_two_put_the_same_person_into_a_group_at_once(
    app: TestApp, make_app: MakeApp, boss: Headers, as_user: AsUser
) -> None:
    other = await make_app("admin", "probe", **WITH_PROBE)
    await as_user(other, "abcd")
    answers = await asyncio.gather(
        *(
            one.client.post("/admin/groups/1/person", json={"personId": 2}, headers=boss)
            for one in [app, other] * 3
        )
    )
    assert sorted(answer.status_code for answer in answers) == [204, 400, 400, 400, 400, 400]


@pytest.mark.four_databases
async def test_two_managers_who_remove_each_other_at_once(
    app: TestApp, make_app: MakeApp, boss: Headers, as_user: AsUser
) -> None:
    other = await make_app("admin", "probe", **WITH_PROBE)
    second = await as_user(app, "second", "manage_groups")
    await other.refresh()
    answers = await asyncio.gather(
        app.client.delete("/admin/groups/3/person/2", headers=boss),
        other.client.delete("/admin/groups/3/person/1", headers=second),
    )
    assert sorted(answer.status_code for answer in answers) == [204, 400]
    refused = next(answer for answer in answers if answer.status_code == 400)
    assert refused.json()["detail"].endswith(LAST)


async def test_who_cannot_log_in_manages_nothing(app: TestApp, boss: Headers) -> None:
    await app.database.sql("INSERT INTO Person (personId, familyName) VALUES (7, 'Nameless')")
    assert (
        await app.client.post("/admin/groups/3/person", json={"personId": 7}, headers=boss)
    ).status_code == 204
    answer = await app.client.delete("/admin/groups/3/person/1", headers=boss)
    assert answer.json()["detail"].endswith(LAST)


@pytest.mark.four_databases
async def test_a_change_counts_at_once_here_and_after_a_look_elsewhere(
    app: TestApp, make_app: MakeApp, boss: Headers, as_user: AsUser
) -> None:
    other = await make_app("admin", "probe", **WITH_PROBE)
    abcd = await as_user(app, "abcd")
    await app.client.post("/admin/groups/2/person", json={"personId": 2}, headers=boss)
    assert (await app.client.get("/admin/activity", headers=abcd)).status_code == 200
    assert (await other.client.get("/admin/activity", headers=abcd)).status_code == 403
    await other.refresh()
    assert (await other.client.get("/admin/activity", headers=abcd)).status_code == 200
    await app.client.delete("/admin/groups/2/person/2", headers=boss)
    assert (await app.client.get("/admin/activity", headers=abcd)).status_code == 403


@pytest.mark.four_databases
async def test_a_key_that_no_column_holds_is_refused(app: TestApp, boss: Headers) -> None:
    for key in (481971272292730142720, -(2**63) - 1, 10**30):
        for path, name in (("person", "personId"), ("permission", "permissionId")):
            answer = await app.client.post(f"/admin/groups/1/{path}", json={name: key}, headers=boss)
            assert answer.status_code == 400, answer.text
