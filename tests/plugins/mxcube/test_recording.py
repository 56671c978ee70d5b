"""What beamlines write: once, by who may, and nothing of others."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import inspect, text
from structlog.testing import capture_logs

from plugins.mxcube.conftest import NOW, OTHERS, PLUGINS, Caller, facility
from starbeam_acquisition.models import ExperimentType
from starbeam_ispyb import models as m
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp

pytestmark = pytest.mark.anyio

BEGUN = "2026-03-10 11:00:00"
FOLDER = "/data/visitor/mx1234/raw"
SESSION = {
    "proposalId": "1",
    "startDate": "2026-03-10T00:00:00.000000Z",
    "endDate": "2026-03-12T07:59:59.000000Z",
    "beamLineName": "bm14",
}
COLLECTION: dict[str, Any] = {
    "sessionId": 1,
    "status": "Running",
    "collection_start_time": BEGUN,
    "experiment_type": "OSC",
    "fileinfo": {"directory": FOLDER, "prefix": "s1", "run_number": 1},
}
GROUP = {"sessionId": 1, "experimentType": "OSC", "actualSampleSlotInContainer": 5}
ACTION = {"sessionId": 1, "actionType": "load", "startTimestamp": BEGUN, "endTimestamp": BEGUN}
SCAN = {"sessionId": 1, "startTime": BEGUN, "filename": "scan.dat"}
IMAGE = {"dataCollectionId": 1, "imageNumber": 0, "fileName": "s1_0.cbf"}
SENT = [
    ("/sessions", SESSION, "BLSession"),
    ("/beamline-setups/beamline-setup", {"synchrotron_name": "SYN", "polarisation": "0.99"}, "BeamLineSetup"),
    ("/datacollections/group", GROUP, "DataCollectionGroup"),
    ("/datacollections/datacollection", COLLECTION, "DataCollection"),
    ("/images/image", IMAGE, "Image"),
    ("/events/robot-action", ACTION, "RobotAction"),
    ("/events/energyscan", SCAN, "EnergyScan"),
    ("/events/xfe-fluorescence-spectrum", SCAN, "XFEFluorescenceSpectrum"),
]


async def rows(app: TestApp, table: str) -> int:
    """How many there are."""
    return int((await app.database.sql(f"SELECT COUNT(*) FROM {table}"))[0][0])


@pytest.mark.four_databases
async def test_what_is_sent_again_is_stored_once(app: TestApp, ada: Caller) -> None:
    for path, body, table in SENT:
        before = await rows(app, table)
        answers = await asyncio.gather(*(ada.ask("POST", path, body) for _ in range(3)))
        answers.append(await ada.ask("POST", path, body))
        said = sorted(one.status_code for one in answers)
        assert (path, said, await rows(app, table)) == (path, [200, 200, 200, 201], before + 1)
        assert len({str(one.json()) for one in answers if isinstance(one.json(), str)}) <= 1
    for _ in range(2):
        await ada.patch("/events/energyscan/associate-bl-sample", {"energyScanId": "1", "blSampleId": 1})
    assert await rows(app, "BLSample_has_EnergyScan") == 1
    action = "SELECT actionType, startTimestamp FROM RobotAction"
    assert [(kind, str(start)[:19]) for kind, start in await app.database.sql(action)] == [("LOAD", BEGUN)]


async def test_a_data_collection_without_a_group_makes_one_and_its_end_is_kept(
    app: TestApp, ada: Caller
) -> None:
    made = await ada.post("/datacollections/datacollection", {**COLLECTION, "blSampleId": 1})
    assert made == {"dataCollectionId": 3, "dataCollectionGroupId": 3, "warnings": []}
    running = await ada.get("/datacollections/3")
    assert (running["startTime"], running["endTime"]) == ("2026-03-10T11:00:00", "2026-03-10T11:00:00")
    group = {"group_id": {"dataCollectionGroupId": 3}}
    ended = {**COLLECTION, **group, "collection_id": "3", "status": "Stopped", "blSampleId": None}
    assert await ada.post("/datacollections/group", ended, 200) == {
        "dataCollectionGroupId": 3,
        "experimentType": "OSC",
        "blSampleId": 1,
        "sessionId": 1,
        "workflowId": None,
        "warnings": [],
    }
    await ada.post("/datacollections/datacollection", ended, 200)
    stopped = await ada.get("/datacollections/3")
    assert (stopped["runStatus"], stopped["endTime"]) == ("Stopped", "2026-03-10T12:00:00")
    assert (await ada.get("/events?session=mx1234-1&status=failed"))["results"][0]["id"] == 3


async def test_what_comes_late_undoes_nothing(app: TestApp, ada: Caller) -> None:
    """A request whose answer never came may be served after those that followed it."""
    began = {**COLLECTION, "resolution": 1.5}
    running = {**began, "collection_id": 3, "resolution": 1.8}
    path = "/datacollections/datacollection"
    await ada.post(path, began)
    await ada.post(path, {**running, "status": "Data collection successful"}, 200)
    late = {**began, "comments": "of the first request"}
    assert await ada.post(path, late, 200) == {
        "dataCollectionId": 3,
        "dataCollectionGroupId": 3,
        "warnings": [],
    }
    again = await ada.post(path, running, 200)
    assert again["warnings"] == [{"field": "runStatus", "problem": "it has ended"}]
    shown = await ada.get("/datacollections/3")
    names = ("runStatus", "resolution", "comments")
    assert [shown[name] for name in names] == ["Data collection successful", 1.8, "of the first request"]


@pytest.mark.on("sqlite-union", "mariadb-diamond")
async def test_the_type_of_experiments_is_looked_up_where_there_is_a_table(app: TestApp, ada: Caller) -> None:
    for key, name in ((7, "osc"), (8, "Raster")):
        await app.database.add(ExperimentType, experimentTypeId=key, name=name)
    await ada.post("/datacollections/group", GROUP)
    await ada.post("/datacollections/group", {"sessionId": 1, "experimentType": "Raster"})
    await ada.post("/datacollections/group", {"sessionId": 1, "experimentType": "Mesh"})
    rows = "SELECT experimentType, experimentTypeId FROM DataCollectionGroup WHERE dataCollectionGroupId > 2"
    assert [tuple(one) for one in await app.database.sql(rows)] == [("OSC", 7), (None, 8), ("Mesh", None)]


async def machine(app: TestApp, **said: Any) -> Caller:
    """With a token that records on ID30, but for what is said."""
    name = f"m{len(str(said))}"
    boss = Caller(app, await app.as_user(f"boss of {name}", "manage_tokens"))
    body = {"name": name, "scopes": ["read", "record"], "beamLines": ["ID30"], **said}
    return Caller(app, {"Authorization": f"Bearer {(await boss.post('/tokens', body))['token']}"})


async def test_who_records(app: TestApp, ada: Caller) -> None:
    callers = {
        "member": ada,
        "of another proposal": Caller(app, await app.as_user("bob")),
        "staff": Caller(app, await app.as_user("carl", "mx_staff")),
        "recording staff": Caller(app, await app.as_user("dora", "mx_staff", "record")),
        "who sees all": Caller(app, await app.as_user("eve", "all_proposals")),
        "who records all": Caller(app, await app.as_user("fay", "all_proposals", "record")),
        "machine": await machine(app),
        "machine elsewhere": await machine(app, beamLines=["BM14"]),
        "machine that reads": await machine(app, scopes=["read"]),
    }
    always = {
        "of another proposal": 404,
        "staff": 403,
        "recording staff": 200,
        "who sees all": 403,
        "who records all": 200,
        "machine": 200,
        "machine elsewhere": 404,
        "machine that reads": 403,
    }
    body = {"sessionId": 1, "group_id": 1}
    for now, member in ((NOW, 200), (NOW + timedelta(hours=28), 200), (NOW + timedelta(hours=30), 403)):
        app.set_time(now)
        said = {name: await one.ask("POST", "/datacollections/group", body) for name, one in callers.items()}
        assert {name: one.status_code for name, one in said.items()} == {**always, "member": member}
    assert said["member"].json()["detail"].startswith("Members record in a session from 24 hours before")


async def test_who_makes_sessions(app: TestApp, ada: Caller) -> None:
    bob = Caller(app, await app.as_user("bob"))
    staff = Caller(app, await app.as_user("carl", "mx_staff"))
    made = await ada.post("/sessions", SESSION)
    wanted = {"sessionId": 3, "session": "mx1234-2", "beamLineName": "BM14", "nbShifts": 7, "title": ""}
    assert {name: made[name] for name in wanted} == wanted
    assert (made["startDate"], made["endDate"]) == ("2026-03-10T00:00:00", "2026-03-12T07:59:59")
    assert (await bob.ask("POST", "/sessions", SESSION)).status_code == 404
    assert (await staff.ask("POST", "/sessions", {**SESSION, "beamLineName": "ID30"})).status_code == 403
    for wrong in ({"beamLineName": "ID99"}, {"endDate": "2026-03-20 00:00:00"}, {"startDate": "today"}):
        assert (await ada.ask("POST", "/sessions", {**SESSION, **wrong})).status_code == 422


async def test_what_belongs_to_others_is_neither_changed_nor_named(app: TestApp, ada: Caller) -> None:
    await app.database.add(m.Image, imageId=7, dataCollectionId=OTHERS)
    scan, sample = "/events/energyscan/associate-bl-sample", "blSampleId"
    refused = {
        ("POST", "/datacollections/group", 404): {"group_id": 2},
        ("POST", "/datacollections/group", 422): {"group_id": 1, "sessionId": 2},
        ("POST", "/datacollections/datacollection", 404): {"sessionId": 1, "group_id": 2},
        ("POST", "/datacollections/group?of=a session", 404): {**GROUP, "sessionId": 2},
        ("POST", "/datacollections/group?of=a collection", 404): {"sessionId": 1, "collection_id": 2},
        ("POST", "/datacollections/datacollection?of=a session", 404): {**COLLECTION, "sessionId": 2},
        ("POST", "/datacollections/datacollection?of=itself", 404): {**COLLECTION, "collection_id": 2},
        ("POST", "/datacollections/datacollection?of=both", 404): {
            "group_id": {"dataCollectionGroupId": "2"}
        },
        ("POST", "/images/image?of=another collection", 404): {**IMAGE, "imageId": 7},
        ("POST", "/sessions", 404): {**SESSION, "proposalId": 2},
        ("POST", "/datacollections/datacollection", 422): {"sessionId": "lazy1"},
        ("POST", "/images/image", 404): {"dataCollectionId": 2},
        ("POST", "/events/robot-action", 404): {**ACTION, "sessionId": 2},
        ("POST", "/events/energyscan", 404): {**SCAN, "sessionId": 2},
        ("POST", "/events/xfe-fluorescence-spectrum", 404): {**SCAN, "sessionId": 2},
        ("PATCH", scan, 404): {"energyScanId": 2, sample: 1},
        ("PATCH", "/samples/2", 404): {"lastKnownCentringPosition": "{}"},
        ("PATCH", "/samples/1", 422): {sample: 2},
        ("PATCH", "/sessions/2/associate-beamline-setup?beamLineSetupId=1", 404): None,
        ("POST", "/beamline-setups/beamline-setup", 404): {"sessionId": 2},
        ("POST", "/events/robot-action", 422): {**ACTION, "actionType": "THROW"},
    }
    for (method, path, status), body in refused.items():
        answer = await ada.ask(method, path, body)
        assert (path, answer.status_code) == (path, status), answer.text
    assert (await ada.ask("PATCH", scan, {"energyScanId": 1, sample: 2})).status_code == 404
    moved = {"collection_id": 1, "group_id": 2, "sessionId": 1}
    assert (await ada.ask("POST", "/datacollections/datacollection", moved)).status_code == 422
    foreign = {**COLLECTION, sample: 2, "detectorId": 99, "screening_sub_wedge_id": 5}
    stored = await ada.post("/datacollections/datacollection", foreign)
    assert {one["field"] for one in stored["warnings"]} == {sample, "detectorId", "strategySubWedgeOrigId"}
    shown = await ada.get(f"/datacollections/{stored['dataCollectionId']}")
    assert (shown[sample], shown["detectorId"]) == (None, None)


BODIES: dict[type[Any], tuple[str, dict[str, Any]]] = {
    m.DataCollectionGroup: ("/datacollections/group", GROUP),
    m.DataCollection: ("/datacollections/datacollection", COLLECTION),
    m.Image: ("/images/image", IMAGE),
    m.RobotAction: ("/events/robot-action", ACTION),
    m.EnergyScan: ("/events/energyscan", SCAN),
    m.XFEFluorescenceSpectrum: ("/events/xfe-fluorescence-spectrum", SCAN),
}


async def test_no_key_of_others_is_stored(app: TestApp, ada: Caller) -> None:
    """Whatever column it is sent for: 2 is the key of rows of another proposal, and of a detector."""
    await app.database.add(m.Workflow, workflowId=OTHERS)
    await app.database.sql("UPDATE DataCollectionGroup SET workflowId = 2 WHERE dataCollectionGroupId = 2")
    nested = {"sample_reference": {"blSampleId": 2}, "workflow_id": 2, "screening_sub_wedge_id": 2}
    for model, (path, body) in BODIES.items():
        key = inspect(model).primary_key[0].name
        refused = {key, "dataCollectionGroupId"}  # as is seen above
        columns = {one.key: one.columns[0].name for one in inspect(model).column_attrs}
        keys = {name: column for name, column in columns.items() if name.lower().endswith("id")}
        wrong = dict.fromkeys([*(name for name in keys if name not in refused), "blSampleId"], OTHERS)
        await ada.post(path, {**wrong, **nested, **body})
        newest = f"SELECT {', '.join(keys.values())} FROM {model.__tablename__} ORDER BY {key} DESC LIMIT 1"
        (row,) = await app.database.sql(newest)
        stored = {name for name, value in zip(keys, row, strict=True) if value == OTHERS}
        assert (model, stored - refused) in [(model, set()), (m.DataCollection, {"detectorId"})]


async def test_paths_lead_to_no_other_proposal(app: TestApp, ada: Caller) -> None:
    wrong = ["/data/visitor/mx99/a.png", "/data/visitor/mx1234/../mx99/a.png", "mx1234/a.png", "/etc/passwd"]
    shots = {f"xtalSnapshotFullPath{number}": path for number, path in enumerate(wrong, 1)}
    files = {**COLLECTION["fileinfo"], "template": "../../mx99/%04d.h5"}
    stored = await ada.post("/datacollections/datacollection", {**COLLECTION, **shots, "fileinfo": files})
    assert {one["field"] for one in stored["warnings"]} == {*shots, "fileTemplate"}
    shown = await ada.get(f"/datacollections/{stored['dataCollectionId']}")
    assert [shown[name] for name in (*shots, "fileTemplate", "imageDirectory")] == [*[None] * 5, FOLDER]


async def test_values_that_no_column_holds_are_said(app: TestApp, ada: Caller) -> None:
    odd = {
        "resolution": "high",
        "transmission": "None",
        "flux": "NaN",
        "xBeam": 1e300,
        "slitGapVertical": 10**400,
        "chiStart": 10**400,
        "comments": "c" * 2000,
        "synchrotronMode": "x" * 21,
        "collection_start_time": "yesterday",
        "oscillation_sequence": [{"start": 0.5, "range": 10**300, "number_of_images": 10**300}],
        "blSampleId": -1,
        **{f"unknown{number}": {"deep": [number]} for number in range(80)},
    }
    stored = await ada.post("/datacollections/datacollection", {**COLLECTION, **odd})
    said = {one["field"]: one["problem"] for one in stored["warnings"]}
    numbers = {"resolution", "xBeam", "slitGapVertical", "chiStart", "axisRange", "numberOfImages"}
    assert {*said} == {*numbers, "comments", "synchrotronMode", "startTime"}
    assert said["resolution"] == "not a number"
    shown = await ada.get(f"/datacollections/{stored['dataCollectionId']}")
    assert (shown["synchrotronMode"], shown["transmission"]) == ("x" * 20, None)
    assert set(shown["comments"]) == {"c"}
    for body in ([], 5, "text"):
        assert (await ada.ask("POST", "/datacollections/datacollection", body)).status_code == 422
    with capture_logs() as lines:
        await ada.post("/events/robot-action", {**ACTION, "containerLocation": "first", "status": ""})
    (line,) = [one for one in lines if one["event"] == "not stored as it came"]
    assert line["fields"] == {"containerLocation": "not a number"}


async def test_numbers_that_are_none_are_taken_for_null(app: TestApp, ada: Caller) -> None:
    path = "/datacollections/datacollection"
    for number, token in enumerate(("NaN", "Infinity", "-Infinity"), 1):
        sent = {**COLLECTION, "collection_start_time": f"2026-03-10 11:00:0{number}", "resolution": 0.5}
        body = json.dumps({**sent, "note": "NaN", "flux": 0}).replace("0.5", token)
        stored = await ada.send("POST", path, body.encode())
        assert (stored.status_code, stored.json()["warnings"]) == (201, []), stored.text
        shown = await ada.get(f"/datacollections/{stored.json()['dataCollectionId']}")
        assert (shown["resolution"], shown["flux"]) == (None, 0)
    for path, body, _ in SENT:
        sent = json.dumps({**body, "comments": 0.5, "temperature": 0.5}).replace("0.5", "NaN").encode()
        answer = await ada.send("POST", path, sent)
        assert (path, answer.status_code) in {(path, 200), (path, 201)}, answer.text
    assert (await ada.send("PATCH", "/samples/1", b'{"comments": NaN}')).status_code == 200
    needed = b'{"sessionId": NaN, "blSampleId": Infinity}'
    for path in ("/events/robot-action", "/events/energyscan", "/sessions", "/images/image"):
        assert (await ada.send("POST", path, needed)).status_code == 422
    for wrong in (b'{"a": nan}', b'{"a": NaN', b'{"a": NaN, "b": "\\ud800"}', b'{"a": NaN, "b": 1e400}'):
        assert (await ada.send("POST", "/datacollections/datacollection", wrong)).status_code == 422
    assert (await ada.send("POST", "/samples", needed)).status_code == 422


@pytest.mark.on("mariadb-community")
async def test_who_waits_for_a_row_is_told_in_time(
    app: TestApp, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("starbeam_mxcube.routes.SECONDS", 3.2)
    async with app.database.engine.begin() as other:
        await other.execute(text("SELECT sessionId FROM BLSession WHERE sessionId = 1 FOR UPDATE"))
        begun = time.monotonic()
        answer = await ada.ask("POST", "/datacollections/group", GROUP)
        took = time.monotonic() - begun
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json()["detail"].endswith("Please try again.")
    assert took < 3.5
    await ada.post("/datacollections/group", GROUP)


async def test_lists_are_whole_and_have_what_the_client_reads(app: TestApp, ada: Caller) -> None:
    await app.database.sql("UPDATE Proposal SET proposalNumber = '12345' WHERE proposalId = 2")
    boss = Caller(app, await app.as_user("boss", "all_proposals"))
    names = [one["proposal"] for one in (await boss.get("/proposals?search=mx1234"))["results"]]
    assert names == ["mx1234", "mx12345"]
    assert [one["proposal"] for one in (await boss.get("/proposals"))["results"]] == ["mx12345", "mx1234"]
    proposal = (await ada.get("/proposals"))["results"][0]
    assert (proposal["title"], proposal["state"]) == ("", "Open")
    assert (await ada.get("/sessions"))["limit"] == 1000
    assert (await ada.get("/sessions?limit=1"))["limit"] == 1
    (sample,) = (await ada.get("/samples?proposal=MX1234&beamLineName=ID30"))["results"]
    assert (sample["code"], sample["DiffractionPlan"]) == ("HA1", {"diffractionPlanId": None})
    assert sample["Crystal"]["space_group"] == "P43212"


async def test_what_is_cut_is_said(make_app: MakeApp) -> None:
    app = await make_app(*PLUGINS, **{"plugin.mxcube.unpaged_limit": 1})
    app.set_time(NOW)
    await facility(app, NOW)
    boss = Caller(app, await app.as_user("boss", "all_proposals"))
    whole, paged = await boss.ask("GET", "/proposals"), await boss.ask("GET", "/proposals?limit=1")
    assert whole.headers["Starbeam-Cut"] == "1 of 2"
    assert "Starbeam-Cut" not in paged.headers
    assert len(paged.json()["results"]) == len(whole.json()["results"]) == 1


async def test_without_the_plugin_all_is_as_before(make_app: MakeApp) -> None:
    app = await make_app(*(name for name in PLUGINS if name not in ("mxcube", "acquisition")))
    app.set_time(NOW)
    await facility(app, NOW)
    ada = Caller(app, await app.as_user("ada"))
    proposals = await ada.get("/proposals")
    assert (proposals["limit"], proposals["results"][0]["title"]) == (25, None)
    assert not {"title", "nbShifts"} & {*(await ada.get("/sessions"))["results"][0]}
    sample = (await ada.get("/samples"))["results"][0]
    assert not {"code", "DiffractionPlan"} & {*sample}
    assert "space_group" not in sample["Crystal"]
    recording = await machine(app)
    assert (await recording.ask("PATCH", "/samples/1", {"name": "other"})).status_code == 403


async def test_a_machine_that_records_changes_nothing_else_of_samples(app: TestApp) -> None:
    recording = await machine(app)
    sent = {"name": "other", "code": "HA9", "lastKnownCentringPosition": {"phi": 1}}
    shown = await recording.patch("/samples/1", sent)
    assert (shown["name"], shown["code"]) == ("s1", "HA9")
    kept = "SELECT lastKnownCenteringPosition FROM BLSample WHERE blSampleId = 1"
    assert (await app.database.sql(kept))[0][0] == '{"phi": 1}'
