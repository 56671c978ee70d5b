"""An app with the plugin, on a world of two proposals of which the member sees one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from starbeam.db.models import Person
from starbeam_ispyb import models as m
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp

NOW = datetime(2026, 3, 10, 12)
"""What the time is."""
MINE, OTHERS = 1, 2
"""Proposals: the member's, and another. Rows that hang on them have the same number as their key."""


class Caller:
    """Somebody who calls."""

    def __init__(self, app: TestApp, headers: dict[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def call(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """The answer to a request, which has this status."""
        response = await self._app.client.request(method, path, json=body, headers=self._headers)
        assert response.status_code == status, response.text
        return response.json()

    async def get(self, path: str, status: int = 200) -> Any:
        """The answer to a GET."""
        return await self.call("GET", path, status=status)

    async def post(self, path: str, body: Any, status: int = 201) -> Any:
        """The answer to a POST."""
        return await self.call("POST", path, body, status)

    async def patch(self, path: str, body: Any, status: int = 200) -> Any:
        """The answer to a PATCH."""
        return await self.call("PATCH", path, body, status)

    async def refused(self, method: str, path: str, body: Any) -> list[list[Any]]:
        """The places that a 422 names."""
        answer = await self.call(method, path, body, 422)
        return [error["loc"] for error in answer["detail"]]


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    """The app: each proposal with a lab contact, a shipment, a dewar and a container."""
    app = await make_app("ispyb", "shipping")
    app.set_time(NOW)
    db = app.database
    proposer = await db.person("proposer")
    for key in (MINE, OTHERS):
        await db.add(
            m.Proposal, proposalId=key, proposalCode="mx", proposalNumber=f"{key}", personId=proposer
        )
        await db.add(Person, personId=10 + key, familyName="Card", givenName=f"Owner{key}")
        card = {"personId": 10 + key, "cardName": f"card{key}"}
        await db.add(m.LabContact, labContactId=key, proposalId=key, **card)
        contacts = {"sendingLabContactId": key, "returnLabContactId": key}
        await db.add(m.Shipping, shippingId=key, proposalId=key, shippingName=f"S{key}", **contacts)
        await db.add(m.Dewar, dewarId=key, shippingId=key, code=f"D{key}")
        await db.add(m.Container, containerId=key, dewarId=key, code=f"C{key}", containerType="Puck")
    return app


@pytest.fixture
async def member(app: TestApp) -> Caller:
    """A member of one of the two proposals."""
    headers = await app.as_user("ada")
    person = await app.database.person("ada")
    await app.database.add(m.ProposalHasPerson, proposalId=MINE, personId=person)
    return Caller(app, headers)


@pytest.fixture
async def root(app: TestApp) -> Caller:
    """Somebody who sees both proposals."""
    return Caller(app, await app.as_user("root", "all_proposals"))
