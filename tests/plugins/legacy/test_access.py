"""Who sees what: permissions by name, and the rules of association."""

from __future__ import annotations

import pytest

from starbeam_ispyb import models as m
from starbeam_testing.app import TestApp
from support.legacy import Caller, caller

pytestmark = pytest.mark.anyio

PROPOSALS = ("/proposals", "/{token}/proposal/list")
SESSIONS = ("/sessions", "/{token}/session/list")
NOT_AUTHORIZED = {"detail": "Not Authorized"}


async def proposals(who: Caller) -> set[int]:
    """Keys of the proposals that somebody's list holds."""
    return {row["Proposal_proposalId"] for row in await who.get(*PROPOSALS)}


async def sessions(who: Caller) -> list[int]:
    """Keys of the sessions that somebody's list holds."""
    return [row["sessionId"] for row in await who.get(*SESSIONS)]


async def opens_proposal(who: Caller, key: str = "1") -> bool:
    """Whether somebody may see one proposal."""
    path, by_token = f"/legacy/proposals/{key}", f"/legacy/{who.token}/proposal/{key}/info/get"
    first = await who.app.client.get(path, headers={"Authorization": f"bearer {who.token}"})
    second = await who.app.client.get(by_token)
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    return first.is_success


async def opens_session(who: Caller, key: str = "1") -> bool:
    """Whether somebody may see one session."""
    path = f"/legacy/data_collections/groups/session/{key}"
    by_token = f"/legacy/{who.token}/proposal/session/{key}/list"
    first = await who.app.client.get(path, headers={"Authorization": f"bearer {who.token}"})
    second = await who.app.client.get(by_token)
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    return first.is_success


@pytest.mark.on("sqlite-union", "mariadb-diamond")
async def test_proposals_by_association(app: TestApp) -> None:
    found = {}
    for login in ("proposer", "member", "participant", "nobody"):
        who = await caller(app, login, "own_proposals")
        found[login] = await proposals(who), await opens_proposal(who), await opens_proposal(who, "2")
    assert found == {
        "proposer": ({1}, True, False),
        "member": ({1}, True, False),
        "participant": ({1}, False, False),  # through the session into the list, but not into the proposal
        "nobody": (set(), False, False),
    }
    boss = await caller(app, "boss", "all_proposals")
    assert await proposals(boss) == {1, 2}
    assert await opens_proposal(boss, "2")


@pytest.mark.on("sqlite-union", "mariadb-diamond")
@pytest.mark.fix(135)
async def test_sessions_by_association(app: TestApp) -> None:
    await app.database.add(m.Session_has_Person, sessionId=3, personId=3)
    found = {}
    for login in ("proposer", "member", "participant", "nobody"):
        who = await caller(app, login, "own_sessions")
        found[login] = await sessions(who), [key for key in "123" if await opens_session(who, key)]
    assert found == {
        "proposer": ([1, 2], ["1", "2"]),
        "member": ([], []),
        "participant": ([1, 3], ["1", "3"]),  # with two sessions
        "nobody": ([], []),
    }
    boss = await caller(app, "boss", "all_sessions")
    assert await sessions(boss) == [1, 2, 3]
    assert await opens_session(boss, "2")


async def test_lists_need_a_permission(app: TestApp) -> None:
    of_sessions = await caller(app, "proposer", "own_sessions", "all_sessions")
    assert await of_sessions.get(*PROPOSALS, status=403) == NOT_AUTHORIZED
    of_proposals = await caller(app, "member", "own_proposals", "all_proposals")
    dates = ("/sessions/date/20260101/x", "/{token}/proposal/session/date/20260101/x/list")
    of_one = ("/sessions/proposal/1", "/{token}/proposal/1/session/list")
    for paths in (SESSIONS, dates, of_one):
        assert await of_proposals.get(*paths, status=403) == NOT_AUTHORIZED


