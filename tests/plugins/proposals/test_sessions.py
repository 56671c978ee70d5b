"""`/sessions`, `/sessions/group` and one session."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from starbeam_ispyb import models as m
from starbeam_proposals.models import SessionType

if TYPE_CHECKING:
    from plugins.proposals.conftest import Caller, Facility
    from support.schemas import Kind

pytestmark = [pytest.mark.anyio, pytest.mark.four_databases]

NOW = datetime(2026, 3, 10, 12)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
FIRST_DAY, LAST_SECOND = datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)
"""The ends of the calendar, which stand for "always"."""


@pytest.fixture
async def root(facility: Facility) -> Caller:
    """Who sees everything; there is proposal 1, `mx23`."""
    await facility.proposal(1, "mx", "23")
    return await facility.caller("root", "all_proposals")


async def ids(caller: Caller, **query: Any) -> list[int]:
    """Keys of the sessions that match."""
    return await caller.ids("/sessions", "sessionId", **query)


async def test_a_session_with_all_it_has(facility: Facility, root: Caller, kind: Kind) -> None:
    setup = {
        "beamLineSetupId": 5,
        "synchrotronName": "Ring",
        "synchrotronMode": "7/8+1",
        "undulatorType1": "U21",
        "undulatorType2": "U22",
        "undulatorType3": "U23",
        "focalSpotSizeAtSample": 0.5,
        "focusingOptic": "Mirror",
        "beamDivergenceHorizontal": 0.25,
        "beamDivergenceVertical": 0.125,
        "polarisation": 0.75,
        "monochromatorType": "Si111",
        "setupDate": datetime(2026, 1, 2, 3, 4, 5),
        "maxExpTimePerDataCollection": 100.0,
        "minExposureTimePerImage": 0.0625,
        "goniostatMaxOscillationSpeed": 90.0,
        "goniostatMinOscillationWidth": 0.375,
        "minTransmission": 1.5,
        "CS": 2.5,
    }
    await facility.db.add(m.BeamLineSetup, setup)
    own = {
        "startDate": datetime(2026, 3, 10, 9, 30, 15),
        "endDate": datetime(2026, 3, 10, 17, 30),
        "beamLineName": "id29",
        "beamLineOperator": "Olga",
        "comments": "Calm",
    }
    await facility.session(8, **own, visit_number=4, beamLineSetupId=5, scheduled=1, nbReimbDewars=2)
    for number in (1, 2):
        await facility.db.add(m.DataCollectionGroup, dataCollectionGroupId=number, sessionId=8)
    for group in (1, 1, 2):
        await facility.db.add(m.DataCollection, dataCollectionGroupId=group)
    for name in ("Remote", "Industrial", "Remote"):
        await facility.db.add(SessionType, sessionId=8, typeName=name)
    for login in ("ada", "bob"):
        await (await facility.caller(login)).joins(session=8)
    wanted = {
        "sessionId": 8,
        "proposalId": 1,
        "session": "mx23-4",
        "proposal": "mx23",
        "BeamLineSetup": {**setup, "setupDate": "2026-01-02T03:04:05"},
        "visit_number": 4,
        **own,
        "startDate": "2026-03-10T09:30:15",
        "endDate": "2026-03-10T17:30:00",
        "scheduled": True,
        "nbReimbDewars": None if kind.flavour == "diamond" else 2,
        "_metadata": {
            "persons": 2,
            "datacollections": 3,
            "active": True,
            "active_soon": True,
            "sessionTypes": ["Industrial", "Remote"],
            "uiGroups": ["mx", "saxs"],
        },
    }
    assert await root.get("/sessions/8") == wanted
    assert await root.get("/sessions") == {"total": 1, "results": [wanted], "skip": 0, "limit": 25}


@pytest.mark.fix(1)
@pytest.mark.fix(95)
async def test_a_session_without_what_it_can_lack(facility: Facility, root: Caller) -> None:
    await facility.session(8, visit_number=None, startDate=None, endDate=None, scheduled=None)
    assert await root.get("/sessions/8") == {
        "sessionId": 8,
        "proposalId": 1,
        "session": None,
        "proposal": "mx23",
        "BeamLineSetup": None,
        "visit_number": None,
        "startDate": None,
        "endDate": None,
        "beamLineName": None,
        "beamLineOperator": None,
        "scheduled": None,
        "comments": None,
        "nbReimbDewars": None,
        "_metadata": {
            "persons": 0,
            "datacollections": 0,
            "active": False,
            "active_soon": False,
            "sessionTypes": [],
            "uiGroups": [],
        },
    }


async def test_a_session_that_one_may_not_see_does_not_exist(facility: Facility, root: Caller) -> None:
    await facility.session(8, beamLineName="id30")
    ada = await facility.caller("ada")
    for key in (8, 9, 0, -1, 10**18):
        assert await ada.get(f"/sessions/{key}", 404) == {"detail": "Session not found"}
    for key in ("mx23-8", "8a", "1.5", "9" * 30):
        answer = await ada.get(f"/sessions/{key}", 422)
        assert [error["loc"] for error in answer["detail"]] == [["path", "sessionId"]]
    assert (await (await facility.caller("staff", "mx_staff")).get("/sessions/8"))["sessionId"] == 8
    await ada.joins(proposal=1)
    assert (await ada.get("/sessions/8"))["sessionId"] == 8


@pytest.mark.fix(96)
@pytest.mark.fix(98)
async def test_the_filter_by_type_keeps_all_types_and_counts_persons_once(
    facility: Facility, root: Caller
) -> None:
    await facility.session(1)
    await facility.session(2)
    for session, name in ((1, "Remote"), (1, "Industrial"), (1, "Mail-in"), (2, "Industrial")):
        await facility.db.add(SessionType, sessionId=session, typeName=name)
    for login in ("ada", "bob"):
        await (await facility.caller(login)).joins(session=1)
    answer = await root.get("/sessions", sessionType="remote")
    assert answer["total"] == 1
    metadata = answer["results"][0]["_metadata"]
    assert (metadata["persons"], metadata["sessionTypes"]) == (2, ["Industrial", "Mail-in", "Remote"])
    assert await ids(root, sessionType="INDUSTRIAL") == [2, 1]
    assert await ids(root, sessionType="Indus") == []


@pytest.mark.fix(97)
async def test_active_and_active_soon_to_the_second(facility: Facility, root: Caller) -> None:
    soon = 20 * MINUTE
    cases = [
        (NOW, NOW, True, True),
        (NOW + SECOND, NOW + HOUR, False, True),
        (NOW + soon, NOW + HOUR, False, True),
        (NOW + soon + SECOND, NOW + HOUR, False, False),
        (NOW - HOUR, NOW - SECOND, False, True),
        (NOW - HOUR, NOW - soon, False, True),
        (NOW - HOUR, NOW - soon - SECOND, False, False),
        (NOW - HOUR, None, False, False),
        (None, NOW + HOUR, False, False),
        (FIRST_DAY, LAST_SECOND, True, True),
        (NOW - HOUR, LAST_SECOND, True, True),
        (FIRST_DAY, FIRST_DAY, False, False),
        (LAST_SECOND, LAST_SECOND, False, False),
    ]
    for key, (start, end, _, _) in enumerate(cases, 1):
        await facility.session(key, startDate=start, endDate=end)
    answer = await root.get("/sessions")
    found = {
        row["sessionId"]: (row["_metadata"]["active"], row["_metadata"]["active_soon"])
        for row in answer["results"]
    }
    assert found == {key: case[2:] for key, case in enumerate(cases, 1)}


@pytest.mark.fix(99)
async def test_order_and_what_is_upcoming_and_previous(facility: Facility, root: Caller) -> None:
    dates = [
        (NOW - 9 * HOUR, NOW - HOUR),
        (NOW - HOUR, NOW),
        (NOW + 2 * HOUR, NOW + 9 * HOUR),
        (NOW + HOUR, NOW + 9 * HOUR),
        (NOW + HOUR, NOW + 9 * HOUR),
        (NOW - 9 * HOUR, NOW - SECOND),
        (None, None),
    ]
    for key, (start, end) in enumerate(dates, 1):
        await facility.session(key, startDate=start, endDate=end)
    assert await ids(root) == [3, 5, 4, 2, 6, 1, 7]
    assert await ids(root, upcoming="true") == [2, 4, 5, 3]
    assert await ids(root, previous="YES") == [6, 1]
    assert await ids(root, upcoming=1, previous="on") == []
    assert await ids(root, upcoming=0, previous="no") == [3, 5, 4, 2, 6, 1, 7]
    second = await root.get("/sessions", skip=2, limit=3)
    assert [row["sessionId"] for row in second["results"]] == [4, 2, 6]
    assert (second["total"], second["skip"], second["limit"]) == (7, 2, 3)


async def test_scheduled_keeps_what_is_scheduled(facility: Facility, root: Caller) -> None:
    for key, scheduled in enumerate((0, 1, None), 1):
        await facility.session(key, scheduled=scheduled)
    everything = [3, 2, 1]
    assert await ids(root, scheduled="true") == [2]
    assert await ids(root, scheduled="false") == everything
    assert await ids(root) == everything
    answer = await root.get("/sessions")
    assert {row["sessionId"]: row["scheduled"] for row in answer["results"]} == {1: False, 2: True, 3: None}


async def test_by_beamline_and_by_group_of_beamlines(facility: Facility, root: Caller) -> None:
    for key, beamline in enumerate(("id29", "ID30", "bm29", None), 1):
        await facility.session(key, beamLineName=beamline)
    assert await ids(root, beamLineName="id30") == [2]
    assert await ids(root, beamLineName="id30 ") == [2]
    assert await ids(root, beamLineName="id") == []
    assert await ids(root, beamLineGroup="Crystals") == [2, 1]
    assert await ids(root, beamLineGroup="Solutions") == [3, 1]
    assert await ids(root, beamLineGroup="More crystals") == []
    assert await ids(root, beamLineGroup="Nobody's") == []
    assert await ids(root, beamLineGroup="Solutions", beamLineName="id29") == [1]


@pytest.mark.fix(6)
async def test_by_the_name_of_a_proposal(facility: Facility, root: Caller) -> None:
    await facility.proposal(2, "bl1", "23")
    await facility.proposal(3, "bl12", "3")
    for key, proposal in enumerate((1, 2, 3), 1):
        await facility.session(key, proposal)
    assert await ids(root, proposal="MX23") == [1]
    assert await ids(root, proposal="bl123") == [3, 2]
    assert await ids(root, proposal="mx24") == []
    for name in ("mx", "mx%", "", "mx23 "):
        answer = await root.get("/sessions", 422, proposal=name)
        assert [error["loc"] for error in answer["detail"]] == [["query", "proposal"]]


async def test_by_month_and_year(facility: Facility, root: Caller) -> None:
    dates = [
        (datetime(2025, 12, 31, 22), datetime(2026, 1, 1, 6)),
        (datetime(2026, 3, 1), datetime(2026, 3, 2)),
        (datetime(2024, 3, 31, 23, 59, 59), datetime(2024, 4, 1)),
        (None, datetime(2024, 12, 31, 23, 59, 59)),
        (None, None),
        (datetime(2027, 10, 5), datetime(2028, 1, 7)),
    ]
    for key, (start, end) in enumerate(dates, 1):
        await facility.session(key, startDate=start, endDate=end)
    queries: list[tuple[dict[str, str], list[int]]] = [
        ({"month": "3"}, [2, 3]),
        ({"month": "03"}, [2, 3]),
        ({"month": "4"}, [3]),
        ({"month": "12"}, [1, 4]),
        ({"month": "13"}, []),
        ({"month": "0"}, []),
        ({"year": "2026"}, [2, 1]),
        ({"year": "2025"}, [1]),
        ({"year": "2024"}, [3, 4]),
        ({"year": "0000"}, []),
        ({"year": "0001"}, []),
        ({"year": "9999"}, []),
        ({"month": "12", "year": "2026"}, [1]),
        ({"month": "1", "year": "2025"}, [1]),
        ({"month": "3", "year": "2025"}, []),
        ({"month": "3", "year": "2026", "day": "2"}, [2]),
        ({"month": "03", "year": "2026", "day": "01"}, [2]),
        ({"month": "3", "year": "2026", "day": "3"}, []),
        ({"month": "1", "year": "2026", "day": "1"}, [1]),
        ({"month": "4", "year": "2024", "day": "1"}, [3]),
        ({"month": "11", "year": "2027", "day": "15"}, [6]),  # it began and ends in other months
        ({"month": "1", "year": "2028", "day": "7"}, [6]),
        ({"month": "1", "year": "2028", "day": "8"}, []),
    ]
    assert [(query, await ids(root, **query)) for query, _ in queries] == queries
    for wrong in ({"month": "2", "year": "2026", "day": "30"}, {"day": "2"}, {"month": "2", "day": "2"}):
        answer = await root.get("/sessions", 422, **wrong)
        assert [error["loc"] for error in answer["detail"]] == [["query", "day"]]
    for name, value in (("month", "123"), ("month", "a"), ("month", "-1"), ("year", "26"), ("year", "")):
        answer = await root.get("/sessions", 422, **{name: value})
        assert [error["loc"] for error in answer["detail"]] == [["query", name]]


@pytest.mark.fix(22)
async def test_who_sees_which_sessions(facility: Facility, root: Caller) -> None:
    await facility.proposal(2, "bl", "7")
    for key, (proposal, beamline) in enumerate(((1, "id29"), (1, "bm29"), (2, "id30"), (2, None)), 1):
        await facility.session(key, proposal, beamLineName=beamline)
    ada, bob = await facility.caller("ada"), await facility.caller("bob")
    await ada.joins(session=1)
    await bob.joins(proposal=2)
    callers = {
        "ada": ada,
        "bob": bob,
        "crystals": await facility.caller("carl", "mx_staff"),
        "solutions": await facility.caller("sue", "saxs_staff"),
        "boss": await facility.caller("boss", "manage_persons"),
        "old": await facility.caller("old", "all_sessions", "own_sessions"),
        "root": root,
    }
    assert {name: await ids(caller) for name, caller in callers.items()} == {
        "ada": [1],
        "bob": [4, 3],
        "crystals": [3, 1],
        "solutions": [2, 1],
        "boss": [],
        "old": [],
        "root": [4, 3, 2, 1],
    }


async def test_one_session_for_each_beamline_of_a_group(facility: Facility, root: Caller) -> None:
    dates = [
        ("id29", NOW - 9 * HOUR, NOW - HOUR),
        ("ID29", NOW + HOUR, NOW + 9 * HOUR),
        ("id29", NOW + 10 * HOUR, NOW + 18 * HOUR),
        ("id30", NOW - 20 * HOUR, NOW - 12 * HOUR),
        ("id30", NOW - 10 * HOUR, NOW - 9 * HOUR),
        ("bm29", NOW, NOW),
        ("id29", NOW + 10 * HOUR, NOW + 18 * HOUR),
    ]
    for key, (beamline, start, end) in enumerate(dates, 1):
        await facility.session(key, beamLineName=beamline, startDate=start, endDate=end)
    await facility.db.add(SessionType, sessionId=2, typeName="Remote")
    ada, staff = await facility.caller("ada"), await facility.caller("staff", "mx_staff")
    for session in (1, 2, 4):
        await ada.joins(session=session)

    async def group(caller: Caller, **query: Any) -> list[int]:
        answer = await caller.get("/sessions/group", **query)
        found = [row["sessionId"] for row in answer["results"]]
        assert (answer["total"], answer["skip"], answer["limit"]) == (len(found), 0, len(found))
        return found

    queries: list[tuple[dict[str, Any], list[int], list[int]]] = [
        ({"beamLineGroup": "Crystals"}, [7, 5], [2, 4]),
        ({"beamLineGroup": "Crystals", "upcoming": True}, [2], [2]),
        ({"beamLineGroup": "Crystals", "previous": True}, [1, 5], [1, 4]),
        ({"beamLineGroup": "Crystals", "upcoming": True, "previous": True}, [], []),
        ({"beamLineGroup": "Crystals", "sessionType": "remote"}, [2], [2]),
        ({"beamLineGroup": "More crystals"}, [], []),
        ({"beamLineGroup": "Nobody's"}, [], []),
        ({}, [], []),
    ]
    for query, everything, own in queries:
        assert await group(root, **query) == everything, query
        assert await group(staff, **query) == everything, query
        assert await group(ada, **query) == own, query
    assert await group(root, beamLineGroup="Solutions") == [6, 7]
