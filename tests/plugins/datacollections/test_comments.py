"""Comments of sessions, groups and data collections, typed on their pages."""

from __future__ import annotations

import pytest

from starbeam_ispyb import models as m
from starbeam_testing.fixtures import MakeApp
from support.pages import OPEN, Visitor, fill, gone_to, stored, text_of

pytestmark = pytest.mark.anyio

TABLES = {
    "/sessions/1": ("BLSession", "sessionId"),
    "/groups/1": ("DataCollectionGroup", "dataCollectionGroupId"),
    "/collections/1": ("DataCollection", "dataCollectionId"),
}


@pytest.fixture
async def visitor(make_app: MakeApp) -> Visitor:
    """A member of mx1-1, which has a data collection."""
    app = await make_app("auth_dummy", "ispyb", "proposals", "events", "datacollections", "web", **OPEN)
    db = app.database
    member = await db.person("member")
    await db.add(m.Proposal, proposalId=1, proposalCode="mx", proposalNumber="1", personId=member)
    await db.add(m.ProposalHasPerson, proposalId=1, personId=member)
    await db.add(m.BLSession, sessionId=1, proposalId=1, visit_number=1)
    await db.add(m.Session_has_Person, sessionId=1, personId=member)
    await db.add(m.DataCollectionGroup, dataCollectionGroupId=1, sessionId=1)
    await db.add(m.DataCollection, dataCollectionId=1, dataCollectionGroupId=1)
    visitor = Visitor(app)
    await visitor.log_in("member")
    return visitor


@pytest.mark.four_databases
@pytest.mark.parametrize("page", TABLES)
async def test_a_comment_is_added_changed_and_taken_away(visitor: Visitor, page: str) -> None:
    table, key = TABLES[page]
    shown = (await visitor.open(page)).text
    assert f'href="{page}/edit"' in shown
    for text, there in (
        ("Ice rings\r\nfrom 14:00", "Ice rings\nfrom 14:00"),
        ("Better", "Better"),
        ("", None),
    ):
        assert gone_to(await fill(visitor, f"{page}/edit", comments=text)) == page
        assert await stored(visitor, f"SELECT comments FROM {table} WHERE {key} = 1") == [(there,)]
        assert ("Better" in text_of((await visitor.open(page)).text)) == (there == "Better")
    long = await fill(visitor, f"{page}/edit", comments="x" * 70_000)
    assert long.status_code == 422
    assert "Comments:" in text_of(long.text)
    assert await stored(visitor, f"SELECT comments FROM {table} WHERE {key} = 1") == [(None,)]
