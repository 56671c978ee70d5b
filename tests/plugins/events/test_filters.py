"""`/events` and `/events/types`: filters, order, and who sees what."""

from __future__ import annotations

import gc
import json
import tracemalloc
import urllib.parse
from typing import TYPE_CHECKING

import pytest

from starbeam.db.models import AdminVar
from starbeam_ispyb import models as m

if TYPE_CHECKING:
    from plugins.events.conftest import Beamline
    from support.schemas import Kind

pytestmark = pytest.mark.anyio


async def two_sessions(beamline: Beamline) -> None:
    """One event of each type in each of mx1-1 on id01 and mx2-2 on id02, on a sample each; later in the
    second."""
    await beamline.session(2, proposal=2, beamLineName="id02")
    for n in (1, 2):
        await beamline.sample(n, protein=n)
        await beamline.group(n, session=n, blSampleId=n, experimentType={1: "OSC", 2: "Mesh"}[n])
        await beamline.collection(n, n, n, n + 1, runStatus="Successful", blSubSampleId=n)
        await beamline.robot(n, 10 + n, session=n, blsampleId=n, status="SUCCESS")
        await beamline.spectrum(n, 20 + n, session=n, blSampleId=n)
        await beamline.scan(n, 30 + n, session=n, blSampleId=n)


def all_of(n: int) -> list[str]:
    """The events of one session."""
    return [f"{kind} {n}" for kind in ("es", "xrf", "robot", "dc")]


BOTH = [f"{kind} {n}" for kind in ("es", "xrf", "robot", "dc") for n in (2, 1)]


@pytest.mark.four_databases
async def test_the_database_says_that_a_session_is_of_a_proposal(beamline: Beamline) -> None:
    await beamline.db.sql("UPDATE Proposal SET proposalCode = 'mex' WHERE proposalId = 1")
    await two_sessions(beamline)
    assert await beamline.events(session="MEX1-1", proposal="méx1") == all_of(1)
    assert await beamline.events(session="MEX1-1", proposal="mx2") == []


@pytest.mark.fix(5)
@pytest.mark.fix(6)
@pytest.mark.four_databases
async def test_filters_and_how_they_combine(beamline: Beamline) -> None:
    await two_sessions(beamline)
    found = beamline.events
    assert await found() == BOTH
    for name, value in {
        "session": "mx2-2",
        "sessionId": 2,
        "proposal": "MX2",
        "proposalId": 2,
        "beamLineName": "ID02",
        "blSampleId": 2,
        "proteinId": 2,
    }.items():
        assert await found(**{name: value}) == all_of(2), name
    for name in ("dataCollectionId", "dataCollectionGroupId", "blSubSampleId"):
        assert await found(**{name: 2}) == ["dc 2"], name
    for name in ("session", "proposal"):
        unknown = {"session": "mx9-9", "proposal": "mx9"}[name]
        assert await found(**{name: unknown}) == [], name
    for name in ("sessionId", "proposalId", "dataCollectionId", "dataCollectionGroupId", "blSampleId"):
        assert await found(**{name: 0}) == [], name
    for name in ("blSubSampleId", "proteinId"):
        assert await found(**{name: 0}) == [], name
    assert await found(session="mx2-2", proposal="mx2", sessionId=2, beamLineName="id02") == all_of(2)
    assert await found(session="mx2-2", proposal="mx1") == []
    assert await found(session="mx2-2", proteinId=2, eventType="robot") == ["robot 2"]
    assert await found(proposalId=2, beamLineName="id01") == []
    assert await found(sessionId=1, blSampleId=2) == []
    assert await found(dataCollectionId=2, dataCollectionGroupId=1) == []
    assert await found(dataCollectionId=2, status="success", eventType="Mesh", proteinId=2) == ["dc 2"]
    assert await found(dataCollectionId=2, eventType="robot") == []


@pytest.mark.four_databases
async def test_data_collections_on_a_type_of_sub_sample(beamline: Beamline) -> None:
    await two_sessions(beamline)
    columns = (await beamline.db.schema()).columns_of(m.BLSubSample, {"type": ""})
    if not columns:  # no sub sample has a type
        assert await beamline.events(blSubSampleType="loi") == []
        return
    await beamline.db.sql("UPDATE BLSubSample SET type = 'loi' WHERE blSubSampleId = 2")
    assert await beamline.events(blSubSampleType="LOI") == ["dc 2"]
    assert await beamline.events(blSubSampleType="loi", blSampleId=1) == []
    assert await beamline.events(blSubSampleType="") == []


