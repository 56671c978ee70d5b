"""The runtime options as core reads them: rows of `AdminVar`, as somebody may have left them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from starbeam.db.models import AdminVar
from starbeam.options import BeamLineGroup, BeamLineGroupBeamLine
from starbeam_ispyb.models import BLSession, Proposal
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.answers import said
from support.probe import WITH_PROBE

pytestmark = pytest.mark.anyio

NAMES = ("motd", "beamLineGroups", "query_debug", "create_person_on_missing", "probe_on")
DEFAULTS: dict[str, Any] = {
    "motd": "",
    "beamLineGroups": [],
    "query_debug": False,
    "create_person_on_missing": False,
    "probe_on": True,
}
GROUP = {
    "groupName": "MX",
    "uiGroup": "mx",
    "permission": "mx_staff",
    "beamLines": [{"beamLineName": "id30a"}, {"beamLineName": "id30b", "archived": True}],
}


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    return await make_app("ispyb", "proposals", "probe", **WITH_PROBE)


async def options(app: TestApp, **rows: str | None) -> dict[str, Any]:
    """The options when `AdminVar` has these rows."""
    await app.database.sql("DELETE FROM AdminVar")
    for name, value in rows.items():
        await app.database.add(AdminVar, name=name, value=value)
    await app.refresh()
    return {name: app.starbeam.options[name] for name in NAMES}


@pytest.mark.four_databases
async def test_options_without_a_row_have_their_default(app: TestApp) -> None:
    assert await options(app) == DEFAULTS
    assert await options(app, schemaVersion="1.2.3", motdd='"x"') == DEFAULTS


@pytest.mark.four_databases
async def test_values_are_json_or_else_text(app: TestApp) -> None:
    found = await options(app, motd='"Beam is \\"off\\" - \\u00e9"', query_debug="true", probe_on=" false ")
    assert found == {**DEFAULTS, "motd": 'Beam is "off" - é', "query_debug": True, "probe_on": False}
    assert (await options(app, motd="Beam is off"))["motd"] == "Beam is off"
    assert (await options(app, motd=""))["motd"] == ""
    group = {**GROUP, "unknown": 1, "beamLines": [{"beamLineName": "b", "sampleChangerCapacity": 16}]}
    assert (await options(app, beamLineGroups=json.dumps([group])))["beamLineGroups"] == [
        BeamLineGroup("MX", "mx", "mx_staff", [BeamLineGroupBeamLine("b", sampleChangerCapacity=16)])
    ]


@pytest.mark.fix(37)
@pytest.mark.four_databases
async def test_a_row_that_does_not_fit_is_logged_and_the_default_used(app: TestApp) -> None:
    bad: dict[str, str | None] = {
        "motd": "5",
        "beamLineGroups": '[{"groupName": "MX"}]',
        "query_debug": None,
        "create_person_on_missing": "yes",
        "probe_on": "0",
    }
    with capture_logs() as logs:
        assert await options(app, **bad) == DEFAULTS
    said_of = {line["option"] for line in logs if line["event"] == "option has a bad value"}
    assert said_of == {*NAMES}
    for value in ("null", "{}", "[null]", "[[]]", "not JSON", None):
        assert (await options(app, beamLineGroups=value))["beamLineGroups"] == []
    assert (await options(app, motd=None))["motd"] == ""
    assert (await app.client.get("/auth/config")).status_code == 200


@pytest.mark.fix(39)
async def test_without_beamline_groups_there_is_none(app: TestApp) -> None:
    headers = await app.as_user("abcd", "bl_admin")
    body = (await app.client.get("/user/current", headers=headers)).json()
    assert (body["beamLineGroups"], body["beamLines"], body["Permissions"]) == ([], [], ["bl_admin"])


@pytest.mark.four_databases
async def test_a_beamline_group_shows_whoever_holds_its_permission_its_beamlines(app: TestApp) -> None:
    """Archived ones too; a beamline of two groups is named once, in the order of the option."""
    person = await app.database.person("owner")
    await app.database.add(Proposal, proposalId=1, personId=person, proposalCode="mx", proposalNumber="1")
    for number, beamline in enumerate(("id30a", "ID30B", "id01", None), 1):
        await app.database.add(
            BLSession, sessionId=number, proposalId=1, visit_number=number, beamLineName=beamline
        )
    both = {**GROUP, "groupName": "All", "permission": "all_staff"}
    both["beamLines"] = [{"beamLineName": "id30b"}, {"beamLineName": "id01"}]
    await app.database.add(AdminVar, name="beamLineGroups", value=json.dumps([GROUP, both]))

    async def sees(headers: dict[str, str]) -> tuple[list[int], list[str], list[str]]:
        sessions = (await app.client.get("/sessions", headers=headers)).json()["results"]
        me = (await app.client.get("/user/current", headers=headers)).json()
        return sorted(one["sessionId"] for one in sessions), me["beamLineGroups"], me["beamLines"]

    assert await sees(await app.as_user("nobody", "other")) == ([], [], [])
    assert await sees(await app.as_user("mx", "mx_staff")) == ([1, 2], ["MX"], ["id30a", "id30b"])
    assert await sees(await app.as_user("all", "all_staff", "mx_staff")) == (
        [1, 2, 3],
        ["MX", "All"],
        ["id30a", "id30b", "id01"],
    )
    headers = await app.as_user("mx")
    await app.database.sql("DELETE FROM AdminVar")
    await app.refresh()
    assert await sees(headers) == ([], [], [])


async def test_a_caller_sees_the_option_in_the_next_request(app: TestApp) -> None:
    headers = await app.as_user("mx", "mx_staff")
    await options(app, beamLineGroups=json.dumps([GROUP]))
    answer = await app.client.get("/probe/who", headers=headers)
    assert said(answer) == (200, {"permissions": ["mx_staff"], "beamLines": ["id30a", "id30b"]})