async def test_what_the_refusals_say(app: TestApp) -> None:
    own = await caller(app, "nobody", "own_proposals", "own_sessions")
    start = "User nobody (permissions assigned: ['own_proposals', 'own_sessions'])"
    one = ("/proposals/{}", "/{{token}}/proposal/{}/info/get")
    for proposal in ("1", "MX23", "99", "none"):
        detail = f"{start} is not authorized to access proposal {proposal}."
        paths = [path.format(proposal) for path in one]
        assert await own.get(*paths, status=403) == {"detail": detail}
    session = ("/data_collections/groups/session/1", "/{token}/proposal/session/1/list")
    detail = f"{start} is not authorized to access session 1."
    assert await own.get(*session, status=403) == {"detail": detail}
    without = await caller(app, "proposer")
    start = "User proposer (permissions assigned: []) has no appropriate permissions"
    paths = [path.format("1") for path in one]
    detail = f"{start} (['all_proposals', 'own_proposals']) to execute method."
    assert await without.get(*paths, status=403) == {"detail": detail}
    detail = f"{start} (['all_sessions', 'own_sessions']) to execute method."
    assert await without.get(*session, status=403) == {"detail": detail}


async def test_a_proposal_is_found_by_key_and_by_name_in_any_case(app: TestApp) -> None:
    boss = await caller(app, "boss", "all_proposals")
    for text in ("1", "mx23", "MX23"):
        found = await boss.get(f"/proposals/{text}", f"/{{token}}/proposal/{text}/info/get")
        assert found["proposal"]["proposalId"] == 1, text
    for text in ("99", "mx99", "9" * 30, "-1"):
        assert await boss.get(f"/proposals/{text}") == {"proposal": None}, text


@pytest.mark.on("sqlite-union", "mariadb-community")
@pytest.mark.fix(25)
async def test_a_key_with_trailing_letters_is_no_key(app: TestApp) -> None:
    boss = await caller(app, "boss", "all_proposals", "all_sessions")
    assert await boss.get("/proposals/1abc", "/{token}/proposal/1abc/info/get") == {"proposal": None}
    assert await boss.get("/sessions/proposal/1abc", "/{token}/proposal/1abc/session/list") == []
    assert not await opens_proposal(await caller(app, "proposer", "own_proposals"), "1abc")


@pytest.mark.on("sqlite-union", "mariadb-community")
@pytest.mark.fix(27)
async def test_a_session_key_with_trailing_letters_is_no_session(app: TestApp) -> None:
    await app.database.add(m.DataCollectionGroup, dataCollectionGroupId=1, sessionId=1)
    boss = await caller(app, "boss", "all_sessions")
    path = ("/data_collections/groups/session/{}", "/{{token}}/proposal/session/{}/list")
    assert len(await boss.get(*(one.format("1") for one in path))) == 1
    for text in ("1abc", "9" * 30, "-1", "x"):
        assert await boss.get(*(one.format(text) for one in path)) == []
    assert not await opens_session(await caller(app, "participant", "own_sessions"), "1abc")


@pytest.mark.fix(26)
async def test_two_proposals_of_one_name_are_a_404(app: TestApp) -> None:
    """For those who may see one of them; the others are told nothing."""
    await app.database.add(m.Proposal, proposalId=7, personId=4, proposalCode="MX2", proposalNumber="3")
    missing = {"detail": "Proposal not found"}
    boss = await caller(app, "boss", "all_proposals", "all_sessions")
    one = ("/proposals/mx23", "/{token}/proposal/mx23/info/get")
    assert await boss.get(*one, status=404) == missing
    assert await boss.get("/sessions/proposal/mx23", "/{token}/proposal/mx23/session/list", 404) == missing
    assert (await boss.get("/proposals/7"))["proposal"]["proposalCode"] == "MX2"
    proposer = await caller(app, "proposer", "own_proposals")
    assert await proposer.get(*one, status=404) == missing
    nobody = await caller(app, "nobody", "own_proposals")
    await nobody.get(*one, status=403)