@pytest.mark.four_databases
async def test_groups_as_one_event_or_one_by_one(beamline: Beamline) -> None:
    await beamline.group(1)
    for key, start in ((1, 0), (2, 5), (3, 10)):
        await beamline.collection(key, 1, start, start + 1, runStatus="Failed" if key == 3 else "Successful")
    await beamline.group(2)
    await beamline.collection(4, 2, 20)
    one_by_one = ["dc 4", "dc 3", "dc 2", "dc 1"]
    assert await beamline.events() == await beamline.events(group="true") == ["dc 4", "dc 3"]
    assert await beamline.events(group="false") == one_by_one
    assert await beamline.events(group="false", status="success") == ["dc 2", "dc 1"]
    assert await beamline.events(dataCollectionGroupId=1) == one_by_one[1:]
    assert await beamline.events(dataCollectionGroupId=1, group=0) == one_by_one[1:]
    [whole] = (await beamline.ask("/events", dataCollectionGroupId=1, group=1))["results"]
    assert (whole["id"], whole["count"], whole["duration"]) == (3, 3, 3)


@pytest.mark.parametrize(
    ("path", "name"),
    [("/events?skip=1", "eventType"), ("/events/types?", "eventType"), ("/events?skip=1", "beamLineName")],
)
async def test_totals_are_not_kept_at_the_length_of_their_filters(
    beamline: Beamline, path: str, name: str
) -> None:
    headers = await beamline.app.as_user("boss", "all_proposals")
    size = 60_000

    async def ask(text: str) -> None:
        assert (await beamline.app.client.get(f"{path}&{name}={text}", headers=headers)).status_code == 200

    await ask("x" * size)  # statements that are built once
    tracemalloc.start()
    try:
        for number in range(40):
            await ask(f"{number:05}" + "x" * size)
        urllib.parse.clear_cache()  # the client's
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 10 * size


@pytest.mark.four_databases
async def test_types_of_events(beamline: Beamline) -> None:
    await two_sessions(beamline)
    found = beamline.events
    assert await found(eventType="robot") == ["robot 2", "robot 1"]
    assert await found(eventType="xrf") == ["xrf 2", "xrf 1"]
    assert await found(eventType="es") == ["es 2", "es 1"]
    assert await found(eventType="mesh") == ["dc 2"]
    assert await found(eventType="dc") == []
    assert await found(eventType="nothing") == []
    assert await found(eventType="") == []


@pytest.mark.four_databases
async def test_status(beamline: Beamline) -> None:
    await beamline.group(1)
    for key, (run, robot) in enumerate(
        [("Data collection SUCCESSFUL", "SUCCESS"), ("Failed", "ERROR"), ("", "WARNING"), (None, None)], 1
    ):
        await beamline.collection(key, 1, key, runStatus=run)
        await beamline.robot(key, 10 + key, status=robot)
    await beamline.scan(1, 20)
    await beamline.spectrum(1, 20)
    assert await beamline.events(status="success") == ["robot 1", "dc 1"]
    assert await beamline.events(status="failed") == ["robot 3", "robot 2", "dc 3"]
    assert await beamline.events(status="success", eventType="robot") == ["robot 1"]
    assert await beamline.events(status="success", eventType="xrf") == []
    assert await beamline.events(status="processed") == []
    (wrong,) = (await beamline.ask("/events", expected=422, status="other"))["detail"]
    assert wrong["loc"] == ["query", "status"]


@pytest.mark.fix(89)
@pytest.mark.four_databases
async def test_processed(beamline: Beamline, kind: Kind) -> None:
    texts = {"community": ["RUNNING", "FAILED", "SUCCESS", "0", "1", None]}.get(kind.flavour, [0, 1, None])
    good = []
    for key, text in enumerate(texts, 1):
        await beamline.group(key)
        await beamline.collection(key, key, key)
        await beamline.db.add(m.AutoProcProgram, autoProcProgramId=key, processingStatus=text)
        program = {"autoProcIntegrationId": key, "dataCollectionId": key, "autoProcProgramId": key}
        await beamline.db.add(m.AutoProcIntegration, program)
        good += [f"dc {key}"] if text in ("SUCCESS", "1", 1) else []
    await beamline.robot(1, 0, status="SUCCESS")
    assert await beamline.events(status="processed") == good[::-1]
    assert await beamline.events(status="processed", eventType="robot") == []


