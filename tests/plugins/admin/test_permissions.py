"""Permissions."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from starbeam_testing.app import TestApp

pytestmark = pytest.mark.anyio

Headers = dict[str, str]


async def types(app: TestApp, headers: Headers, query: str = "") -> list[str]:
    """The types of the permissions listed."""
    answer = await app.client.get("/admin/permissions" + query, headers=headers)
    return [one["type"] for one in answer.json()["results"]]


@pytest.mark.four_databases
async def test_permissions_are_listed_by_their_key(app: TestApp, boss: Headers) -> None:
    assert await types(app, boss) == ["manage_options", "view_activity", "manage_groups", "manage_perms"]
    page = (await app.client.get("/admin/permissions?skip=3&limit=3", headers=boss)).json()
    described = {"permissionId": 4, "type": "manage_perms", "description": "manage_perms"}
    assert page == {"total": 4, "results": [described], "skip": 3, "limit": 3}


LOOKED_FOR = {
    "?permissionId=2": ["view_activity"],
    "?permissionId=0": [],
    "?userGroupId=3": ["manage_groups"],
    "?userGroupId=0": [],
    "?search=MANAGE_": ["manage_options", "manage_groups", "manage_perms"],
    "?search=e%25g": [],
    "?search=manage-groups": [],
    "?search=manage&userGroupId=2": [],
}


@pytest.mark.four_databases
async def test_permissions_are_looked_for(app: TestApp, boss: Headers) -> None:
    assert {query: await types(app, boss, query) for query in LOOKED_FOR} == LOOKED_FOR


@pytest.mark.four_databases
async def test_a_permission_is_added_and_changed(app: TestApp, boss: Headers) -> None:
    added = await app.client.post(
        "/admin/permissions", json={"type": "bl_admin", "description": "all of it"}, headers=boss
    )
    made = {"permissionId": 5, "type": "bl_admin", "description": "all of it"}
    assert (added.status_code, added.json()) == (200, made)
    plain = await app.client.post("/admin/permissions", json={"type": "plain"}, headers=boss)
    assert plain.json() == {"permissionId": 6, "type": "plain", "description": None}
    url = "/admin/permissions/5"
    for sent, changed in [
        ({"description": "some of it"}, {"description": "some of it"}),
        ({"type": "BL_admin"}, {"type": "BL_admin"}),
        ({"type": "bl_staff", "description": None}, {"type": "bl_staff", "description": None}),
        ({}, {}),
    ]:
        made = {**made, **changed}
        answer = await app.client.patch(url, json=sent, headers=boss)
        assert (answer.status_code, answer.json()) == (200, made)


@pytest.mark.four_databases
async def test_there_is_one_permission_of_a_type(app: TestApp, boss: Headers) -> None:
    taken = "`Permission type `View_Activity` already exists`"
    answer = await app.client.post("/admin/permissions", json={"type": "View_Activity"}, headers=boss)
    assert (answer.status_code, answer.json()) == (400, {"detail": f"Could not add new permission: {taken}"})
    answer = await app.client.patch("/admin/permissions/1", json={"type": "View_Activity"}, headers=boss)
    assert (answer.status_code, answer.json()) == (400, {"detail": f"Could not update permission: {taken}"})
    answers = await asyncio.gather(
        *(app.client.post("/admin/permissions", json={"type": "bl_admin"}, headers=boss) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]


@pytest.mark.fix(142)
async def test_an_unknown_permission(app: TestApp, boss: Headers) -> None:
    answer = await app.client.patch("/admin/permissions/99", json={"type": "x"}, headers=boss)
    assert (answer.status_code, answer.json()) == (404, {"detail": "No such permission: `99`"})


@pytest.mark.parametrize("name", ["managing", "Manage_Groups"])
async def test_the_permission_to_manage_groups_keeps_its_name(app: TestApp, boss: Headers, name: str) -> None:
    answer = await app.client.patch("/admin/permissions/3", json={"type": name}, headers=boss)
    detail = "Could not update permission: `Nobody who can log in would hold manage_groups any more`"
    assert (answer.status_code, answer.json()) == (400, {"detail": detail})
    assert "manage_groups" in await types(app, boss)


@pytest.mark.parametrize(
    ("method", "path", "body", "name"),
    [
        ("POST", "", {}, "type"),
        ("POST", "", {"type": "x" * 16}, "type"),
        ("POST", "", {"type": "x", "description": "x" * 101}, "description"),
        ("PATCH", "/1", {"type": None}, "type"),
        ("PATCH", "/1", {"type": "x" * 16}, "type"),
        ("PATCH", "/1", {"description": [5]}, "description"),
    ],
)
async def test_a_request_that_is_not_valid(
    app: TestApp, boss: Headers, method: str, path: str, body: Any, name: str
) -> None:
    answer = await app.client.request(method, "/admin/permissions" + path, json=body, headers=boss)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", name]
