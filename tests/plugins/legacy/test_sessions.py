"""`/legacy/sessions`."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest

from starbeam.db.models import Person
from starbeam_ispyb import models as m
from starbeam_legacy.models import Experiment
from starbeam_testing.app import Statements, TestApp
from starbeam_testing.fixtures import MakeApp
from support.legacy import Caller, Values, caller, shown

from .conftest import small_facility, span

pytestmark = pytest.mark.anyio

OWN = "sessionId expSessionPk beamLineSetupId proposalId projectCode beamLineName scheduled nbShifts comments"
OWN_TOO = (
    "beamLineOperator visit_number bltimeStamp usedFlag sessionTitle structureDeterminations dewarTransport"
    " databackupFrance databackupEurope operatorSiteNumber"
)
PREFIXED = "startDate endDate lastUpdate protectedData"
NOTHING: dict[str, Any] = {
    "energyScanCount": 0,
    "sampleCount": 0,
    "imagesCount": None,
    "testDataCollectionGroupCount": 0,
    "dataCollectionGroupCount": 0,
    "EMdataCollectionGroupCount": 0,
    "xrfSpectrumCount": 0,
    "hplcCount": 0,
    "sampleChangerCount": 0,
    "calibrationCount": 0,
    "lastExperimentDataCollectionGroup": None,
    "lastEndTimeDataCollectionGroup": None,
}
"""What is counted in a session without anything."""


async def measure(app: TestApp) -> None:
    """Fill session 1: three groups on two samples, five data collections, and other measurements."""
    db = app.database
    end = datetime(2026, 3, 10, 15, 30)
    await db.add(m.BLSample, {"blSampleId": 5}, {"blSampleId": 6})
    for key, kind, sample in ((1, "OSC", 5), (2, "EM", 5), (3, "Mesh", 6), (4, "SAD", None)):
        group = {"dataCollectionGroupId": key, "experimentType": kind, "blSampleId": sample}
        await db.add(m.DataCollectionGroup, sessionId=1, endTime=end.replace(minute=key), **group)
    for group, images in ((1, 4), (1, 5), (2, 100), (2, None), (3, 1)):
        await db.add(m.DataCollection, dataCollectionGroupId=group, numberOfImages=images)
    for _ in range(3):
        await db.add(m.EnergyScan, sessionId=1)
    for _ in range(2):
        await db.add(m.XFEFluorescenceSpectrum, sessionId=1)
    for kind in ("HPLC", "HPLC", "HPLC", "STATIC", "STATIC", "CALIBRATION", "OTHER"):
        await db.add(Experiment, sessionId=1, proposalId=1, experimentType=kind)


MEASURED = {
    "energyScanCount": 3,
    "sampleCount": 2,
    "imagesCount": 110,
    "testDataCollectionGroupCount": 2,
    "dataCollectionGroupCount": 2,
    "EMdataCollectionGroupCount": 2,
    "xrfSpectrumCount": 2,
    "hplcCount": 3,
    "sampleChangerCount": 2,
    "calibrationCount": 1,
    "lastExperimentDataCollectionGroup": "SAD",
    "lastEndTimeDataCollectionGroup": "2026-03-10T15:04:00",
}
"""What is counted in session 1 then."""


async def boss_of(app: TestApp) -> Caller:
    """Who sees every session."""
    return await caller(app, "boss", "all_sessions")


@pytest.mark.four_databases
async def test_a_session_with_all_it_has(app: TestApp) -> None:
    db, values = app.database, Values()
    proposal = {"title": "Light", "proposalCode": "sa", "proposalNumber": "5", "proposalType": "MX"}
    person = {"personId": 9, "familyName": "Curie", "givenName": "Marie", "emailAddress": "mc@example.org"}
    await db.add(Person, **person)
    await db.add(m.Proposal, proposalId=5, personId=9, **proposal)
    await db.add(m.BeamLineSetup, beamLineSetupId=6)
    keys = {"sessionId": 7, "proposalId": 5, "scheduled": 1, "usedFlag": 1, "beamLineSetupId": 6}
    row = values.row(m.BLSession, f"{OWN} {OWN_TOO} {PREFIXED}", **keys)
    await db.add(m.BLSession, row)
    (found,) = await (await boss_of(app)).get("/sessions/proposal/SA5", "/{token}/proposal/5/session/list")
    assert found == {
        **await shown(db, m.BLSession, row, f"{OWN} {OWN_TOO}"),
        **await shown(db, m.BLSession, row, PREFIXED, "BLSession_"),
        "Proposal_title": "Light",
        "Proposal_proposalCode": "sa",
        "Proposal_ProposalNumber": "5",
        "Proposal_ProposalType": "MX",
        **{f"Person_{name}": value for name, value in person.items()},
        **NOTHING,
    }


@pytest.mark.four_databases
async def test_what_is_counted_over_a_session(app: TestApp) -> None:
    await measure(app)
    schema = await app.database.schema()
    wanted = dict(MEASURED)
    if not schema.has(Experiment):
        wanted |= {"hplcCount": 0, "sampleChangerCount": 0, "calibrationCount": 0}
    rows = await (await boss_of(app)).get("/sessions", "/{token}/session/list")
    assert [row["sessionId"] for row in rows] == [1, 2, 3]
    assert [{key: row[key] for key in NOTHING} for row in rows] == [wanted, NOTHING, NOTHING]


@pytest.mark.on("sqlite-union", "mariadb-diamond")
async def test_sessions_that_overlap_a_span(app: TestApp) -> None:
    await app.database.add(m.BLSession, sessionId=8, proposalId=1, visit_number=8)  # without dates
    boss, own = await boss_of(app), await caller(app, "participant", "own_sessions")

    async def ids(who: Caller, start: str, end: str) -> list[int]:
        path = f"date/{start}/{end}"
        rows = await who.get(f"/sessions/{path}", f"/{{token}}/proposal/session/{path}/list")
        return [row["sessionId"] for row in rows]

    assert await ids(boss, "20260301", "20260401") == [3, 2, 1]
    assert await ids(own, "20260301", "20260401") == [1]
    assert await ids(boss, "2026-03-13", "2026-03-13") == [2]  # at midnight
    assert await ids(boss, "2026-03-11 17:30:00", "2026-03-12 09:30:00") == [2, 1]  # both ends included
    assert await ids(boss, "20260311173001", "2026-03-12T09:29:59") == []
    assert await ids(boss, "2026-3-1", "2026-3-11") == [1]
    for text in (
        *("2026-03-01T00:00:00.000Z", "260301", "2026.03.01", "2026-03-01T00:00:00+02:00", "260301000000"),
        *("2026-03-01 10", "2026-3-1 1:2:3", "2026:03:01", "2026-03-01-10-30-00", "26^3^1 x"),
    ):
        assert await ids(boss, text, "20260401") == [3, 2, 1]
        assert await ids(boss, "20200101", text) == []
    assert await ids(boss, "700101", "99991231") == [3, 2, 1]  # 1970
    assert await ids(boss, "690101", "99991231") == []  # 2069
    assert await ids(boss, "2026-03-12 09:30", "2026-3-12 9:29:59") == []
    assert await ids(boss, "0001-01-01", "9999-12-31T23:59:59") == [3, 2, 1]
    for text in (
        *("yesterday", "2026-02-30", "202603", "0", "2026-03", "2026-03-01 25:00", "20260301 1030"),
        *("20260301T10", "2026-03-01 1030", "0000-00-00", "2026-00-10", "10000-01-01"),
    ):
        assert await ids(boss, text, "20270101") == []
        assert await ids(boss, "20200101", text) == []


async def test_sessions_of_a_proposal(app: TestApp) -> None:
    boss, own = await boss_of(app), await caller(app, "participant", "own_sessions")

    async def ids(who: Caller, proposal: str) -> list[int]:
        rows = await who.get(f"/sessions/proposal/{proposal}", f"/{{token}}/proposal/{proposal}/session/list")
        return [row["sessionId"] for row in rows]

    assert await ids(boss, "mx23") == [1, 2]
    assert await ids(boss, "2") == [3]
    assert await ids(boss, "mx99") == []
    assert await ids(own, "mx23") == [1]
    assert await ids(own, "2") == []


async def test_counts_are_kept_for_some_time(make_app: MakeApp) -> None:
    app = await make_app("ispyb", "legacy", **{"plugin.legacy.summary_age": 300})
    await small_facility(app)
    boss, own = await boss_of(app), await caller(app, "participant", "own_sessions")
    with Statements(app) as cold:
        assert (await boss.get("/sessions"))[0]["imagesCount"] is None
    await measure(app)
    with Statements(app) as warm:
        assert (await boss.get("/sessions"))[0]["imagesCount"] is None
        assert (await own.get("/sessions"))[0]["imagesCount"] is None
    assert (len(cold), len(warm)) == (3, 2)
    await app.database.add(m.BLSession, sessionId=4, proposalId=1, visit_number=4, **span(20))
    rows = await boss.get("/sessions")  # a session that was never counted: this list is counted anew
    assert [row["imagesCount"] for row in rows] == [110, None, None, None]
    assert (await own.get("/sessions"))[0]["imagesCount"] == 110


async def test_all_sessions_are_counted_once_for_all_who_ask_at_once(make_app: MakeApp) -> None:
    app = await make_app("ispyb", "legacy")
    await small_facility(app)
    boss = await boss_of(app)
    with Statements(app) as statements:
        answers = await asyncio.gather(*(boss.get("/sessions") for _ in range(5)))
    assert answers == [answers[0]] * 5
    assert len(statements) == 5 + 2


async def test_counts_grow_old(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app = await make_app("ispyb", "legacy")
    await small_facility(app)
    boss = await boss_of(app)
    now = 1000.0
    monkeypatch.setattr("starbeam.cache.monotonic", lambda: now)
    await boss.get("/sessions")
    await measure(app)
    now += 59
    assert (await boss.get("/sessions"))[0]["imagesCount"] is None
    now += 542  # ten minutes after they were counted nobody is given them
    assert (await boss.get("/sessions"))[0]["imagesCount"] == 110


async def test_nobody_waits_while_counts_are_renewed(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = await make_app("ispyb", "legacy")
    await small_facility(app)
    boss = await boss_of(app)
    now = 1000.0
    monkeypatch.setattr("starbeam.cache.monotonic", lambda: now)
    await boss.get("/sessions")
    await measure(app)
    now += 61
    with Statements(app) as statements:
        assert (await boss.get("/sessions"))[0]["imagesCount"] is None
    assert len(statements) == 1
    async with asyncio.timeout(60):
        while (await boss.get("/sessions"))[0]["imagesCount"] != 110:
            pass
