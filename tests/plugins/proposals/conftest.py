"""An app with the plugin, and short ways to fill its database."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest

from starbeam.db.models import AdminVar
from starbeam_ispyb import models as m
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp

NOW = datetime(2026, 3, 10, 12)
"""What the time is."""

GROUPS = [
    {
        "groupName": "Crystals",
        "uiGroup": "mx",
        "permission": "mx_staff",
        "beamLines": [{"beamLineName": "id29", "archived": True}, {"beamLineName": "ID30"}],
    },
    {
        "groupName": "Solutions",
        "uiGroup": "saxs",
        "permission": "saxs_staff",
        "beamLines": [{"beamLineName": "bm29"}, {"beamLineName": "id29"}],
    },
    {"groupName": "More crystals", "uiGroup": "mx", "permission": "mx_staff", "beamLines": []},
]
"""The option `beamLineGroups`."""


class Facility:
    """A database with the proposer, person 1, and what a test adds."""

    def __init__(self, app: TestApp) -> None:
        self.app = app
        self.db = app.database

    async def proposal(self, key: int, code: str | None, number: str | None, **columns: Any) -> None:
        """A proposal."""
        names = {"proposalId": key, "proposalCode": code, "proposalNumber": number}
        await self.db.add(m.Proposal, personId=1, **names, **columns)

    async def session(self, key: int, proposal: int = 1, **columns: Any) -> None:
        """A session of a proposal, with its key for a visit number."""
        given = {"sessionId": key, "proposalId": proposal, "visit_number": key, **columns}
        await self.db.add(m.BLSession, given)

    async def caller(self, login: str, *permissions: str) -> Caller:
        """Somebody with these permissions, who is added when missing."""
        headers = await self.app.as_user(login, *permissions)
        return Caller(self.app, await self.db.person(login), headers)


class Caller:
    """Somebody who calls."""

    def __init__(self, app: TestApp, person_id: int, headers: dict[str, str]) -> None:
        self._app = app
        self.person_id = person_id
        self._headers = headers

    async def get(self, path: str, status: int = 200, **query: Any) -> Any:
        """The answer to a GET, which has this status."""
        response = await self._app.client.get(path, params=query, headers=self._headers)
        assert response.status_code == status, response.text
        return response.json()

    async def ids(self, path: str, key: str, **query: Any) -> list[int]:
        """Keys of the rows of a page, which has all of them."""
        page = await self.get(path, **query)
        found = [row[key] for row in page["results"]]
        assert page["total"] == len(found)
        return found

    async def joins(self, *, proposal: int | None = None, session: int | None = None, **columns: Any) -> None:
        """Make the caller a member of a proposal or a session."""
        if proposal is not None:
            await self._app.database.add(m.ProposalHasPerson, proposalId=proposal, personId=self.person_id)
        if session is not None:
            member = {"sessionId": session, "personId": self.person_id}
            await self._app.database.add(m.Session_has_Person, **member, **columns)


MakeFacility = Callable[[], Awaitable[Facility]]


@pytest.fixture
async def facility(make_app: MakeApp) -> Facility:
    """A facility with its beamline groups and nothing else, at the time `NOW`."""
    app = await make_app("ispyb", "proposals")
    app.set_time(NOW)
    await app.database.person("proposer")
    await app.database.add(AdminVar, name="beamLineGroups", value=json.dumps(GROUPS))
    await app.refresh()
    return Facility(app)
