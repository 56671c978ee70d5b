"""Who may call which operation."""

from __future__ import annotations

from typing import Any

import pytest

from starbeam_testing.app import Statements, TestApp
from starbeam_testing.fixtures import AsUser

pytestmark = pytest.mark.anyio

Headers = dict[str, str]

ROUTES: list[tuple[str, str, str, Any, int]] = [
    ("manage_options", "GET", "/options", None, 200),
    ("manage_options", "PATCH", "/options", {"motd": "Hello"}, 200),
    ("view_activity", "GET", "/admin/activity", None, 200),
    ("manage_groups", "GET", "/admin/groups", None, 200),
    ("manage_groups", "POST", "/admin/groups", {"name": "staff"}, 200),
    ("manage_groups", "PATCH", "/admin/groups/5", {"name": "renamed"}, 200),
    ("manage_groups", "POST", "/admin/groups/5/permission", {"permissionId": 1}, 204),
    ("manage_groups", "DELETE", "/admin/groups/5/permission/1", None, 204),
    ("manage_groups", "POST", "/admin/groups/5/person", {"personId": 3}, 204),
    ("manage_groups", "DELETE", "/admin/groups/5/person/3", None, 204),
    ("manage_perms manage_groups", "GET", "/admin/permissions", None, 200),
    ("manage_perms", "POST", "/admin/permissions", {"type": "bl_admin"}, 200),
    ("manage_perms", "PATCH", "/admin/permissions/1", {"description": "changed"}, 200),
]
PERMISSIONS = ("manage_options", "view_activity", "manage_groups", "manage_perms")


@pytest.mark.four_databases
async def test_each_operation_asks_for_one_permission(app: TestApp, boss: Headers, as_user: AsUser) -> None:
    holders = {name: await as_user(app, name, name) for name in PERMISSIONS}
    stranger = await as_user(app, "stranger")
    for permissions, method, path, body, status in ROUTES:
        others = [headers for name, headers in holders.items() if name not in permissions.split()]
        for headers, refusal in [({}, 401), *((one, 403) for one in [stranger, *others])]:
            answer = await app.client.request(method, path, json=body, headers=headers)
            assert answer.status_code == refusal, (method, path)
        for permission in permissions.split():
            answer = await app.client.request(method, path, json=body, headers=holders[permission])
            assert answer.status_code == status, (method, path, answer.text)


async def test_the_options_for_the_user_interface_are_for_everybody_who_is_logged_in(
    app: TestApp, as_user: AsUser
) -> None:
    stranger = await as_user(app, "stranger")
    assert (await app.client.get("/options/ui")).status_code == 401
    assert (await app.client.get("/options/ui", headers=stranger)).json() == {
        "motd": "",
        "beamLineGroups": [],
    }


async def test_asking_for_a_permission_costs_no_statement(app: TestApp, boss: Headers) -> None:
    await app.client.get("/options", headers=boss)
    for path, statements in [("/options", 1), ("/options/ui", 1), ("/probe/who", 0), ("/admin/groups", 1)]:
        with Statements(app) as ran:
            assert (await app.client.get(path, headers=boss)).status_code == 200
        assert len(ran) == statements, (path, ran.texts)
