"""What MXCuBE asks and records. Members record in a session that runs: the administrator, too."""

from __future__ import annotations

from typing import Any

from support.expected import Answer, Route, everybody
from support.world import CALLERS

UNSEEN: dict[str, Answer] = dict.fromkeys(CALLERS, 404)
"""Session 1 is not on the staff's beamline."""


def stored(again: int) -> dict[str, Answer]:
    """What the first stores, and others send again."""
    return {**UNSEEN, "session_member": 201, "proposal_member": again, "administrator": again}


_MEMBERS = ("session_member", "proposal_member", "administrator")
_ALL: dict[str, Answer] = {**UNSEEN, **dict.fromkeys(_MEMBERS, 200)}
_BEGUN = "2026-03-10 11:00:00"
_SESSION: dict[str, Any] = {
    "proposalId": "1",
    "startDate": "2026-03-10T00:00:00.000000Z",
    "endDate": "2026-03-12T07:59:59.000000Z",
    "beamLineName": "w1",
    "comments": "Made at a log-in",
    "scheduled": False,
}
_GROUP = {"sessionId": 1, "blSampleId": 1, "workflow_id": 1, "actualSampleSlotInContainer": "?"}
_SCAN = {"sessionId": 1, "startTime": _BEGUN, "filename": "scan.dat"}

ROUTES = {
    "POST /sessions": Route({**stored(200), "staff": 403}, body=_SESSION),
    "PATCH /sessions/{sessionId}/associate-beamline-setup": Route(
        _ALL, "/sessions/1/associate-beamline-setup?beamLineSetupId=2"
    ),
    "POST /beamline-setups/beamline-setup": Route(
        {**dict.fromkeys(CALLERS, 403), **dict.fromkeys(_MEMBERS[1:], 200), "session_member": 201},
        body={"synchrotron_name": "SYN", "polarisation": "0.99"},
    ),
    "GET /detectors": Route(everybody(), "/detectors?type=Pilatus", open=True),
    "POST /datacollections/group": Route(stored(200), body={**_GROUP, "experimentType": "OSC"}),
    "POST /datacollections/datacollection": Route(
        stored(201), body={"sessionId": "1", "status": "Running", "resolution": "?"}
    ),
    "POST /images/image": Route(
        stored(200), body={"dataCollectionId": 1, "imageNumber": 7, "temperature": "?"}
    ),
    "POST /events/robot-action": Route(
        stored(200), body={"sessionId": 1, "actionType": "LOAD", "startTimestamp": _BEGUN}
    ),
    "POST /events/energyscan": Route(stored(200), body=_SCAN),
    "PATCH /events/energyscan/associate-bl-sample": Route(_ALL, body={"energyScanId": "1", "blSampleId": 1}),
    "POST /events/xfe-fluorescence-spectrum": Route(stored(200), body=_SCAN),
}
_COLLECTION = (
    *("detectorId", "strategySubWedgeOrigId", "startPositionId", "endPositionId", "dataCollectionNumber"),
    *("imagePrefix", "imageSuffix", "startImageNumber", "resolutionAtCorner", "flux_end", "beamShape"),
    *("totalAbsorbedDose", "slitGapHorizontal", "slitGapVertical", "synchrotronMode", "detector2Theta"),
    *("undulatorGap1", "undulatorGap2", "undulatorGap3", "centeringMethod", "actualCenteringPosition"),
    *("xtalSnapshotFullPath2", "xtalSnapshotFullPath3", "xtalSnapshotFullPath4"),
)
EMPTY = {
    "all": {
        *(f"DataCollectionSummary.{name}" for name in _COLLECTION),
        *("SampleCrystal.space_group", "Sample.code", "MxcubePlan.diffractionPlanId"),
        "Detector.detectorSerialNumber",
    },
    "diamond": {"StoredGroup.workflowId"},
}
"""What nobody has recorded of the small world."""
