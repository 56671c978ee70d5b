"""An app with the plugin, on a proposal with two sessions and three samples in one puck.

session 1 (id01)   session_member is a member; groups 1 and 2 on sample 1
session 2 (id02)   on the beamline of staff; group 3 on sample 1
sample 2           a robot action, nothing else; sample 3: nothing
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from starbeam.db.models import AdminVar
from starbeam_ispyb import models as m
from starbeam_samples.models import BLSampleImage, ContainerQueueSample, Protein_has_PDB
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.pages import OPEN, Visitor

GROUPS = [
    {"groupName": "mx", "uiGroup": "mx", "permission": "mx_staff", "beamLines": [{"beamLineName": "id02"}]}
]


_KEYS = {
    "/proteins": "proteinId",
    "/samples/sub": "blSubSampleId",
    "/samples/images": "blSampleImageId",
    "/samples": "blSampleId",
}
"""What the rows of a list are told apart by."""


class People:
    """Somebody of each kind, who call."""

    def __init__(self, app: TestApp, headers: dict[str, dict[str, str]]) -> None:
        self.app = app
        self._headers = headers

    async def response(self, who: str, path: str, **headers: str) -> httpx.Response:
        """What somebody is answered."""
        return await self.app.client.get(path, headers={**self._headers[who], **headers})

    async def get(self, who: str, path: str, status: int = 200) -> Any:
        """The answer, which has this status."""
        response = await self.response(who, path)
        assert response.status_code == status, response.text
        return response.json()

    async def ids(self, who: str, path: str) -> list[int]:
        """The keys of the rows of a page, which has all of them."""
        page = await self.get(who, path)
        key = next(key for start, key in _KEYS.items() if path.startswith(start))
        found = [row[key] for row in page["results"]]
        assert page["total"] == len(found)
        return found


@pytest.fixture
async def people(make_app: MakeApp, tmp_path: Path) -> People:
    """The people of the world, and `root`, who sees everything."""
    folder = tmp_path / "files"
    folder.mkdir()
    where = {"files.roots": [str(folder)], "files.path_map": str(folder)}
    app = await make_app("ispyb", "samples", **where)
    await app.database.add(AdminVar, name="beamLineGroups", value=json.dumps(GROUPS))
    headers = {
        "stranger": await app.as_user("stranger"),
        "session_member": await app.as_user("session_member"),
        "proposal_member": await app.as_user("proposal_member"),
        "staff": await app.as_user("staff", "mx_staff"),
        "root": await app.as_user("root", "all_proposals"),
    }
    await _shipped(app)
    await _collected(app)
    await app.refresh()
    return People(app, headers)


@pytest.fixture
async def visitor(make_app: MakeApp) -> Visitor:
    """A browser with all of this and the pages, in which a member of session 1 has logged in."""
    names = ("auth_dummy", "ispyb", "proposals", "samples", "shipping", "web")
    app = await make_app(*names, **OPEN)
    await app.database.person("session_member")
    await _shipped(app)
    await _collected(app)
    await app.refresh()
    visitor = Visitor(app)
    await visitor.log_in("session_member")
    return visitor


async def _shipped(app: TestApp) -> None:
    db = app.database
    await db.add(m.Proposal, proposalId=1, proposalCode="mx", proposalNumber="1", personId=1)
    await db.add(m.ProposalHasPerson, proposalId=1, personId=await db.person("proposal_member"))
    await db.add(m.BLSession, sessionId=1, proposalId=1, visit_number=1, beamLineName="id01")
    await db.add(m.BLSession, sessionId=2, proposalId=1, visit_number=2, beamLineName="id02")
    await db.add(m.Session_has_Person, sessionId=1, personId=await db.person("session_member"))
    await db.add(m.Shipping, shippingId=1, proposalId=1, shippingName="S1")
    await db.add(m.Dewar, dewarId=1, shippingId=1, code="D1", dewarStatus="processing")
    mounted = {"beamlineLocation": "id02", "sampleChangerLocation": "3"}
    await db.add(m.Container, containerId=1, dewarId=1, code="C1", **mounted)
    await db.add(m.Protein, proteinId=1, proposalId=1, name="Lysozyme 50%", acronym="LYS")
    await db.add(m.Protein, proteinId=2, proposalId=1, name="Insulin", acronym="a_b")
    await db.add(Protein_has_PDB, {"proteinid": 1, "pdbid": 1}, {"proteinid": 1, "pdbid": 2})
    await db.add(m.Crystal, crystalId=1, proteinId=1, cell_a=78.5)
    for key, location in ((1, "10"), (2, "9"), (3, "A1")):
        place = {"crystalId": 1, "containerId": 1, "location": location}
        await db.add(m.BLSample, blSampleId=key, name=f"lys_{key}", **place)
    await db.add(m.Position, positionId=1, posX=1.75, posY=-2.5)
    await db.add(m.BLSubSample, blSubSampleId=1, blSampleId=1, positionId=1, type="b")
    await db.add(m.BLSubSample, blSubSampleId=2, blSampleId=1, type="a")
    await db.add(ContainerQueueSample, blSampleId=1, dataCollectionPlanId=None)


async def _collected(app: TestApp) -> None:
    db = app.database
    for group, session, kind in ((1, 1, "OSC"), (2, 1, None), (3, 2, "Mesh")):
        given = {"sessionId": session, "blSampleId": 1, "experimentType": kind}
        await db.add(m.DataCollectionGroup, dataCollectionGroupId=group, **given)
        for collection in (2 * group - 1, 2 * group):
            its = {"dataCollectionId": collection, "dataCollectionGroupId": group}
            await db.add(m.DataCollection, blSubSampleId=1, **its)
            its = {"autoProcIntegrationId": collection, "dataCollectionId": collection}
            await db.add(m.AutoProcIntegration, its)
    for screening, by in (
        (1, {"dataCollectionId": 1, "dataCollectionGroupId": 1}),
        (2, {"dataCollectionGroupId": 2}),
        (3, {"dataCollectionId": 5}),
    ):
        await db.add(m.Screening, screeningId=screening, **by)
        for success in (0, 1, 1):
            await db.add(m.ScreeningOutput, screeningId=screening, strategySuccess=success)
    for scaling, integration, best in ((1, 1, 1.5), (2, 5, 1.25)):
        await db.add(m.AutoProcScaling, autoProcScalingId=scaling)
        link = {"autoProcScalingId": scaling, "autoProcIntegrationId": integration}
        await db.add(m.AutoProcScaling_has_Int, link)
        for limit in (best, best + 1):
            shell = {"scalingStatisticsType": "overall", "resolutionLimitHigh": limit}
            await db.add(m.AutoProcScalingStatistics, autoProcScalingId=scaling, **shell)
    await db.add(m.RobotAction, blsessionId=1, blsampleId=2, actionType="LOAD")
    await db.add(m.ProcessingJob, processingJobId=1, dataCollectionId=5)
    for image, path in ((1, "/1.png"), (2, None), (3, "/../../etc/passwd"), (4, "/gone.jpg")):
        await db.add(BLSampleImage, blSampleImageId=image, blSampleId=1, imageFullPath=path)
