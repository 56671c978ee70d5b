"""`/proposals`, `/sessions` and `/persons`."""

from __future__ import annotations

from typing import Annotated

from litestar import get, patch
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from starbeam.api import authenticated
from starbeam.api.database import Patch, Reader, Write
from starbeam.api.http import asked
from starbeam.api.lists import Page, Paged, everything, path_id
from starbeam_proposals import changes
from starbeam_proposals.queries import persons, proposals, sessions
from starbeam_proposals.queries.persons import PersonFilters
from starbeam_proposals.queries.proposals import PROPOSALS, ProposalFilters
from starbeam_proposals.queries.sessions import SESSIONS, GroupFilters, SessionFilters
from starbeam_proposals.schemas import Person, Proposal, Session, SessionChange


@get("/proposals", tags=["Proposals"], access=authenticated, dependencies=asked(ProposalFilters))
async def get_proposals(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[ProposalFilters]
) -> Paged[Proposal]:
    """Get a list of proposals"""
    return await reader.page(PROPOSALS, page, filters)


@get("/proposals/{proposal:str}", tags=["Proposals"], access=authenticated, errors={404: PROPOSALS.missing})
async def get_proposal(reader: NamedDependency[Reader], proposal: FromPath[str]) -> Proposal:
    """Get a proposal"""
    return await proposals.one(reader, proposal)


@get("/sessions", tags=["Sessions"], access=authenticated, dependencies=asked(SessionFilters))
async def get_sessions(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[SessionFilters]
) -> Paged[Session]:
    """Get a list of sessions"""
    return await reader.page(SESSIONS, page, filters)


@get("/sessions/group", tags=["Sessions"], access=authenticated, dependencies=asked(GroupFilters))
async def get_sessions_for_beamline_group(
    reader: NamedDependency[Reader], filters: NamedDependency[GroupFilters]
) -> Paged[Session]:
    """Get a list of sessions for a beamline group

    Displays one session per beamline
    """
    return everything(await sessions.of_group(reader, filters))


@get("/sessions/{sessionId:str}", tags=["Sessions"], access=authenticated, errors={404: SESSIONS.missing})
async def get_session(reader: NamedDependency[Reader], sessionId: Annotated[int, path_id()]) -> Session:
    """Get a session"""
    return await reader.get(SESSIONS, sessionId)


@patch(
    "/sessions/{sessionId:str}",
    tags=["Sessions"],
    access=authenticated.opened("record"),
    errors={404: SESSIONS.missing},
)
async def update_session(
    data: JSONBody[Patch[SessionChange]],
    write: NamedDependency[Write],
    sessionId: Annotated[int, path_id()],
) -> Session:
    """Update the comments of a session"""
    return await write(changes.update_session, sessionId, data)


@get("/persons", tags=["People"], access=authenticated, dependencies=asked(PersonFilters))
async def get_persons(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[PersonFilters]
) -> Paged[Person]:
    """Get a list of people"""
    return await persons.page(reader, page, filters)


handlers = [
    get_proposals,
    get_proposal,
    get_sessions,
    get_sessions_for_beamline_group,
    get_session,
    update_session,
    get_persons,
]
