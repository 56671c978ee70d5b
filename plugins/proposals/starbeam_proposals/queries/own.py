"""The sessions that a person takes part in, whatever else they see."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, case, select, union, union_all

from starbeam.api.database import CALLER_ID, NOW, Reader, Scope, statement
from starbeam_ispyb.models import BLSession, ProposalHasPerson, Session_has_Person
from starbeam_proposals.queries.sessions import JOINS, TITLED, complete
from starbeam_proposals.schemas import TitledSession

COMING, PAST = 4, 5
"""How many that are not over, and that are."""
_OWN = union(
    select(Session_has_Person.sessionId.label("id")).where(Session_has_Person.personId == CALLER_ID),
    select(BLSession.sessionId)
    .join(ProposalHasPerson, ProposalHasPerson.proposalId == BLSession.proposalId)
    .where(ProposalHasPerson.personId == CALLER_ID),
).subquery("own_sessions")
"""Those that the caller is a member of, or of whose proposals."""


@statement
def _own(scope: Scope) -> Select[Any]:
    start, over = BLSession.startDate, BLSession.endDate < NOW
    seen = BLSession.sessionId.in_(select(_OWN.c.id)), scope.sees(BLSession)
    own = select(BLSession.sessionId.label("id")).where(*seen)
    coming = own.where(BLSession.endDate >= NOW).order_by(start, BLSession.sessionId).limit(COMING)
    past = own.where(over).order_by(start.desc(), BLSession.sessionId.desc()).limit(PAST)
    keys = union_all(*(select(one.subquery()) for one in (coming, past))).subquery("own")
    joins = JOINS.join(keys, keys.c.id == BLSession.sessionId)
    order = over, case((over, None), else_=start), start.desc(), BLSession.sessionId.desc()
    return select(*TITLED.shape.columns(scope)).select_from(joins).order_by(*order)


async def sessions(reader: Reader) -> list[TitledSession]:
    """What runs and comes next, by start, then the last ones. 3 statements."""
    found = await reader.shaped(TITLED.shape, _own())
    if found:
        await complete(reader, found)
    return found
