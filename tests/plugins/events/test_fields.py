"""`/events`: what an event says, by its type."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from starbeam_ispyb import models as m

if TYPE_CHECKING:
    from plugins.events.conftest import Beamline, MakeBeamline
    from support.schemas import Kind

pytestmark = pytest.mark.anyio

NOTHING = {"1": False, "2": False, "3": False, "4": False, "analysis": False}

COLUMNS: dict[str, Any] = {
    "runStatus": "DataCollection Successful",
    "imageDirectory": "/data/raw",
    "fileTemplate": "a_####.h5",
    "imageContainerSubPath": "1.1/measurement",
    "numberOfImages": 3600,
    "numberOfPasses": 2,
    "wavelength": 0.5,
    "exposureTime": 0.25,
    "flux": 1e12,
    "xBeam": 1030.5,
    "yBeam": 1100.5,
    "beamSizeAtSampleX": 0.125,
    "beamSizeAtSampleY": 0.0625,
    "transmission": 50.5,
    "axisStart": 10.5,
    "axisEnd": 370.5,
    "axisRange": 0.5,
    "rotationAxis": "Omega",
    "overlap": 0.25,
    "chiStart": 1.5,
    "kappaStart": 2.5,
    "omegaStart": 3.5,
    "phiStart": 4.5,
    "detectorDistance": 250.5,
    "resolution": 1.75,
    "binning": 2,
    "particleDiameter": 150.5,
    "amountAstigmatism": 0.75,
    "defocusStepSize": 1.25,
    "objAperture": 100.5,
    "voltage": 300.0,
}
"""Columns that an answer shows as they are."""


@pytest.mark.four_databases
async def test_a_group_of_data_collections(beamline: Beamline, kind: Kind) -> None:
    diamond = kind.flavour == "diamond"
    workflow = {"comments": "Nice", "status": "Success", "workflowTitle": "Grid", "workflowType": "MXPressA"}
    await beamline.db.add(m.Workflow, workflowId=5, **workflow)
    await beamline.sample(7, name="crystal")
    await beamline.group(3, blSampleId=7, experimentType="OSC", workflowId=5)
    await beamline.collection(30, 3, start=0, end=2.5)
    await beamline.collection(31, 3, 10, 11, magnification=105000, xBeamPix=5.5, yBeamPix=6.5, **COLUMNS)
    for key, collection in ((1, 30), (2, 30), (3, 31)):
        file = {"dataCollectionId": collection, "fileFullPath": "/data/a.log"}
        await beamline.db.add(m.DataCollectionFileAttachment, dataCollectionFileAttachmentId=key, **file)
    assert await beamline.ask("/events") == {
        "total": 1,
        "skip": 0,
        "limit": 25,
        "results": [
            {
                "id": 31,
                "type": "dc",
                "startTime": "2026-03-10T12:00:00",
                "endTime": "2026-03-10T12:11:00",
                "duration": 3.5,
                "count": 2,
                "attachments": 3,
                "sessionId": 1,
                "session": "mx1-1",
                "proposal": "mx1",
                "blSampleId": 7,
                "blSample": "crystal",
                "Item": {
                    "dataCollectionId": 31,
                    "DataCollectionGroup": {
                        "dataCollectionGroupId": 3,
                        "experimentType": "OSC",
                        "Workflow": None if diamond else {"workflowId": 5, **workflow},
                    },
                    "GridInfo": [],
                    "_metadata": {"snapshots": NOTHING},
                    "magnification": 105000,
                    "xBeamPix": None if diamond else 5.5,
                    "yBeamPix": None if diamond else 6.5,
                    **COLUMNS,
                },
            }
        ],
    }


@pytest.mark.fix(92)
@pytest.mark.four_databases
async def test_grids_of_the_group_and_of_the_data_collection(beamline: Beamline, kind: Kind) -> None:
    await beamline.group(1)
    await beamline.collection(1, 1, 0, 1)
    await beamline.group(2)
    await beamline.collection(2, 2, 5, 6)
    numbers = {
        "dx_mm": 0.25,
        "dy_mm": 0.5,
        "steps_x": 10,
        "steps_y": 20,
        "xOffset": 1.5,
        "yOffset": 2.5,
        "meshAngle": 0.75,
        "orientation": "horizontal",
        "snapshot_offsetXPixel": 12.5,
        "snapshot_offsetYPixel": 13.5,
    }
    new = {"micronsPerPixelX": 2.25, "micronsPerPixelY": 3.25}
    old = {"pixelspermicronX": 2.25, "pixelspermicronY": 3.25}
    scale = old if kind.flavour == "community" else new
    await beamline.db.add(m.GridInfo, gridInfoId=1, dataCollectionGroupId=1, snaked=1, **numbers, **scale)
    await beamline.db.add(m.GridInfo, gridInfoId=2, dataCollectionId=1)
    await beamline.db.add(m.GridInfo, gridInfoId=3, dataCollectionGroupId=2)
    second, first = (await beamline.ask("/events"))["results"]
    assert [grid["gridInfoId"] for grid in second["Item"]["GridInfo"]] == [3]
    grids = first["Item"]["GridInfo"]
    assert [grid["gridInfoId"] for grid in grids] == ([1] if kind.flavour == "community" else [1, 2])
    assert grids[0] == {
        "gridInfoId": 1,
        "snaked": None if kind.flavour == "community" else True,
        "pixelsPerMicronX": 2.25,
        "pixelsPerMicronY": 3.25,
        **numbers,
    }


@pytest.mark.fix(88)
async def test_each_data_collection_counts_once_whatever_its_attachments(beamline: Beamline) -> None:
    await beamline.group(1)
    await beamline.collection(1, 1, 0, 1)
    await beamline.collection(2, 1, 5, 10)
    for key in range(1, 4):
        file = {"dataCollectionId": 1, "fileFullPath": "/data/a.log"}
        await beamline.db.add(m.DataCollectionFileAttachment, dataCollectionFileAttachmentId=key, **file)
    event = await beamline.event()
    assert (event["duration"], event["attachments"], event["count"]) == (6, 3, 2)


@pytest.mark.four_databases
async def test_durations_are_of_whole_seconds_and_of_what_has_both_times(beamline: Beamline) -> None:
    await beamline.group(1)
    await beamline.collection(1, 1, 0, 20 / 60)
    await beamline.collection(2, 1, 1, None)
    await beamline.group(2)
    await beamline.collection(3, 2, None, 5)
    timeless, timed = sorted((await beamline.ask("/events"))["results"], key=lambda event: -event["id"])
    assert timed["duration"] == pytest.approx(1 / 3, abs=1e-6)
    assert (timed["startTime"], timed["endTime"]) == ("2026-03-10T12:00:00", "2026-03-10T12:00:20")
    assert (timeless["duration"], timeless["startTime"]) == (None, None)
    assert timeless["endTime"] == "2026-03-10T12:05:00"


async def test_the_data_collections_of_one_group_one_by_one(beamline: Beamline) -> None:
    await beamline.group(1)
    await beamline.collection(1, 1, 0, 1)
    await beamline.collection(2, 1, 5, 10)
    await beamline.group(2)
    await beamline.collection(3, 2, 5, 10)
    await beamline.robot(1, 0)
    file = {"dataCollectionId": 1, "fileFullPath": "/data/a.log"}
    await beamline.db.add(m.DataCollectionFileAttachment, dataCollectionFileAttachmentId=1, **file)
    found = await beamline.ask("/events", dataCollectionGroupId=1)
    told = ("id", "count", "duration", "attachments", "startTime", "endTime")
    assert [tuple(event[name] for name in told) for event in found["results"]] == [
        (2, 1, 5, 0, "2026-03-10T12:05:00", "2026-03-10T12:10:00"),
        (1, 1, 1, 1, "2026-03-10T12:00:00", "2026-03-10T12:01:00"),
    ]
    assert found["total"] == 2


@pytest.mark.four_databases
async def test_a_group_is_what_its_members_that_pass_the_filters_are(beamline: Beamline) -> None:
    await beamline.group(1)
    await beamline.collection(1, 1, 0, 1, runStatus="Failed")
    await beamline.collection(2, 1, 5, 7, runStatus="Successful")
    await beamline.collection(3, 1, 10, 14, runStatus="successful")
    await beamline.collection(4, 1, 20, 28)
    told = ("id", "count", "duration", "startTime", "endTime")
    event = await beamline.event(status="success")
    assert [event[name] for name in told] == [3, 2, 6, "2026-03-10T12:05:00", "2026-03-10T12:14:00"]
    event = await beamline.event(status="failed")
    assert [event[name] for name in told] == [1, 1, 1, "2026-03-10T12:00:00", "2026-03-10T12:01:00"]


@pytest.mark.fix(1)
@pytest.mark.four_databases
async def test_the_other_types(beamline: Beamline) -> None:
    await beamline.sample(7)
    await beamline.session(2, visit_number=None)
    await beamline.robot(4, 2, blsampleId=7, status="ERROR", message="No pin")
    await beamline.robot(5, 1, session=2, actionType=None)
    await beamline.spectrum(6, 0, blSampleId=7, endTime=None)
    await beamline.scan(8, None, session=2)
    common = {"count": 1, "attachments": 0, "proposal": "mx1"}
    first = {"sessionId": 1, "session": "mx1-1", "blSampleId": 7, "blSample": "sample7"}
    second = {"sessionId": 2, "session": None, "blSampleId": None, "blSample": None}
    untimed = {"endTime": None, "duration": None}
    assert (await beamline.ask("/events"))["results"] == [
        {
            "id": 4,
            "type": "robot",
            "startTime": "2026-03-10T12:02:00",
            "endTime": "2026-03-10T12:03:00",
            "duration": 1,
            "Item": {"actionType": "LOAD", "status": "ERROR", "message": "No pin"},
            **common,
            **first,
        },
        {
            "id": 5,
            "type": "robot",
            "startTime": "2026-03-10T12:01:00",
            "endTime": "2026-03-10T12:02:00",
            "duration": 1,
            "Item": {"actionType": None, "status": None, "message": None},
            **common,
            **second,
        },
        {
            "id": 6,
            "type": "xrf",
            "startTime": "2026-03-10T12:00:00",
            "Item": {"xfeFluorescenceSpectrumId": 6},
            **untimed,
            **common,
            **first,
        },
        {
            "id": 8,
            "type": "es",
            "startTime": None,
            "Item": {"energyScanId": 8},
            **untimed,
            **common,
            **second,
        },
    ]


@pytest.mark.fix(28)
@pytest.mark.fix(29)
@pytest.mark.fix(30)
async def test_flags_of_files_below_the_configured_folders(
    make_beamline: MakeBeamline, tmp_path: Path
) -> None:
    root = tmp_path / "mnt"
    (root / "data").mkdir(parents=True)
    for name in ("one.png", "plot.png"):
        (root / "data" / name).write_bytes(b"x")
    (tmp_path / "secret.png").write_bytes(b"x")
    beamline = await make_beamline(**{"files.roots": [str(root)], "files.path_map": str(root)})
    await beamline.group(1)
    paths = {
        "xtalSnapshotFullPath1": "/data/one.png",
        "xtalSnapshotFullPath2": "/data/gone.png",
        "xtalSnapshotFullPath3": "/../secret.png",
        "xtalSnapshotFullPath4": "",
        "imageQualityIndicatorsPlotPath": "/data/plot.png",
    }
    await beamline.collection(1, 1, 0, 1, **paths)
    await beamline.group(2)
    await beamline.collection(2, 2, 5, 6, xtalSnapshotFullPath4="/data/one.png")
    second, first = (await beamline.ask("/events"))["results"]
    assert first["Item"]["_metadata"]["snapshots"] == {**NOTHING, "1": True, "analysis": True}
    assert second["Item"]["_metadata"]["snapshots"] == {**NOTHING, "4": True}
