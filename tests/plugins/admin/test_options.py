"""Runtime options."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from starbeam.db.models import AdminVar
from starbeam_testing.app import Statements, TestApp
from starbeam_testing.fixtures import AsUser, MakeApp
from support.probe import WITH_PROBE

pytestmark = pytest.mark.anyio

Headers = dict[str, str]

DEFAULTS: dict[str, Any] = {
    "motd": "",
    "beamLineGroups": [],
    "query_debug": False,
    "create_person_on_missing": False,
    "probe_on": True,
}
GROUP: dict[str, Any] = {
    "groupName": "Tomography",
    "uiGroup": "mapping",
    "permission": "view_activity",
    "beamLines": [
        {
            "beamLineName": "ID16Ä",
            "archived": True,
            "sampleChangerType": None,
            "sampleChangerCapacity": 7,
        }
    ],
}
STORED = {
    **GROUP,
    "beamLines": [{"beamLineName": "ID16Ä", "archived": True, "sampleChangerCapacity": 7}],
}


async def change(app: TestApp, headers: Headers, **options: Any) -> dict[str, Any]:
    """All options after a change."""
    answer = await app.client.patch("/options", json=options, headers=headers)
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


async def stored(app: TestApp) -> list[tuple[str, Any]]:
    """The rows of `AdminVar`, with their values read as JSON."""
    rows = await app.database.sql("SELECT name, value FROM AdminVar ORDER BY varId")
    return [(name, json.loads(value)) for name, value in rows]


@pytest.mark.fix(39)
@pytest.mark.four_databases
async def test_without_rows_the_defaults_hold(app: TestApp, boss: Headers) -> None:
    assert (await app.client.get("/options", headers=boss)).json() == DEFAULTS
    shown = (await app.client.get("/options/ui", headers=boss)).json()
    assert shown == {"motd": "", "beamLineGroups": []}
    current = (await app.client.get("/user/current", headers=boss)).json()
    assert (current["beamLineGroups"], current["beamLines"]) == ([], [])


@pytest.mark.four_databases
async def test_options_are_changed_one_by_one_and_stored_as_json(app: TestApp, boss: Headers) -> None:
    assert await change(app, boss) == DEFAULTS
    assert await change(app, boss, motd="Grüße 🔬", unknown=1) == {**DEFAULTS, "motd": "Grüße 🔬"}
    now = await change(app, boss, query_debug=True, beamLineGroups=[GROUP])
    assert now == {**DEFAULTS, "motd": "Grüße 🔬", "query_debug": True, "beamLineGroups": [GROUP]}
    assert await change(app, boss, query_debug=False, probe_on=False) == {
        **now,
        "query_debug": False,
        "probe_on": False,
    }
    shown = (await app.client.get("/options/ui", headers=boss)).json()
    assert shown == {"motd": "Grüße 🔬", "beamLineGroups": [GROUP]}
    assert sorted(await stored(app)) == [
        ("beamLineGroups", [STORED]),
        ("motd", "Grüße 🔬"),
        ("probe_on", False),
        ("query_debug", False),
    ]
    current = (await app.client.get("/user/current", headers=boss)).json()
    assert (current["beamLineGroups"], current["beamLines"]) == (["Tomography"], ["ID16Ä"])


async def test_what_does_not_change_is_not_written(app: TestApp, boss: Headers) -> None:
    await change(app, boss, motd="Hello")
    with Statements(app) as ran:
        await change(app, boss, motd="Hello", query_debug=False)
    assert [text for text in ran.texts if not text.startswith(("SELECT", "BEGIN", "COMMIT"))] == []
    assert await stored(app) == [("motd", "Hello")]


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"motd": None}, ["body", "motd"]),
        ({"motd": []}, ["body", "motd"]),
        ({"query_debug": None}, ["body", "query_debug"]),
        ({"query_debug": "maybe"}, ["body", "query_debug"]),
        ({"query_debug": 2}, ["body", "query_debug"]),
        ({"probe_on": []}, ["body", "probe_on"]),
        ({"beamLineGroups": {}}, ["body", "beamLineGroups"]),
        ({"beamLineGroups": [{"groupName": "x"}]}, ["body", "beamLineGroups", 0, "uiGroup"]),
        ([], ["body"]),
        (None, ["body"]),
    ],
)
async def test_a_value_of_a_wrong_type_changes_nothing(
    app: TestApp, boss: Headers, body: Any, loc: list[str | int]
) -> None:
    sent = {"create_person_on_missing": True, **body} if isinstance(body, dict) else body
    answer = await app.client.patch("/options", json=sent, headers=boss)
    assert answer.status_code == 422
    assert [one["loc"] for one in answer.json()["detail"]] == [loc]
    assert await stored(app) == []


async def test_values_as_other_types_write_them(app: TestApp, boss: Headers) -> None:
    changed = await change(app, boss, motd=5, query_debug=1, create_person_on_missing="true", probe_on=0)
    expected = {"motd": "5", "query_debug": True, "create_person_on_missing": True, "probe_on": False}
    assert changed == {**DEFAULTS, **expected}


@pytest.mark.four_databases
async def test_what_is_shown_may_be_sent_back(app: TestApp, boss: Headers) -> None:
    """Also a stored value that, with what reading fills in, is longer than its column."""
    lines = ",".join(f'{{"beamLineName":"ID{number}"}}' for number in range(40))
    group = f'{{"groupName":"All","uiGroup":"mx","permission":"all","beamLines":[{lines}]}}'
    await app.database.add(AdminVar, name="beamLineGroups", value=f"[{group}]")
    shown = (await app.client.get("/options", headers=boss)).json()
    assert len(json.dumps(shown["beamLineGroups"])) > 4000
    assert await change(app, boss, **shown) == shown
    assert await app.database.sql("SELECT value FROM AdminVar") == [(f"[{group}]",)]


@pytest.mark.four_databases
async def test_what_reading_fills_in_is_not_stored(app: TestApp, boss: Headers) -> None:
    """So that as much as possible fits: these have 3,000 characters as JSON, 900 without."""
    lines = [{"beamLineName": f"ID{number}", "archived": number == 7} for number in range(30)]
    group = {"groupName": "All", "uiGroup": "mx", "permission": "all", "beamLines": lines}
    empty = {**group, "groupName": "None", "beamLines": []}
    changed = await change(app, boss, beamLineGroups=[group, empty])
    assert len(changed["beamLineGroups"][0]["beamLines"]) == 30
    ((_, held),) = await stored(app)
    assert held[0]["beamLines"][6:8] == [{"beamLineName": "ID6"}, {"beamLineName": "ID7", "archived": True}]
    assert held[1] == {"groupName": "None", "uiGroup": "mx", "permission": "all"}
    assert await change(app, boss, **changed) == changed


@pytest.mark.fix(42)
@pytest.mark.four_databases
async def test_a_value_has_room_in_its_column(app: TestApp, boss: Headers) -> None:
    assert (await change(app, boss, motd="x" * 1022))["motd"] == "x" * 1022
    sent = {"query_debug": True, "motd": "x" * 1023}
    answer = await app.client.patch("/options", json=sent, headers=boss)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "motd"]
    assert await stored(app) == [("motd", "x" * 1022)]


@pytest.mark.fix(37)
@pytest.mark.four_databases
async def test_rows_that_make_no_sense_are_logged_and_passed_over(app: TestApp, boss: Headers) -> None:
    for name, value in [
        ("query_debug", None),
        ("beamLineGroups", '{"groupName": 1}'),
        ("create_person_on_missing", "maybe"),
        ("motd", "not JSON"),
        ("schemaVersion", "4.2.1"),
        (None, "1"),
    ]:
        await app.database.add(AdminVar, name=name, value=value)
    answer = await app.client.get("/options", headers=boss)
    assert answer.json() == {**DEFAULTS, "motd": "not JSON"}
    with capture_logs() as lines:
        await app.refresh()
        await app.refresh()
    bad = [line["option"] for line in lines if line["event"] == "option has a bad value"]
    assert sorted(bad) == ["beamLineGroups", "create_person_on_missing", "query_debug"]
    assert await change(app, boss, query_debug=True) == {**DEFAULTS, "motd": "not JSON", "query_debug": True}
    rows = await app.database.sql("SELECT value FROM AdminVar WHERE name = 'query_debug'")
    assert [value for (value,) in rows] == ["true"]


async def test_an_option_of_another_spelling_is_another_row(app: TestApp, boss: Headers) -> None:
    await app.database.add(AdminVar, name="MOTD", value='"theirs"')
    assert (await change(app, boss, motd="ours"))["motd"] == "ours"
    assert await stored(app) == [("MOTD", "theirs"), ("motd", "ours")]


@pytest.mark.fix(38)
@pytest.mark.four_databases
async def test_every_worker_sees_a_change(
    app: TestApp, make_app: MakeApp, boss: Headers, as_user: AsUser
) -> None:
    other = await make_app("admin", "probe", **WITH_PROBE)
    await change(app, boss, beamLineGroups=[GROUP])
    assert (await app.client.get("/probe/who", headers=boss)).json()["beamLines"] == ["ID16Ä"]
    assert (await other.client.get("/probe/who", headers=boss)).json()["beamLines"] == []
    await other.refresh()
    assert (await other.client.get("/probe/who", headers=boss)).json()["beamLines"] == ["ID16Ä"]


@pytest.mark.four_databases
async def test_two_who_change_different_options_at_once_both_succeed(
    app: TestApp, make_app: MakeApp, boss: Headers
) -> None:
    other = await make_app("admin", "probe", **WITH_PROBE)
    await asyncio.gather(
        change(app, boss, motd="Hello"),
        change(other, boss, query_debug=True),
        change(app, boss, motd="Hello"),
        change(other, boss, probe_on=False),
    )
    assert (await app.client.get("/options", headers=boss)).json() == {
        **DEFAULTS,
        "motd": "Hello",
        "query_debug": True,
        "probe_on": False,
    }
    assert len(await stored(app)) == 3


@pytest.mark.fix(36)
async def test_an_option_switches_operations_without_a_restart(app: TestApp, boss: Headers) -> None:
    shown = f"{app.starbeam.settings.server.api_root}/probe/switched"
    for on, status in [(False, 404), (True, 200)]:
        await change(app, boss, probe_on=on)
        assert (await app.client.get("/probe/switched")).status_code == status
        assert (shown in (await app.client.get("/openapi.json")).json()["paths"]) is on


@pytest.mark.fix(35)
async def test_an_option_logs_every_statement_with_its_time(app: TestApp, boss: Headers) -> None:
    await change(app, boss, query_debug=True)
    with capture_logs() as lines:
        await app.client.get("/options", headers=boss)
    statements = [line for line in lines if line["event"] == "statement"]
    assert ["AdminVar" in line["sql"] for line in statements] == [True]
    assert statements[0]["milliseconds"] >= 0
    await change(app, boss, query_debug=False)
    with capture_logs() as lines:
        await app.client.get("/options", headers=boss)
    assert [line for line in lines if line["event"] == "statement"] == []


async def test_the_api_document_has_the_options_of_the_enabled_plugins(
    app: TestApp, make_app: MakeApp
) -> None:
    schemas = (await app.client.get("/openapi.json")).json()["components"]["schemas"]
    assert set(schemas["Options"]["properties"]) == set(DEFAULTS)
    assert set(schemas["UIOptions"]["properties"]) == {"motd", "beamLineGroups"}
    assert schemas["Options"]["properties"]["probe_on"] == {
        "type": "boolean",
        "default": True,
        "title": "Probe",
        "description": "Serve what is switched",
    }
    alone = await make_app("admin")
    schemas = (await alone.client.get("/openapi.json")).json()["components"]["schemas"]
    assert set(schemas["Options"]["properties"]) == set(DEFAULTS) - {"probe_on"}
