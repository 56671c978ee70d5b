"""A facility with a proposal on a beamline, whose session runs now, and another that is nobody's business."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from starbeam.db.models import AdminVar
from starbeam_ispyb import models as m
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp

PLUGINS = (
    *("ispyb", "proposals", "samples", "tokens", "acquisition", "mxcube", "events", "datacollections"),
    *("stats", "admin"),
)
NOW = datetime(2026, 3, 10, 12)
"""What the time is."""
MINE, OTHERS = 1, 2
"""Proposals: mx1234 of ada, and mx99. Rows that hang on them have the same number as their key."""
LINE_NAMES = [{"beamLineName": "ID30"}, {"beamLineName": "BM14"}]
LINES = json.dumps([{"groupName": "mx", "uiGroup": "mx", "permission": "mx_staff", "beamLines": LINE_NAMES}])


class Caller:
    """Somebody who calls."""

    def __init__(self, app: TestApp, headers: dict[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """The answer to a request."""
        return await self._app.client.request(method, path, json=body, headers=self._headers)

    async def send(self, method: str, path: str, content: bytes) -> httpx.Response:
        """The answer to a request whose body is sent as it is."""
        return await self._app.client.request(method, path, content=content, headers=self._headers)

    async def post(self, path: str, body: Any, status: int = 201) -> Any:
        """The answer to a POST, which has this status."""
        answer = await self.ask("POST", path, body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def patch(self, path: str, body: Any = None, status: int = 200) -> Any:
        """The answer to a PATCH, which has this status."""
        answer = await self.ask("PATCH", path, body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def get(self, path: str, status: int = 200) -> Any:
        """The answer to a GET, which has this status."""
        answer = await self.ask("GET", path)
        assert answer.status_code == status, answer.text
        return answer.json()


async def facility(app: TestApp, now: datetime) -> None:
    """Two proposals, each with a session that runs, a sample in the changer, a group with a data collection,
    and a detector."""
    db = app.database
    await db.add(AdminVar, name="beamLineGroups", value=LINES)
    ada = await db.person("ada", givenName="Ada")
    for key, number in ((MINE, "1234"), (OTHERS, "99")):
        person = ada if key == MINE else await db.person("bob")
        proposal = {"proposalCode": "mx", "proposalNumber": number, "personId": person}
        await db.add(m.Proposal, proposalId=key, **proposal)
        await db.add(m.ProposalHasPerson, proposalId=key, personId=person)
        times = {"startDate": now - timedelta(hours=3), "endDate": now + timedelta(hours=5)}
        about = {"beamLineName": "ID30", "visit_number": 1, "scheduled": 1}
        await db.add(m.BLSession, sessionId=key, proposalId=key, **about, **times)
        await _sample(app, key)
        group = {"dataCollectionGroupId": key, "sessionId": key, "experimentType": "OSC"}
        await db.add(m.DataCollectionGroup, **group, startTime=now - timedelta(hours=2))
        await db.add(m.DataCollection, dataCollectionId=key, dataCollectionGroupId=key)
        await db.add(m.EnergyScan, energyScanId=key, sessionId=key)
    detector = {"detectorManufacturer": "DECTRIS", "detectorModel": "EIGER2 X 9M", "detectorMode": "full"}
    await db.add(m.Detector, detectorId=2, detectorType="Photon counting", **detector)


async def _sample(app: TestApp, key: int) -> None:
    db = app.database
    await db.add(m.LabContact, labContactId=key, personId=1, cardName=f"card{key}", proposalId=key)
    await db.add(m.Shipping, shippingId=key, proposalId=key, shippingName=f"S{key}")
    await db.add(m.Dewar, dewarId=key, shippingId=key, code=f"D{key}", dewarStatus="processing")
    placed = {"beamlineLocation": "ID30", "sampleChangerLocation": "4"}
    await db.add(m.Container, containerId=key, dewarId=key, code=f"C{key}", **placed)
    await db.add(m.Protein, proteinId=key, proposalId=key, acronym="LYS", name="Lysozyme")
    await db.add(m.Crystal, crystalId=key, proteinId=key, spaceGroup="P43212", cell_a=78.5)
    held = {"containerId": key, "crystalId": key, "location": "3", "code": f"HA{key}"}
    await db.add(m.BLSample, blSampleId=key, name=f"s{key}", **held)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no fault: what is stored may take its time."""
    monkeypatch.setattr("starbeam_mxcube.routes.SECONDS", 300)


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    """The app, at a time of its own."""
    app = await make_app(*PLUGINS, **{"plugin.events.total_age": 0})
    app.set_time(NOW)
    await facility(app, NOW)
    await app.refresh()
    return app


@pytest.fixture
async def ada(app: TestApp) -> Caller:
    """The member of mx1234."""
    return Caller(app, await app.as_user("ada"))
