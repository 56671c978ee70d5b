"""An app with the plugin, and a few proposals and sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from starbeam.db.models import Person
from starbeam_ispyb import models as m
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp

PROPOSER, MEMBER, PARTICIPANT = 1, 2, 3
"""People, by what they are in proposal 1 and session 1."""


async def small_facility(app: TestApp) -> None:
    """Proposal 1 `mx23` with sessions 1 and 2, and proposal 2 `MX24` with session 3.

    `proposer` proposed 1, `member` is a member of it, `participant` takes part in session 1; proposal 2 is of
    somebody else.
    """
    db = app.database
    people = {"proposer": PROPOSER, "member": MEMBER, "participant": PARTICIPANT, "other": 4}
    await db.add(Person, *({"login": login, "personId": key} for login, key in people.items()))
    await db.add(m.Proposal, proposalId=1, personId=PROPOSER, proposalCode="mx", proposalNumber="23")
    await db.add(m.Proposal, proposalId=2, personId=4, proposalCode="MX", proposalNumber="24")
    await db.add(m.ProposalHasPerson, proposalId=1, personId=MEMBER)
    for key, proposal, day in ((1, 1, 10), (2, 1, 12), (3, 2, 14)):
        await db.add(m.BLSession, sessionId=key, proposalId=proposal, visit_number=key, **span(day))
    await db.add(m.Session_has_Person, sessionId=1, personId=PARTICIPANT)


def span(day: int) -> dict[str, Any]:
    """From 9:30 on this day of March 2026 to 17:30 on the next."""
    return {"startDate": datetime(2026, 3, day, 9, 30), "endDate": datetime(2026, 3, day + 1, 17, 30)}


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    """An app that counts anew at each request."""
    made = await make_app("ispyb", "legacy", **{"plugin.legacy.summary_age": 0})
    await small_facility(made)
    return made
