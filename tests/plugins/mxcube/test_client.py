"""MXCuBE's own client (mxcubecore 2.149.0) with a running server: all that it does in a session."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from plugins.mxcube.conftest import PLUGINS, Caller, facility
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.commands import PATIENCE
from support.oidc import Realm
from support.schemas import Kind
from support.served import serving
from support.workspace import ROOT

pytestmark = pytest.mark.anyio

PYTHON = ROOT / ".venv" / "mxcube" / "bin" / "python"
PROGRAM = ROOT / "tests" / "support" / "beamline_day.py"
API = "/ispyb/api/v1"
MINUTE = timedelta(minutes=1)
SINCE = timedelta(minutes=30)
"""How long ago what the client does began."""
BEFORE = {("dc", 1), ("es", 1)}
"""Events that were there before."""
FOLDER = "/data/visitor/mx1234/ID30/RAW_DATA/s1"


@pytest.fixture
def realm() -> Iterator[Realm]:
    realm = Realm()
    yield realm
    realm.close()


async def run(root: str, beamline: str, steps: list[Any]) -> Any:
    """What the client gets from these steps."""
    if not PYTHON.exists():
        raise RuntimeError("the client is not installed: run tests/support/install_mxcube.sh")
    program = await asyncio.create_subprocess_exec(
        *(PYTHON, PROGRAM), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    asked = json.dumps({"root": root, "beamline": beamline, "steps": steps})
    async with asyncio.timeout(PATIENCE):
        said, _ = await program.communicate(asked.encode())
    assert program.returncode == 0
    return json.loads(said)


def day(token: str, began: datetime) -> list[Any]:
    """What is done in a session, and looked at."""
    loading, loaded, begun, scanned, shone = (
        f"{began + timedelta(minutes=minutes):%Y-%m-%d %H:%M:%S}" for minutes in (-10, -5, 0, 6, 9)
    )
    collection = {
        "sessionId": "1",
        "status": "Running",
        "collection_start_time": begun,
        "experiment_type": "OSC",
        "sample_reference": {"blSampleId": 1, "spacegroup": "", "cell": "0,0,0,0,0,0"},
        "blSampleId": 1,
        "fileinfo": {
            "directory": FOLDER,
            "prefix": "s1_w1",
            "run_number": 1,
            "template": "s1_w1_1_%04d.h5",
            "suffix": "h5",
        },
        "oscillation_sequence": [
            {
                "start": 10.0,
                "range": 0.1,
                "offset": None,
                "number_of_images": 3600,
                "start_image_number": 1,
                "exposure_time": 0.02,
                "number_of_passes": 1,
            }
        ],
        "resolution": {"lower": 1.8, "upper": 50},
        "transmission": "35.0",
        "energy": 12.3984,
        "detectorId": 2,
        "xtalSnapshotFullPath1": "/data/visitor/mx99/secret.png",
        "motors": {"phi": 0.0},
        "in_queue": True,
    }
    group = {"sessionId": 1, "experimentType": "OSC", "actualSampleSlotInContainer": 3}
    ended = {"status": "Data collection successful", "group_id": {"$": "group"}}
    image = {"dataCollectionId": 2, "imageNumber": 1, "fileName": "s1_0001.cbf", "fileLocation": FOLDER}
    scan = {"sessionId": 1, "blSampleId": 1, "element": "Se", "edgeEnergy": "12.658"}
    scan |= {"startTime": begun, "endTime": scanned}
    spectrum = {"sessionId": 1, "blSampleId": 1, "energy": 15.0, "filename": "xrf.dat"}
    spectrum |= {"startTime": scanned, "endTime": shone}
    action = {
        "actionType": "LOAD",
        "sampleId": 1,
        "sessionId": "1",
        "containerLocation": "4",
        "status": "SUCCESS",
        "message": "",
        "startTime": loading,
        "endTime": loaded,
    }
    setup = {
        "synchrotron_name": "SYN",
        "undulators": [{"type": "U20"}],
        "polarisation": 0.99,
        "detector_manufacturer": "DECTRIS",
        "detector_model": "EIGER2 X 9M",
        "detector_binning_mode": "full",
        "detector_type": "pixel",
    }
    return [
        ["log in", "@log_in", ["ada", token]],
        ["user", "get_current_user_data", []],
        ["proposals", "get_proposals", []],
        ["proposal", "find_proposal", ["MX", "1234"]],
        ["today", "find_sessions_by_proposal_and_beamline_for_today", ["mx", "1234", "ID30"]],
        ["sessions", "get_sessions_by_username", ["ada"]],
        ["sessions again", "get_sessions_by_username", ["ada"]],
        ["by number", "get_sessions_by_code_and_number", ["mx", "1234", "ID30"]],
        ["made again", "create_session", [{"$": "proposal"}]],
        ["session", "get_session", [1]],
        ["detector", "find_detector", ["dectris", "EIGER2 X 9M", "full", "other"]],
        ["no detector", "find_detector", ["", None, "None", ""]],
        ["samples", "get_samples", [1]],
        ["setup", "store_beamline_setup", [1, setup]],
        [
            "setup of session",
            "update_session",
            [{"sessionId": 1, "BeamLineSetup": {"beamLineSetupId": {"$": "setup"}}}],
        ],
        ["group", "_store_data_collection_group", [group]],
        ["collection", "store_data_collection", [{**collection, "group_id": {"$": "group"}}, setup]],
        [
            "updated",
            "update_data_collection",
            [{**collection, "collection_id": 3, "group_id": {"$": "group"}}],
        ],
        ["ended", "finalize_data_collection", [{**collection, "collection_id": 3, **ended}]],
        ["looked at", "get_data_collection", [3]],
        ["image", "store_image", [{**image, "dataCollectionId": 3}]],
        ["action", "store_robot_action", [action]],
        ["scan", "store_energy_scan", [scan]],
        [
            "of scan",
            "associate_bl_sample_and_energy_scan",
            [{"energyScanId": {"$": "scan"}, "blSampleId": 1}],
        ],
        ["spectrum", "store_xfe_spectrum", [spectrum]],
        ["sample", "update_bl_sample", [{"blSampleId": 1, "lastKnownCentringPosition": '{"phi": 12.1}'}]],
        ["refreshed", "@soon_over", []],
        ["then", "get_current_user_data", []],
        ["refused", "@expire", []],
        ["again", "get_current_user_data", []],
    ]


async def lived(app: TestApp, realm: Realm, now: datetime, prefix: str = "") -> Any:
    """What the client gets in a session of a facility that was just made, below this path of the API."""
    app.set_time(now)
    await facility(app, now)
    await app.refresh()
    token = realm.token(preferred_username="ada")
    async with serving(app) as root:
        found = await run(f"{root}{prefix}", "ID30", day(token, now - SINCE))
    assert [one for one in found["got"].values() if isinstance(one, dict) and "raised" in one] == []
    assert [one for one in found["answers"] if one[2] not in (200, 201)] == [
        ["GET", f"{API}/{prefix}detectors?manufacturer=&model=None&mode=None&type=", 404],
        ["GET", f"{API}/{prefix}user/current", 401],  # no good token: it renews, and asks again
    ]
    assert [path for _, path, _ in found["answers"]].count(f"{API}/{prefix}auth/refresh") == 2
    return found


@pytest.mark.four_databases
async def test_the_client_does_all_that_it_can_in_a_session(
    make_app: MakeApp, realm: Realm, kind: Kind
) -> None:
    app = await make_app(*PLUGINS, "auth_keycloak", **realm.settings(), **{"plugin.events.total_age": 0})
    now = app.starbeam.clock.now().replace(microsecond=0)
    got = (await lived(app, realm, now))["got"]
    _check_reads(got, now)
    _check_writes(got, now - SINCE, f"{FOLDER}/" if kind.flavour == "diamond" else FOLDER)
    await _check_shown(app, now - SINCE)
    await _check_statistics(app, now)


async def test_the_client_finds_all_below_a_prefix(make_app: MakeApp, realm: Realm) -> None:
    settings = {**realm.settings(), "plugin.mxcube.prefix": "/beam/line"}
    app = await make_app(*PLUGINS, "auth_keycloak", **settings)
    now = app.starbeam.clock.now().replace(microsecond=0)
    found = await lived(app, realm, now, "beam/line/")
    assert [path for _, path, _ in found["answers"] if not path.startswith(f"{API}/beam/line/")] == []
    _check_reads(found["got"], now)
    _check_writes(found["got"], now - SINCE)
    ada = Caller(app, await app.as_user("ada"))
    for path in ("/images/image", "/datacollections/group", "/beamline-setups/beamline-setup"):
        assert (await ada.ask("POST", path, {})).status_code in (404, 405)  # nothing of it is elsewhere
    assert (await ada.ask("POST", "/beam/line/images/image", {})).status_code == 422
    assert (await ada.ask("GET", "/beam/line/events")).status_code == 404  # which MXCuBE does not ask
    await ada.get("/sessions/1")


async def test_a_prefix_opens_nothing_more(make_app: MakeApp) -> None:
    app = await make_app(*PLUGINS, **{"plugin.mxcube.prefix": "/beam"})
    await facility(app, app.starbeam.clock.now())
    bob, nobody = Caller(app, await app.as_user("bob")), Caller(app, {})
    for path in ("/sessions/1", "/datacollections/1", "/samples?blSampleId=1"):
        own, below = await bob.ask("GET", path), await bob.ask("GET", f"/beam{path}")
        assert (below.status_code, below.content) == (own.status_code, own.content)
    for path in ("/sessions", "/user/current", "/proposals"):
        assert (await nobody.ask("GET", f"/beam{path}")).status_code == 401
    assert (await bob.ask("PATCH", "/beam/samples/1", {"lastKnownCentringPosition": "{}"})).status_code == 404


def _check_reads(got: Any, now: datetime) -> None:
    """What the client makes of what there was."""
    assert got["user"]["familyName"] == "Ada"
    proposal = {"proposal_id": "1", "code": "MX", "number": "1234", "title": "", "person_id": "", "type": ""}
    assert got["proposals"] == [proposal]
    assert got["proposal"] == proposal
    for name in ("sessions", "sessions again", "by number"):
        assert [one["session_id"] for one in got[name]["sessions"]] == ["1"]
    (today,) = got["today"]
    times = {"start_datetime": now - timedelta(hours=3), "end_datetime": now + timedelta(hours=5)}
    known = {
        "session_id": "1",
        "beamline_name": "ID30",
        "title": "",
        "proposal_name": "mx1234",
        "nb_shifts": "None",
    }
    assert {name: today[name] for name in times} == {name: time.isoformat() for name, time in times.items()}
    assert {name: today[name] or "" for name in known} == known
    assert got["made again"]["session_id"] == "1"
    assert got["session"]["session"] == "mx1234-1"
    assert got["detector"]["detectorId"] == 2
    assert got["no detector"] is None
    (sample,) = got["samples"]
    cell = dict.fromkeys(("cellB", "cellC", "cellAlpha", "cellBeta", "cellGamma"))
    assert sample == {
        "sampleId": 1,
        "code": "HA1",
        "sampleName": "s1",
        "sampleLocation": 3,
        "containerSampleChangerLocation": "4",
        "containerCode": "C1",
        "proteinAcronym": "LYS",
        "crystalId": 1,
        "crystalSpaceGroup": "P43212",
        "cellA": 78.5,
        "diffractionPlan": None,
        **cell,
    }


def _check_writes(got: Any, begun: datetime, folder: str = FOLDER) -> None:
    """What the client is told of what it wrote."""
    assert got["setup"] == "1"
    assert got["setup of session"] == {"sessionId": 1, "beamLineSetupId": 1}
    stored = {"experimentType": "OSC", "blSampleId": None, "sessionId": 1, "workflowId": None, "warnings": []}
    assert got["group"] == {"dataCollectionGroupId": 3, **stored}
    assert got["collection"] == [3, 2]  # and its detector
    looked = got["looked at"]
    wanted = {
        "dataCollectionGroupId": 3,
        "sessionId": 1,
        "blSampleId": 1,
        "detectorId": 2,
        "startTime": f"{begun}",
        "runStatus": "Data collection successful",
        "imageDirectory": folder,
        "imagePrefix": "s1_w1",
        "imageSuffix": "h5",
        "fileTemplate": "s1_w1_1_%04d.h5",
        "dataCollectionNumber": 1,
        "axisStart": 10.0,
        "axisEnd": 370.0,  # 10 + 0.1 * 3600
        "axisRange": 0.1,
        "numberOfImages": 3600,
        "exposureTime": 0.02,
        "wavelength": 1.0,  # of 12.3984 keV
        "resolution": 1.8,
        "transmission": 35.0,
        "rotationAxis": "Phi",
        "kappaStart": -9999.0,
        "xtalSnapshotFullPath1": None,  # it was another proposal's
    }
    assert {name: looked[name] for name in wanted} == wanted
    assert (got["image"], got["action"], got["scan"]) == (1, "1", {"energyScanId": "3"})
    assert got["of scan"] == {"blSampleHasEnergyScanId": 1, "energyScanId": 3, "blSampleId": 1}
    assert got["spectrum"] == {"xfeFluorescenceSpectrumId": "1"}
    assert got["sample"]["blSampleId"] == 1


async def _check_shown(app: TestApp, begun: datetime) -> None:
    """What others see then."""
    ada = Caller(app, await app.as_user("ada"))
    events = (await ada.get("/events?session=mx1234-1"))["results"]
    new = {one["type"]: one["startTime"] for one in events if (one["type"], one["id"]) not in BEFORE}
    times = {"dc": begun, "robot": begun - MINUTE * 10, "xrf": begun + MINUTE * 6, "es": begun}
    assert new == {kind: time.isoformat() for kind, time in times.items()}
    (collected,) = [one for one in events if one["type"] == "dc" and one["id"] == 3]
    assert (collected["count"], collected["blSample"]) == (1, "s1")
    assert collected["Item"]["DataCollectionGroup"]["experimentType"] == "OSC"
    assert collected["Item"]["runStatus"] == "Data collection successful"
    good = (await ada.get("/events?session=mx1234-1&status=success"))["results"]
    assert sorted(one["type"] for one in good) == ["dc", "robot"]
    (action,) = (await ada.get("/events?session=mx1234-1&eventType=robot"))["results"]
    assert (action["Item"]["actionType"], action["Item"]["status"]) == ("LOAD", "SUCCESS")
    sample = await ada.get("/samples/1")
    assert sample["_metadata"]["datacollections"] == 1
    assert (await ada.get("/sessions?proposal=mx1234"))["results"][0]["_metadata"]["datacollections"] == 2
    placed = await app.database.sql("SELECT lastKnownCenteringPosition FROM BLSample WHERE blSampleId = 1")
    assert placed[0][0] == '{"phi": 12.1}'
    rows = "SELECT synchrotronName, undulatorType1, polarisation FROM BeamLineSetup"
    assert [(name, kind, round(float(part), 4)) for name, kind, part in await app.database.sql(rows)] == [
        ("SYN", "U20", 0.99)
    ]
    linked = await app.database.sql("SELECT blSampleId, energyScanId FROM BLSample_has_EnergyScan")
    assert [tuple(one) for one in linked] == [(1, 3)]
    of_session = await app.database.sql("SELECT beamLineSetupId FROM BLSession ORDER BY sessionId")
    assert [key for (key,) in of_session] == [1, None]


async def _check_statistics(app: TestApp, now: datetime) -> None:
    """What is reckoned from it. The session began three hours ago and lasts eight: the robot moved from 40 to
    35 minutes ago; data were collected, with 12398.42 eV, from 30 minutes ago to now, a scan was made in the
    first six of them, and a spectrum in the next three."""
    ada = Caller(app, await app.as_user("ada"))
    (spent,) = (await ada.get("/stats/times?session=mx1234-1"))["sessions"]
    overlapping = {"edge": 6, "xrf": 3}
    minutes = {"startup": 150, "datacollection": 30, "robot": 5, "centring": 5, "remaining": 300}
    wanted = {**minutes, **overlapping, "duration": 480, "strategy": 0, "fault": 0, "thinking": 0}
    assert {name: round(spent[name] * 60, 6) for name in wanted} == wanted
    found = await ada.get("/stats/breakdown?session=mx1234-1")
    assert found["overview"]["counts"] == {
        "datacollections": 1,  # the one that was there has no times
        "failed": 0,
        "datacollectionTypes": {"OSC": 1},
        "robot": 1,
        "edge": 2,
        "xrf": 1,
    }
    spans = {"dc": (-30, 0), "robot": (-40, -35), "edge": (-30, -24), "xrf": (-24, -21)}
    spans["centring"] = (-35, -30)
    shown = {one["eventType"]: (one["startTime"], one["endTime"]) for one in found["history"]}
    assert shown == {
        kind: tuple((now + MINUTE * minute).isoformat() for minute in span) for kind, span in spans.items()
    }
    energy = next(one["data"] for one in found["plottables"]["series"] if one["title"] == "energy")
    assert energy == [12398]
    (errors,) = (await ada.get("/stats/errors?session=mx1234-1"))["totals"]
    counted = {name: errors[name] for name in ("experimentType", "total", "failed", "aborted")}
    assert counted == {"experimentType": "OSC", "total": 2, "failed": 0, "aborted": 0}
    hourly = await ada.get("/stats/hourlies?session=mx1234-1")
    assert hourly["datacollections"]["average"][(now - MINUTE * 30).hour] == 1
    assert hourly["loaded"]["average"][(now - MINUTE * 40).hour] == 1
    (line,) = (await ada.get("/stats/parameters/histogram?session=mx1234-1"))["beamLines"]
    assert line["beamLineName"] == "ID30"
    used = [low for low, count in zip(line["bin"], line["frequency"], strict=True) for _ in range(count)]
    assert used == [12200]
