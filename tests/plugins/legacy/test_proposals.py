"""`/legacy/proposals`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from starbeam_ispyb import models as m
from starbeam_testing.app import TestApp
from support.legacy import caller
from support.schemas import Kind

pytestmark = [pytest.mark.anyio, pytest.mark.four_databases]

FULL: dict[str, Any] = {
    "proposalId": 5,
    "personId": 2,
    "title": "Light",
    "proposalCode": "sa",
    "proposalNumber": "5",
    "proposalType": "MX",
    "bltimeStamp": datetime(2026, 1, 2, 3, 4, 5),
    "externalId": bytes(14) + b"\x01\x02",
    "state": "Open",
    "startDate": datetime(2026, 1, 3),
    "endDate": datetime(2026, 1, 4),
}


@pytest.mark.fix(136)
async def test_a_proposal_with_all_it_has(app: TestApp, kind: Kind) -> None:
    await app.database.add(m.Proposal, FULL)
    boss = await caller(app, "boss", "all_proposals")
    wanted = {
        **{name: FULL[name] for name in ("proposalId", "personId", "title", "proposalCode")},
        **{name: FULL[name] for name in ("proposalNumber", "proposalType", "state")},
        "bltimeStamp": "2026-01-02T03:04:05",
        "externalId": 258,
    }
    if kind.flavour != "community":
        wanted |= {"startDate": "2026-01-03T00:00:00", "endDate": "2026-01-04T00:00:00"}
    assert await boss.get("/proposals/5", "/{token}/proposal/5/info/get") == {"proposal": wanted}
    plain = (await boss.get("/proposals/1"))["proposal"]
    assert (plain["externalId"], plain["title"]) == (None, None)
    listed = await boss.get("/proposals", "/{token}/proposal/list")
    assert [row["Proposal_proposalId"] for row in listed] == [1, 2, 5]
    assert listed[2] == {
        "Proposal_proposalId": 5,
        "Proposal_proposalType": "MX",
        "Proposal_personId": 2,
        "Proposal_title": "Light",
        "Proposal_proposalCode": "sa",
        "Proposal_proposalNumber": "5",
    }
