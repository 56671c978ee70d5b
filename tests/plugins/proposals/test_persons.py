"""`/persons`: everybody, the people of proposals, and those of one session."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from starbeam.db.models import Person, UserGroup, UserGroup_has_Person
from starbeam_ispyb import models as m

if TYPE_CHECKING:
    from plugins.proposals.conftest import Caller, Facility

pytestmark = [pytest.mark.anyio, pytest.mark.four_databases]

PROPOSER, MEMBER, CONTACT, GUEST, OTHER, NAMELESS = 1, 101, 102, 103, 104, 105
"""Persons; the last has no login."""
START = {1: datetime(2026, 3, 1), 2: datetime(2026, 2, 1), 3: datetime(2026, 1, 1), 4: None}
"""When the sessions start. The first two are of proposal 1, `mx23`, the others of proposal 2, `bl7`."""


@pytest.fixture
async def people(facility: Facility) -> dict[str, Caller]:
    """Two proposals with members, contacts and sessions; who asks for them."""
    db = facility.db
    for number in (MEMBER, CONTACT, GUEST, OTHER, NAMELESS):
        login = None if number == NAMELESS else f"p{number}"
        await db.add(Person, personId=number, login=login, givenName="Ann", familyName=f"P{number}")
    await facility.proposal(1, "mx", "23")
    await facility.proposal(2, "bl", "7")
    for key, start in START.items():
        await facility.session(
            key, 1 if key < 3 else 2, startDate=start, beamLineName="id30" if key < 2 else "x"
        )
    for proposal, person in ((1, MEMBER), (1, NAMELESS), (2, OTHER)):
        await db.add(m.ProposalHasPerson, proposalId=proposal, personId=person)
    for proposal, person in ((1, CONTACT), (1, NAMELESS), (1, MEMBER), (2, OTHER)):
        await db.add(m.LabContact, proposalId=proposal, personId=person, cardName=f"card {person}")
    for session, person in ((1, GUEST), (2, GUEST), (3, GUEST), (4, GUEST), (1, NAMELESS), (3, OTHER)):
        part = {"role": "Team Leader", "remote": 1} if session == 1 else {}
        await db.add(m.Session_has_Person, sessionId=session, personId=person, **part)
    named = {
        login: await facility.caller(login) for login in ("stranger", "session_member", "proposal_member")
    }
    await named["session_member"].joins(session=1)
    await named["proposal_member"].joins(proposal=1)
    return {
        **named,
        "staff": await facility.caller("staff", "mx_staff"),
        "administrator": await facility.caller("administrator", "all_proposals"),
        "manager": await facility.caller("manager", "manage_persons"),
    }


async def found(people: dict[str, Caller], **query: Any) -> dict[str, set[int]]:
    """Whom each caller gets; those who ask are negative numbers: the place among them, from 1."""
    asking = {caller.person_id: -place for place, caller in enumerate(people.values(), 1)}
    answers = {name: await caller.ids("/persons", "personId", **query) for name, caller in people.items()}
    for ids in answers.values():
        assert ids == sorted(ids)
    return {name: {asking.get(key, key) for key in ids} for name, ids in answers.items()}


def expected(**seen: set[int]) -> dict[str, set[int]]:
    """Whom each caller gets: nobody, unless named."""
    nobody = {key: set[int]() for key in ("stranger", "session_member", "proposal_member", "staff")}
    return {**nobody, "administrator": set(), "manager": set(), **seen}


LINKED = {MEMBER, CONTACT, -3}
"""Who belongs to proposal 1: also the third who asks."""
EVERYBODY = {PROPOSER, MEMBER, CONTACT, GUEST, OTHER, -1, -2, -3, -4, -5, -6}
IN_SESSION = {GUEST, -2}
"""Who is in session 1: also the second who asks."""
BY_RULE = dict.fromkeys(("session_member", "proposal_member", "staff"), LINKED)
OF_SESSION = dict.fromkeys(("session_member", "proposal_member", "staff", "administrator"), IN_SESSION)


async def test_without_a_session(people: dict[str, Caller]) -> None:
    assert await found(people) == expected(**BY_RULE, administrator=EVERYBODY)


async def test_only_those_who_manage_persons_are_shown_all(people: dict[str, Caller]) -> None:
    everything = {"administrator": EVERYBODY, "manager": EVERYBODY}
    assert await found(people, showAll=True) == expected(**BY_RULE, **everything)


@pytest.mark.fix(6)
@pytest.mark.fix(125)
async def test_of_a_proposal(people: dict[str, Caller]) -> None:
    near, far = expected(**BY_RULE, administrator=LINKED), expected(administrator={OTHER})
    assert await found(people, proposal="MX23") == near
    assert await found(people, proposal="bl7") == far
    assert await found(people, proposal="bl8") == expected()
    assert await found(people, proposal="mx23", showAll=True) == {**near, "manager": LINKED}
    assert await found(people, proposal="bl7", showAll=True) == {**far, "manager": {OTHER}}


async def test_by_text_and_by_group_of_users(people: dict[str, Caller], facility: Facility) -> None:
    assert await found(people, search="P10") == expected(
        **{key: {MEMBER, CONTACT} for key in ("session_member", "proposal_member", "staff")},
        administrator={MEMBER, CONTACT, GUEST, OTHER},
    )
    assert await found(people, search="p103", sessionId=1) == expected(
        **{key: {GUEST} for key in ("session_member", "proposal_member", "staff", "administrator")}
    )
    await facility.db.add(UserGroup, userGroupId=70, name="night crew")
    for person in (MEMBER, GUEST):
        await facility.db.add(UserGroup_has_Person, userGroupId=70, personId=person)
    assert await found(people, userGroupId=70) == expected()
    both = await facility.caller("both", "all_proposals", "manage_groups")
    assert await both.ids("/persons", "personId", userGroupId=70) == [MEMBER, GUEST]
    assert await both.ids("/persons", "personId", userGroupId=999) == []


@pytest.mark.fix(5)
@pytest.mark.fix(124)
async def test_of_a_session(people: dict[str, Caller]) -> None:
    assert await found(people, sessionId=1) == expected(**OF_SESSION)
    assert await found(people, sessionId=2) == expected(proposal_member={GUEST}, administrator={GUEST})
    assert await found(people, sessionId=3) == expected(administrator={GUEST, OTHER})
    for nothing in (0, 99, -1):
        assert await found(people, sessionId=nothing) == expected()
        assert await found(people, sessionId=nothing, showAll=True) == expected()
    assert await found(people, sessionId=1, showAll=True) == expected(**OF_SESSION, manager=IN_SESSION)


async def test_of_a_session_of_a_proposal(people: dict[str, Caller]) -> None:
    assert await found(people, sessionId=1, proposal="mx23") == expected(**OF_SESSION)
    assert await found(people, sessionId=1, proposal="bl7") == expected()
    both = expected(**OF_SESSION, manager=IN_SESSION)
    assert await found(people, sessionId=1, proposal="mx23", showAll=True) == both
    assert await found(people, sessionId=1, proposal="bl7", showAll=True) == expected()


async def test_a_person_without_a_session_has_no_part_in_one(people: dict[str, Caller]) -> None:
    answer = await people["staff"].get("/persons", limit=1)
    nothing = {"sessions": None, "lastSession": None, "role": None, "remote": None}
    person = {"personId": MEMBER, "givenName": "Ann", "familyName": "P101", "_metadata": nothing}
    assert answer == {"total": 3, "results": [person], "skip": 0, "limit": 1}


@pytest.mark.fix(22)
@pytest.mark.fix(124)
async def test_the_part_in_a_session_and_the_earlier_ones(people: dict[str, Caller]) -> None:
    async def part(caller: str, session: int, **query: Any) -> dict[str, Any]:
        answer = await people[caller].get("/persons", sessionId=session, **query)
        metadata: dict[str, Any] = next(
            row["_metadata"] for row in answer["results"] if row["personId"] == GUEST
        )
        return metadata

    def has(sessions: int, last: str | None, role: str | None = None, remote: bool | None = None) -> Any:
        return {"sessions": sessions, "lastSession": last, "role": role, "remote": remote}

    leader = ("Team Leader", True)
    assert await part("administrator", 1) == has(2, "2026-02-01T00:00:00", *leader)
    assert await part("proposal_member", 1) == has(1, "2026-02-01T00:00:00", *leader)
    assert await part("staff", 1) == has(0, None, *leader)
    assert await part("manager", 1, showAll=True) == has(2, "2026-02-01T00:00:00", *leader)
    assert await part("administrator", 2) == has(1, "2026-01-01T00:00:00", remote=False)
    assert await part("administrator", 3) == has(0, None, remote=False)
    assert await part("administrator", 4) == has(0, None, remote=False)


async def test_what_is_no_session_or_proposal_is_refused(people: dict[str, Caller]) -> None:
    for name, value in (("sessionId", "mx23-1"), ("sessionId", ""), ("proposal", "%"), ("showAll", "maybe")):
        answer = await people["administrator"].get("/persons", 422, **{name: value})
        assert [error["loc"] for error in answer["detail"]] == [["query", name]]
