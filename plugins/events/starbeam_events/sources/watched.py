"""What is watched: which sessions changed, and the events of sessions with their marks."""

from __future__ import annotations

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.sql.selectable import Subquery

from starbeam.api.database import Scope, digest, statement
from starbeam_events.sources.base import SESSIONS, EventSource, Query, Wanted
from starbeam_ispyb.models import BLSession, Proposal
from starbeam_ispyb.names import proposal_name, session_name

Sources = tuple[EventSource, ...]


def _watched(scope: Scope, sources: Sources, wanted: Wanted) -> Subquery | None:
    found = ((source.type, source.watched(scope, wanted)) for source in sources)
    typed = [query.add_columns(literal(type).label("type")) for type, query in found if query is not None]
    return union_all(*typed).subquery("watched") if typed else None


@statement
def changes(scope: Scope, sources: Sources) -> Query | None:
    """Each session with a number that changes with its events, whoever may see them."""
    entities = (one for source in sources for one in source.entities)
    everything = scope.below(BLSession, *entities)
    watched = _watched(everything, sources, Wanted())
    if watched is None:
        return None
    one = watched.c
    marks = func.sum(digest(one.type, one.id, one.mark))
    return select(one.session, marks).where(one.session.is_not(None)).group_by(one.session)


@statement
def events(scope: Scope, sources: Sources, wanted: Wanted, some: bool) -> Query | None:
    """Events that match and that the caller may see; of `some` sessions, bound as `sessions`."""
    watched = _watched(scope, sources, wanted)
    if watched is None:
        return None
    one, session = watched.c, BLSession
    columns = one.type, one.id, one.start, one.mark, session.sessionId, session_name(), proposal_name()
    found = select(*columns, session.beamLineName).select_from(watched)
    found = found.join(session, session.sessionId == one.session)
    found = found.join(Proposal, Proposal.proposalId == session.proposalId).where(one.start.is_not(None))
    return found.where(one.session.in_(SESSIONS)) if some else found
