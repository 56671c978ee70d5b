"""An app with the plugin on a small beamline, and short ways to ask it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from starbeam_ispyb import models as m
from starbeam_testing.app import TestApp, TestDatabase
from starbeam_testing.fixtures import MakeApp

START = datetime(2026, 3, 10, 12)
"""When the first thing happens."""


def at(minutes: float) -> datetime:
    """So many minutes later."""
    return START + timedelta(minutes=minutes)


class Beamline:
    """The app, and what a test adds to its database."""

    def __init__(self, app: TestApp) -> None:
        self.app = app
        self.db: TestDatabase = app.database
        self._headers: dict[str, dict[str, str]] = {}

    async def session(self, key: int, proposal: int = 1, **columns: Any) -> None:
        """A session; its visit number is its key."""
        given = {"proposalId": proposal, "visit_number": key, **columns}
        await self.db.add(m.BLSession, sessionId=key, **given)

    async def group(self, key: int, session: int = 1, **columns: Any) -> None:
        """A group of data collections."""
        await self.db.add(m.DataCollectionGroup, dataCollectionGroupId=key, sessionId=session, **columns)

    async def collection(
        self, key: int, group: int, start: float | None = None, end: float | None = None, **columns: Any
    ) -> None:
        """A data collection, with times in minutes after `START`."""
        times = {
            "startTime": None if start is None else at(start),
            "endTime": None if end is None else at(end),
        }
        names = {"dataCollectionId": key, "dataCollectionGroupId": group}
        await self.db.add(m.DataCollection, names | times | columns)

    async def robot(self, key: int, start: float, session: int = 1, **columns: Any) -> None:
        """A robot action of a minute."""
        times = {"startTimestamp": at(start), "endTimestamp": at(start + 1)}
        given = {"actionType": "LOAD", **columns}
        await self.db.add(m.RobotAction, robotActionId=key, blsessionId=session, **times, **given)

    async def scan(self, key: int, start: float | None, session: int = 1, **columns: Any) -> None:
        """An energy scan without an end."""
        begin = None if start is None else at(start)
        await self.db.add(m.EnergyScan, energyScanId=key, sessionId=session, startTime=begin, **columns)

    async def spectrum(self, key: int, start: float | None, session: int = 1, **columns: Any) -> None:
        """A fluorescence spectrum without an end."""
        begin = None if start is None else at(start)
        names = {"xfeFluorescenceSpectrumId": key, "sessionId": session}
        await self.db.add(m.XFEFluorescenceSpectrum, names | {"startTime": begin} | columns)

    async def sample(self, key: int, protein: int = 1, name: str | None = None) -> None:
        """A sample of a protein, with a sub sample of its key."""
        await self.db.add(m.Crystal, crystalId=key, proteinId=protein)
        await self.db.add(m.BLSample, blSampleId=key, crystalId=key, name=name or f"sample{key}")
        await self.db.add(m.BLSubSample, blSubSampleId=key, blSampleId=key)

    async def joins(self, login: str, session: int) -> None:
        """Make somebody a member of a session."""
        person = await self.db.person(login)
        await self.db.add(m.Session_has_Person, sessionId=session, personId=person)

    async def get(self, path: str, login: str = "root", **query: Any) -> httpx.Response:
        """The response to somebody. `root` sees everything."""
        if login not in self._headers:
            permissions = ("all_proposals",) if login == "root" else ()
            self._headers[login] = await self.app.as_user(login, *permissions)
        return await self.app.client.get(path, params=query, headers=self._headers[login])

    async def ask(self, path: str, login: str = "root", expected: int = 200, **query: Any) -> Any:
        """The answer to somebody, which has this status."""
        response = await self.get(path, login, **query)
        assert response.status_code == expected, response.text
        return response.json()

    async def events(self, login: str = "root", **query: Any) -> list[str]:
        """Types and keys of the events of a page that holds all of them."""
        found = await self.ask("/events", login, **{"limit": 1000, **query})
        names = [f"{event['type']} {event['id']}" for event in found["results"]]
        assert found["total"] == len(names)
        return names

    async def event(self, **query: Any) -> Any:
        """The only event of a page."""
        (found,) = (await self.ask("/events", **query))["results"]
        return found

    async def types(self, login: str = "root", **query: Any) -> list[str]:
        """The types of events, by name."""
        return [
            kind["eventTypeName"] for kind in (await self.ask("/events/types", login, **query))["results"]
        ]


MakeBeamline = Callable[..., Awaitable[Beamline]]


@pytest.fixture
def make_beamline(make_app: MakeApp) -> MakeBeamline:
    """A beamline with the session mx1-1 and no event; with more plugins where some are named."""

    async def make(*more: str, **settings: Any) -> Beamline:
        app = await make_app("ispyb", "events", *more, **{"plugin.events.total_age": 0, **settings})
        beamline = Beamline(app)
        await app.database.person("proposer")
        for key in (1, 2):
            proposal = {"proposalId": key, "personId": 1, "proposalCode": "mx", "proposalNumber": str(key)}
            await app.database.add(m.Proposal, proposal)
            await app.database.add(m.Protein, proteinId=key, proposalId=key, acronym=f"P{key}")
        await beamline.session(1, beamLineName="id01")
        return beamline

    return make


@pytest.fixture
async def beamline(make_beamline: MakeBeamline) -> Beamline:
    """That, with totals always fresh."""
    return await make_beamline()
