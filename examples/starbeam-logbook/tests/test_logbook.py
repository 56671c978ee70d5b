"""Entries beside robot actions, in one page; the fixtures come from starbeam-core."""

from __future__ import annotations

from datetime import datetime

import pytest
from starbeam_logbook.models import Base, LogbookEntry

from starbeam_ispyb import models as m

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def app(db, make_app):
    """Two sessions with two robot actions and two entries each, in turn."""
    async with db.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await db.add(
        m.Proposal, proposalId=1, personId=await db.person("ada"), proposalCode="mx", proposalNumber="1"
    )
    for session in (1, 2):
        await db.add(m.BLSession, sessionId=session, proposalId=1, visit_number=session)
        for number in (1, 2):
            key = 10 * session + number
            at = datetime(2026, 3, 10, 12, 10 * number)
            times = {"startTimestamp": at, "endTimestamp": at}
            await db.add(m.RobotAction, robotActionId=key, blsessionId=session, actionType="LOAD", **times)
            written = {"writtenAt": at.replace(minute=at.minute + 5), "author": "Ada", "text": f"Note {key}"}
            await db.add(LogbookEntry, logbookEntryId=key, sessionId=session, **written)
    await db.add(m.Session_has_Person, sessionId=1, personId=await db.person("ada"))
    return await make_app("ispyb", "events", "logbook", "proposals", "web")


async def events(app, headers, query: str = "") -> tuple[int, list[str]]:
    page = (await app.client.get(f"/events{query}", headers=headers)).json()
    return page["total"], [f"{event['type']} {event['id']}" for event in page["results"]]


async def test_entries_are_ordered_and_counted_with_the_others(app, as_user) -> None:
    root = await as_user(app, "root", "all_proposals")
    newest = ["logbook 22", "logbook 12", "robot 22", "robot 12"]
    oldest = ["logbook 21", "logbook 11", "robot 21", "robot 11"]
    assert await events(app, root) == (8, newest + oldest)
    assert await events(app, root, "?skip=3&limit=2") == (8, ["robot 12", "logbook 21"])
    assert await events(app, root, "?eventType=logbook&session=mx1-2") == (2, ["logbook 22", "logbook 21"])
    assert await events(app, root, "?blSampleId=1") == (0, [])
    assert await events(app, root, "?status=success") == (0, [])


async def test_an_entry_is_an_event_with_an_item_of_its_own(app, as_user) -> None:
    root = await as_user(app, "root", "all_proposals")
    page = (await app.client.get("/events?eventType=logbook&limit=1", headers=root)).json()
    assert page["results"] == [
        {
            "id": 22,
            "type": "logbook",
            "startTime": "2026-03-10T12:25:00",
            "endTime": "2026-03-10T12:25:00",
            "duration": 0,
            "count": 1,
            "attachments": 0,
            "sessionId": 2,
            "session": "mx1-2",
            "proposal": "mx1",
            "blSampleId": None,
            "blSample": None,
            "Item": {"author": "Ada", "text": "Note 22"},
        }
    ]
    document = (await app.client.get("/openapi.json")).json()
    items = document["components"]["schemas"]["Event"]["properties"]["Item"]["anyOf"]
    assert {"$ref": "#/components/schemas/Entry"} in items


async def test_members_see_the_entries_of_their_sessions(app, as_user) -> None:
    ada = await as_user(app, "ada")
    assert await events(app, ada, "?eventType=logbook") == (2, ["logbook 12", "logbook 11"])
    types = (await app.client.get("/events/types", headers=ada)).json()
    assert [kind["eventTypeName"] for kind in types["results"]] == ["Sample Actions", "Logbook"]
    stranger = await as_user(app, "bob")
    assert await events(app, stranger) == (0, [])


async def page(app, headers, path: str):
    """A page: a token of the API opens it as the cookie of a log-in does."""
    return await app.client.get(app.client.base_url.join(path), headers=headers)


async def test_a_page_of_all_entries(app, as_user) -> None:
    ada = await as_user(app, "ada")
    shown = (await page(app, ada, "/logbook")).text
    assert '<h1>Logbook</h1><span class="soft">2</span>' in shown
    assert shown.index("Note 12") < shown.index("Note 11")
    assert "Note 21" not in shown
    assert '<a href="/sessions/1">session 1</a>' in shown
    assert '<a href="/logbook" aria-current="page">Logbook</a>' in shown
    found = (await page(app, ada, "/logbook?search=Note 11")).text
    assert "Note 12" not in found
    sheet = await page(app, ada, "/logbook?format=csv")
    assert sheet.text.splitlines()[1].startswith("1,2026-03-10T12:25:00,Ada,Note 12")


async def test_a_tab_of_a_session(app, as_user) -> None:
    ada = await as_user(app, "ada")
    assert '<a href="/sessions/1/logbook">Logbook</a>' in (await page(app, ada, "/sessions/1")).text
    shown = (await page(app, ada, "/sessions/1/logbook")).text
    assert "Note 11" in shown
    assert "<h1>mx1-1</h1>" in shown
    assert '<a href="/sessions/1/logbook" aria-current="page">Logbook</a>' in shown
    assert (await page(app, ada, "/sessions/2/logbook")).status_code == 404


async def test_what_people_wrote_is_text(app, as_user) -> None:
    await app.database.add(
        LogbookEntry, sessionId=1, writtenAt=datetime(2026, 3, 11), text="<script>alert(1)</script>"
    )
    shown = (await page(app, await as_user(app, "ada"), "/logbook")).text
    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>" not in shown
