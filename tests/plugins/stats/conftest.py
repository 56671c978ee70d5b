"""A session of eight hours, and short ways to say what happened in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from starbeam_ispyb import models as m
from starbeam_stats.models import BF_fault, v_run
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp

DAY = datetime(2026, 3, 10)
SUCCESS, ABORTED, FAILED = "DataCollection Successful", "Data collection aborted", "Data collection failed"
Time = str | None


def at(time: Time) -> datetime | None:
    """`9:30` of the day, `+1 0:15` of the next."""
    if time is None:
        return None
    days, _, clock = time.rpartition(" ")
    hour, minute, *second = map(int, clock.split(":"))
    return DAY + timedelta(days=int(days or 0), hours=hour, minutes=minute, seconds=sum(second))


class Log:
    """Writes down what happened."""

    def __init__(self, app: TestApp) -> None:
        self.app = app
        self.db = app.database
        self._keys = count(1)
        self._headers: dict[str, dict[str, str]] = {}

    async def sample(self, key: int, name: str, protein: str) -> None:
        """A sample of a protein."""
        await self.db.add(m.Protein, proteinId=key, proposalId=1, name=protein, acronym=protein[:3])
        await self.db.add(m.Crystal, crystalId=key, proteinId=key)
        await self.db.add(m.BLSample, blSampleId=key, crystalId=key, name=name)

    async def session(self, key: int, start: Time, end: Time, proposal: int = 1, **columns: Any) -> None:
        """A session on id29."""
        given = {"visit_number": key, "beamLineName": "id29", "scheduled": 1, **columns}
        times = {"startDate": at(start), "endDate": at(end)}
        await self.db.add(m.BLSession, sessionId=key, proposalId=proposal, **times, **given)

    async def collection(
        self,
        start: Time,
        end: Time,
        status: str | None = SUCCESS,
        kind: str | None = "OSC",
        session: int = 1,
        sample: int | None = None,
        **columns: Any,
    ) -> int:
        """A data collection in a group of its own; its key, and its group's."""
        key = next(self._keys)
        group = {"dataCollectionGroupId": key, "sessionId": session, "blSampleId": sample}
        await self.db.add(m.DataCollectionGroup, experimentType=kind, **group)
        times = {"startTime": at(start), "endTime": at(end), "runStatus": status}
        keys = {"dataCollectionId": key, "dataCollectionGroupId": key}
        await self.db.add(m.DataCollection, **keys, **times, **columns)
        return key

    async def robot(
        self, start: str, end: str, sample: int | None = None, action: str = "LOAD", session: int = 1
    ) -> None:
        """A robot action."""
        times = {"startTimestamp": at(start), "endTimestamp": at(end)}
        what = {"blsessionId": session, "blsampleId": sample, "actionType": action, "status": "SUCCESS"}
        await self.db.add(m.RobotAction, **times, **what)

    async def edge(self, start: Time, end: Time, sample: int | None = None, session: int = 1) -> None:
        """An energy scan."""
        times = {"startTime": at(start), "endTime": at(end)}
        await self.db.add(m.EnergyScan, sessionId=session, blSampleId=sample, **times)

    async def xrf(self, start: Time, end: Time, sample: int | None = None, session: int = 1) -> None:
        """A fluorescence spectrum."""
        times = {"startTime": at(start), "endTime": at(end)}
        await self.db.add(m.XFEFluorescenceSpectrum, sessionId=session, blSampleId=sample, **times)

    async def fault(self, start: Time, end: Time, title: str, lost: int = 1, session: int = 1) -> None:
        """A fault, which took beam time or not."""
        times = {"beamtimelost_starttime": at(start), "beamtimelost_endtime": at(end)}
        await self.db.add(BF_fault, sessionId=session, title=title, beamtimelost=lost, **times)

    async def screening(self, time: str, **of: int) -> None:
        """A screening of a data collection (`dataCollectionId`) or of a group."""
        await self.db.add(m.Screening, bltimeStamp=at(time), **of)

    async def run(self, key: int, name: str, start: Time, end: Time) -> None:
        """A run."""
        await self.db.add(v_run, runId=key, run=name, startDate=at(start), endDate=at(end))

    async def headers(self, login: str) -> dict[str, str]:
        """Those of a person."""
        if login not in self._headers:
            permissions = ["all_proposals"] if login == "root" else []
            self._headers[login] = await self.app.as_user(login, *permissions)
        return self._headers[login]

    async def get(self, path: str, login: str = "root", **query: Any) -> Any:
        """The answer to what somebody may ask; `root` sees everything."""
        response = await self.app.client.get(
            f"/stats/{path}", params=query, headers=await self.headers(login)
        )
        if response.status_code != 200:
            return response.status_code, response.json()["detail"]
        return response.json()


@pytest.fixture
async def log(make_app: MakeApp) -> Log:
    """Proposals mx23 and bl7, and mx23-1 from 8:00 to 16:00."""
    app = await make_app("ispyb", "stats")
    found = Log(app)
    await found.db.person("proposer")
    for key, code, number in ((1, "mx", "23"), (2, "bl", "7")):
        names = {"proposalCode": code, "proposalNumber": number, "title": f"Title of {code}"}
        await found.db.add(m.Proposal, proposalId=key, personId=1, **names)
    await found.session(1, "8:00", "16:00")
    return found
