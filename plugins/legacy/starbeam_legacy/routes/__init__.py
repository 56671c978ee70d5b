"""`/legacy` sessions, proposals and data collection groups."""

from __future__ import annotations

from litestar import Router
from litestar.di import NamedDependency
from litestar.params import FromPath

from starbeam.api.database import Reader
from starbeam.api.http import always
from starbeam_legacy.access import lists_all_proposals, lists_all_sessions, only
from starbeam_legacy.queries import associations, groups, proposals, sessions
from starbeam_legacy.queries.rows import Row
from starbeam_legacy.queries.summaries import Summaries
from starbeam_legacy.routes.forms import both

SESSIONS = "Sessions - legacy with header token"
PROPOSALS = "Proposals - legacy with header token"
COLLECTIONS = "Data collections - legacy with header token"
TWO_OF_A_NAME = {404: "Two proposals have this name"}


@both("/sessions", "/{token}/session/list", tag=SESSIONS)
async def get_legacy_sessions(
    reader: NamedDependency[Reader], summaries: NamedDependency[Summaries]
) -> list[Row]:
    """Get all sessions that the caller may see"""
    listing = sessions.Listing(lists_all_sessions(reader.who))
    return await sessions.listed(reader, summaries, listing)


@both(
    "/sessions/date/{start_date}/{end_date}",
    "/{token}/proposal/session/date/{start_date}/{end_date}/list",
    tag=SESSIONS,
)
async def get_legacy_sessions_by_dates(
    reader: NamedDependency[Reader],
    summaries: NamedDependency[Summaries],
    start_date: FromPath[str],
    end_date: FromPath[str],
) -> list[Row]:
    """Get the sessions between two dates, `20200131` or `2020-01-31`"""
    everything = lists_all_sessions(reader.who)
    start, end = await sessions.dates(reader, start_date, end_date)
    if start is None or end is None:
        return []
    return await sessions.listed(reader, summaries, sessions.Listing(everything, span=(start, end)))


@both(
    "/sessions/proposal/{proposal_id}",
    "/{token}/proposal/{proposal_id}/session/list",
    tag=SESSIONS,
    errors=TWO_OF_A_NAME,
)
async def get_legacy_sessions_of_proposal(
    reader: NamedDependency[Reader], summaries: NamedDependency[Summaries], proposal_id: FromPath[str]
) -> list[Row]:
    """Get the sessions of a proposal, by its id or name"""
    everything = lists_all_sessions(reader.who)
    key = only([key for key, _ in await associations.proposals_named(reader, proposal_id)])
    if key is None:
        return []
    return await sessions.listed(reader, summaries, sessions.Listing(everything, proposal=key))


@both("/proposals", "/{token}/proposal/list", tag=PROPOSALS)
async def get_legacy_proposals(reader: NamedDependency[Reader]) -> list[Row]:
    """Get all proposals that the caller may see"""
    return await proposals.listed(reader, everything=lists_all_proposals(reader.who))


@both(
    "/proposals/{proposal_id}",
    "/{token}/proposal/{proposal_id}/info/get",
    tag=PROPOSALS,
    errors=TWO_OF_A_NAME,
)
async def get_legacy_proposal(
    reader: NamedDependency[Reader], proposal_key: NamedDependency[int | None]
) -> dict[str, Row | None]:
    """Get a proposal, by its id or name"""
    return {"proposal": await proposals.one(reader, proposal_key)}


@both(
    "/data_collections/groups/session/{session_id}",
    "/{token}/proposal/session/{session_id}/list",
    tag=COLLECTIONS,
)
async def get_legacy_groups_of_session(
    reader: NamedDependency[Reader], session_key: NamedDependency[int | None]
) -> list[Row]:
    """Get the data collection groups of a session"""
    return await groups.of_session(reader, session_key)


handlers = [
    *get_legacy_sessions,
    *get_legacy_sessions_by_dates,
    *get_legacy_sessions_of_proposal,
    *get_legacy_proposals,
    *get_legacy_proposal,
    *get_legacy_groups_of_session,
]


def router(summaries: Summaries) -> Router:
    """The operations; `summaries` keeps what they count."""
    return Router("/", route_handlers=handlers, dependencies=always(summaries=summaries))