@pytest.mark.fix(90)
@pytest.mark.fix(91)
@pytest.mark.four_databases
async def test_processerror(beamline: Beamline, kind: Kind) -> None:
    for key, severity in enumerate(["INFO", "WARNING", "ERROR"], 1):
        for way, number in (("integration", key), ("job", 10 + key)):
            await beamline.group(number)
            await beamline.collection(number, number, number)
            job = {"processingJobId": number} if way == "job" else {}
            await beamline.db.add(m.ProcessingJob, processingJobId=number, dataCollectionId=number)
            await beamline.db.add(m.AutoProcProgram, autoProcProgramId=number, **job)
            if way == "integration":
                names = {"autoProcIntegrationId": number, "dataCollectionId": number}
                await beamline.db.add(m.AutoProcIntegration, autoProcProgramId=number, **names)
            message = {"autoProcProgramId": number, "severity": severity}
            await beamline.db.add(m.AutoProcProgramMessage, autoProcProgramMessageId=number, **message)
    if kind.flavour == "community":
        answer = await beamline.ask("/events", expected=501, status="processerror")
        assert answer == {
            "detail": "This database has no messages of processing programs (AutoProcProgramMessage)."
        }
    else:
        assert await beamline.events(status="processerror") == ["dc 13", "dc 12", "dc 3", "dc 2"]


@pytest.mark.four_databases
async def test_the_latest_first_then_by_type_then_the_highest_key(beamline: Beamline) -> None:
    await beamline.group(1)
    await beamline.group(2)
    await beamline.group(3)
    await beamline.collection(1, 1, 5)
    await beamline.collection(2, 2, 5)
    await beamline.collection(3, 2, 6)
    await beamline.collection(4, 1, 7)  # group 1 was the first, and holds the highest key
    await beamline.collection(5, 3)
    await beamline.robot(1, 5)
    await beamline.robot(2, 5)
    await beamline.scan(1, 5)
    await beamline.scan(2, None)
    await beamline.spectrum(1, 8)
    order = ["xrf 1", "dc 4", "dc 3", "es 1", "robot 2", "robot 1", "dc 5", "es 2"]
    assert await beamline.events() == order
    pages = [await beamline.ask("/events", limit=1, skip=skip) for skip in range(9)]
    assert [f"{one['type']} {one['id']}" for page in pages for one in page["results"]] == order
    assert {page["total"] for page in pages} == {8}
    assert pages[8] == {"total": 8, "results": [], "skip": 8, "limit": 1}


@pytest.mark.fix(22)
@pytest.mark.fix(23)
@pytest.mark.four_databases
async def test_who_sees_which(beamline: Beamline) -> None:
    await two_sessions(beamline)
    await beamline.session(3, proposal=1, beamLineName="id03")
    await beamline.joins("ada", session=1)
    person = await beamline.db.person("bob")
    await beamline.db.add(m.ProposalHasPerson, proposalId=2, personId=person)
    staffed = {"groupName": "g", "uiGroup": "u", "permission": "id02_staff"}
    option = json.dumps([{**staffed, "beamLines": [{"beamLineName": "ID02"}]}])
    await beamline.db.add(AdminVar, name="beamLineGroups", value=option)
    await beamline.db.person("staff", "id02_staff")
    await beamline.app.refresh()
    assert await beamline.events("ada") == all_of(1)
    assert await beamline.events("bob") == all_of(2)
    assert await beamline.events("staff") == all_of(2)
    assert await beamline.events("stranger") == []
    for hidden in ({"sessionId": 2}, {"session": "mx2-2"}, {"blSampleId": 2}, {"dataCollectionId": 2}):
        assert await beamline.events("ada", **hidden) == [], hidden
    assert await beamline.events("ada", dataCollectionGroupId=2) == []
    assert await beamline.types("ada") == ["OSC", "Sample Actions", "XRF Spectrum", "Energy Scan"]
    assert await beamline.types("ada", sessionId=2) == []
    assert await beamline.types("stranger") == []


@pytest.mark.fix(93)
@pytest.mark.four_databases
async def test_kinds_of_events(beamline: Beamline) -> None:
    await two_sessions(beamline)
    await beamline.group(3, experimentType="EM")  # without a data collection
    await beamline.group(4, experimentType=None)
    await beamline.sample(3, protein=1)
    await beamline.robot(3, 0, session=2, blsampleId=3)
    others = ["Sample Actions", "XRF Spectrum", "Energy Scan"]
    assert await beamline.ask("/events/types", sessionId=2) == {
        "total": 4,
        "results": [
            {"eventType": "Mesh", "eventTypeName": "Mesh"},
            {"eventType": "robot", "eventTypeName": "Sample Actions"},
            {"eventType": "xrf", "eventTypeName": "XRF Spectrum"},
            {"eventType": "es", "eventTypeName": "Energy Scan"},
        ],
        "skip": 0,
        "limit": 4,
    }
    assert await beamline.types() == ["EM", "Mesh", "OSC", *others]
    assert await beamline.types(session="mx2-2") == ["Mesh", *others]
    assert await beamline.types(session="mx9-9") == []
    assert await beamline.types(blSampleId=2) == ["Mesh", *others]
    assert await beamline.types(blSampleId=3) == ["Sample Actions"]
    assert await beamline.types(proteinId=1) == ["OSC", *others]
    assert await beamline.types(blSampleId=0) == []
