"""`/proposals`, `/sessions` and `/persons`."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from starbeam.access import authenticated
from starbeam.db.reader import Reader
from starbeam.paging import Page, Paged, everything
from starbeam.params import BeamLineName, ProposalName, Search, path_id, query_id
from starbeam.refusals import Missing
from starbeam.runtime import Runtime
from starbeam_proposals.queries import persons, proposals, sessions
from starbeam_proposals.schemas import Person, Proposal, Session

BeamLineGroupName = Annotated[str | None, QueryParameter(description="Show sessions for a beamLineGroup")]
Upcoming = Annotated[bool, QueryParameter(description="Get the upcoming sessions")]
Previous = Annotated[bool, QueryParameter(description="Get the recently finished sessions")]
SessionTypeName = Annotated[
    str | None, QueryParameter(description="Filter by session type, i.e. commissioning, remote")
]


@get("/proposals", tags=["Proposals"], access=authenticated)
async def get_proposals(
    reader: NamedDependency[Reader],
    runtime: NamedDependency[Runtime],
    page: NamedDependency[Page],
    search: Search = None,
) -> Paged[Proposal]:
    """Get a list of proposals"""
    return await proposals.page(reader, runtime.options.values.beamline_groups, page, search)


@get(
    "/proposals/{proposal:str}", tags=["Proposals"], access=authenticated, errors={404: "Proposal not found"}
)
async def get_proposal(
    reader: NamedDependency[Reader], runtime: NamedDependency[Runtime], proposal: FromPath[str]
) -> Proposal:
    """Get a proposal"""
    found = await proposals.one(reader, runtime.options.values.beamline_groups, proposal)
    if found is None:
        raise Missing("Proposal not found")
    return found


@get("/sessions", tags=["Sessions"], access=authenticated)
async def get_sessions(
    reader: NamedDependency[Reader],
    runtime: NamedDependency[Runtime],
    page: NamedDependency[Page],
    beamLineGroup: BeamLineGroupName = None,
    scheduled: Annotated[bool | None, QueryParameter(description="Get scheduled sessions only")] = None,
    upcoming: Upcoming = False,
    previous: Previous = False,
    sessionType: SessionTypeName = None,
    proposal: ProposalName = None,
    beamLineName: BeamLineName = None,
    month: Annotated[str | None, QueryParameter(pattern=r"^\d\d?$", description="Month filter by")] = None,
    year: Annotated[str | None, QueryParameter(pattern=r"^\d\d\d\d$", description="Year filter by")] = None,
) -> Paged[Session]:
    """Get a list of sessions"""
    filters = sessions.Filters(
        beamLineGroup, bool(scheduled), upcoming, previous, sessionType, proposal, beamLineName, month, year
    )
    return await sessions.page(reader, runtime.options.values.beamline_groups, page, filters)


@get("/sessions/group", tags=["Sessions"], access=authenticated)
async def get_sessions_for_beamline_group(
    reader: NamedDependency[Reader],
    runtime: NamedDependency[Runtime],
    beamLineGroup: BeamLineGroupName = None,
    upcoming: Upcoming = False,
    previous: Previous = False,
    sessionType: SessionTypeName = None,
) -> Paged[Session]:
    """Get a list of sessions for a beamline group

    Displays one session per beamline
    """
    filters = sessions.Filters(beamLineGroup, upcoming=upcoming, previous=previous, sessionType=sessionType)
    return everything(await sessions.of_group(reader, runtime.options.values.beamline_groups, filters))


@get("/sessions/{sessionId:str}", tags=["Sessions"], access=authenticated, errors={404: "Session not found"})
async def get_session(
    reader: NamedDependency[Reader], runtime: NamedDependency[Runtime], sessionId: Annotated[int, path_id()]
) -> Session:
    """Get a session"""
    found = await sessions.one(reader, runtime.options.values.beamline_groups, sessionId)
    if found is None:
        raise Missing("Session not found")
    return found


@get("/persons", tags=["People"], access=authenticated)
async def get_persons(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    showAll: Annotated[
        bool, QueryParameter(description="Show all persons, with the permission manage_persons")
    ] = False,
    proposal: ProposalName = None,
    sessionId: Annotated[int | None, query_id("Session id to filter by")] = None,
) -> Paged[Person]:
    """Get a list of people"""
    return await persons.page(reader, page, persons.Filters(showAll, proposal, sessionId))


handlers = [
    get_proposals,
    get_proposal,
    get_sessions,
    get_sessions_for_beamline_group,
    get_session,
    get_persons,
]
