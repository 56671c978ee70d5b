"""What a change leaves behind: rows of AdminActivity, and lines of the log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from starbeam_admin.models import AdminActivity
from starbeam_testing.app import TestApp, TestDatabase
from starbeam_testing.fixtures import AsUser, MakeApp
from support.probe import WITH_PROBE
from support.schemas import Kind

pytestmark = pytest.mark.anyio

Headers = dict[str, str]
NOW = datetime(2026, 3, 10, 12, 0, 1)

LONG = "y" * 90
CHANGES: list[tuple[str, str, Any, list[tuple[str, str, Any, Any]]]] = [
    (
        "PATCH",
        "/options",
        {"motd": LONG, "create_person_on_missing": True, "beamLineGroups": []},
        [
            ("db_options", f"changed `motd` to `{'y' * 80}`", "", LONG),
            ("db_options", "changed `create_person_on_missing` to `True`", False, True),
        ],
    ),
    (
        "PATCH",
        "/options",
        {"beamLineGroups": [{"groupName": "a", "uiGroup": "b", "permission": "c"}]},
        [
            (
                "db_options",
                "changed `beamLineGroups`",
                [],
                [{"groupName": "a", "uiGroup": "b", "permission": "c", "beamLines": []}],
            )
        ],
    ),
    (
        "POST",
        "/admin/groups",
        {"name": "staff"},
        [
            (
                "db_groups",
                "added group `staff`",
                None,
                {"userGroupId": 5, "name": "staff", "_metadata": {"permissions": 0, "people": 0}},
            )
        ],
    ),
    (
        "PATCH",
        "/admin/groups/5",
        {"name": "crew"},
        [
            (
                "db_groups",
                "renamed group `staff` to `crew`",
                {"userGroupId": 5, "name": "staff", "_metadata": {"permissions": 0, "people": 0}},
                {"userGroupId": 5, "name": "crew", "_metadata": {"permissions": 0, "people": 0}},
            )
        ],
    ),
    (
        "POST",
        "/admin/groups/5/person",
        {"personId": 1},
        [("db_groups", "added person `boss` to group `crew`", None, {"userGroupId": 5, "personId": 1})],
    ),
    (
        "DELETE",
        "/admin/groups/5/person/1",
        None,
        [("db_groups", "removed person `boss` from group `crew`", {"userGroupId": 5, "personId": 1}, None)],
    ),
    (
        "POST",
        "/admin/permissions",
        {"type": "bl_admin"},
        [
            (
                "db_permissions",
                "added permission `bl_admin`",
                None,
                {"permissionId": 5, "type": "bl_admin", "description": None},
            )
        ],
    ),
    (
        "POST",
        "/admin/groups/5/permission",
        {"permissionId": 5},
        [
            (
                "db_groups",
                "added permission `bl_admin` to group `crew`",
                None,
                {"userGroupId": 5, "permissionId": 5},
            )
        ],
    ),
    (
        "DELETE",
        "/admin/groups/5/permission/5",
        None,
        [
            (
                "db_groups",
                "removed permission `bl_admin` from group `crew`",
                {"userGroupId": 5, "permissionId": 5},
                None,
            )
        ],
    ),
    (
        "PATCH",
        "/admin/permissions/5",
        {"type": "bl_staff", "description": LONG},
        [
            (
                "db_permissions",
                f"changed permission `bl_admin`: type `bl_admin` to `bl_staff`, description `` to `{LONG}`",
                {"permissionId": 5, "type": "bl_admin", "description": None},
                {"permissionId": 5, "type": "bl_staff", "description": LONG},
            )
        ],
    ),
    ("PATCH", "/admin/groups/5", {"name": "crew"}, []),
    ("PATCH", "/admin/permissions/5", {"type": "bl_staff"}, []),
]


async def recorded(app: TestApp) -> list[tuple[Any, ...]]:
    """The rows as username, action, comments and time, in the order of their keys."""
    rows = await app.database.sql(
        "SELECT username, action, comments, dateTime FROM AdminActivity ORDER BY adminActivityId"
    )
    return [(*row[:3], str(row[3])) for row in rows]


def audited(lines: Any) -> list[tuple[Any, ...]]:
    """The lines of the audit log as person, action, event, old and new."""
    found = [line for line in lines if line.get("logger") == "audit"]
    return [(line["person"], line["action"], line["event"], line["old"], line["new"]) for line in found]


async def make_all_changes(app: TestApp, headers: Headers) -> list[Any]:
    """Make them; what was logged."""
    app.set_time(NOW)
    with capture_logs() as lines:
        for method, path, body, _ in CHANGES:
            answer = await app.client.request(method, path, json=body, headers=headers)
            assert answer.is_success, answer.text
    return lines


EXPECTED = [one for *_, all_of_it in CHANGES for one in all_of_it]


@pytest.fixture
async def without_index(db: TestDatabase, kind: Kind) -> AsyncIterator[None]:
    """The database of a facility that dropped the unique index."""
    on = "" if kind.server == "sqlite" else " ON AdminActivity"
    await db.sql(f"DROP INDEX AdminActivity_username{on}")
    yield
    await db.sql("DELETE FROM AdminActivity")
    await db.sql("CREATE UNIQUE INDEX AdminActivity_username ON AdminActivity (username)")


@pytest.mark.fix(40)
@pytest.mark.fix(41)
@pytest.mark.four_databases
async def test_with_the_unique_index_there_is_one_row_for_each_person(
    app: TestApp, boss: Headers, as_user: AsUser
) -> None:
    second = await as_user(app, "second", "manage_groups")
    await make_all_changes(app, boss)
    comments = EXPECTED[-1][1][:100]
    assert await recorded(app) == [("boss", "db_permissions", comments, str(NOW))]
    await app.client.post("/admin/groups", json={"name": "more"}, headers=second)
    assert [row[:2] for row in await recorded(app)] == [("boss", "db_permissions"), ("second", "db_groups")]


@pytest.mark.four_databases
async def test_without_it_there_is_a_row_for_each_change(
    without_index: None, app: TestApp, boss: Headers
) -> None:
    await make_all_changes(app, boss)
    assert await recorded(app) == [
        ("boss", action, comments[:100], str(NOW)) for action, comments, *_ in EXPECTED
    ]


@pytest.mark.four_databases
async def test_the_audit_log_has_all_of_every_change(app: TestApp, boss: Headers) -> None:
    lines = await make_all_changes(app, boss)
    assert audited(lines) == [("boss", *one) for one in EXPECTED]


async def test_a_record_that_cannot_be_written_does_not_fail_the_change(app: TestApp, boss: Headers) -> None:
    await app.client.get("/options", headers=boss)
    await app.database.sql("DROP TABLE AdminActivity")
    with capture_logs() as lines:
        answer = await app.client.patch("/options", json={"motd": "a", "query_debug": True}, headers=boss)
    assert answer.status_code == 200
    assert (answer.json()["motd"], answer.json()["query_debug"]) == ("a", True)
    assert len(audited(lines)) == 2
    assert [line["event"] for line in lines if line["log_level"] == "warning"] == [
        "activity not recorded",
        "activity not recorded",
    ]


async def test_what_is_rolled_back_leaves_no_trace(app: TestApp, boss: Headers) -> None:
    await app.database.sql(
        "CREATE TRIGGER refuse BEFORE INSERT ON AdminVar WHEN NEW.name = 'probe_on' AND EXISTS "
        "(SELECT 1 FROM AdminActivity) BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    with capture_logs() as lines:
        answer = await app.client.patch("/options", json={"motd": "a", "probe_on": False}, headers=boss)
    assert answer.status_code == 400
    assert audited(lines) == []
    assert await recorded(app) == []
    assert (await app.client.get("/options", headers=boss)).json()["motd"] == ""


@pytest.mark.fix(137)
@pytest.mark.four_databases
async def test_the_record_is_shown_the_newest_first(app: TestApp, boss: Headers) -> None:
    await app.database.add(
        AdminActivity,
        {
            "username": "old",
            "action": "online",
            "comments": "c",
            "dateTime": datetime(2020, 6, 16, 15, 52, 28),
        },
        {"username": "nothing", "action": None, "comments": None, "dateTime": None},
        {"username": "first", "action": "db_options", "comments": "a", "dateTime": NOW},
        {"username": "last", "action": "online", "comments": "b", "dateTime": NOW},
    )
    page = (await app.client.get("/admin/activity", headers=boss)).json()
    assert [one["username"] for one in page["results"]] == ["last", "first", "old", "nothing"]
    assert page["results"][2] == {
        "username": "old",
        "action": "online",
        "comments": "c",
        "dateTime": "2020-06-16T15:52:28",
    }
    assert page["results"][3] == {"username": "nothing", "action": None, "comments": None, "dateTime": None}
    page = (await app.client.get("/admin/activity?action_type=online&limit=1", headers=boss)).json()
    assert (page["total"], [one["username"] for one in page["results"]]) == (2, ["last"])
    page = (await app.client.get("/admin/activity?action_type=db_groups", headers=boss)).json()
    assert page["total"] == 0
    answer = await app.client.get("/admin/activity?action_type=other", headers=boss)
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["query", "action_type"])


async def test_two_workers_record_for_one_person(app: TestApp, make_app: MakeApp, boss: Headers) -> None:
    other = await make_app("admin", "probe", **WITH_PROBE)
    for one, name in [(app, "a"), (other, "b"), (app, "c")]:
        await one.client.post("/admin/groups", json={"name": name}, headers=boss)
    assert [row[2] for row in await recorded(app)] == ["added group `c`"]
