"""The sessions of a month, as the calendar shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Select, bindparam, or_, select

from starbeam.api.database import Reader, Scope, Shape, statement
from starbeam_ispyb.models import BLSession, Proposal
from starbeam_ispyb.names import proposal_name, session_name


class Visit(msgspec.Struct):
    """A session in the calendar."""

    sessionId: int
    session: str | None
    proposal: str
    title: str | None
    beamLineName: str | None
    startDate: datetime
    endDate: datetime | None


VISIT = Shape(Visit, BLSession, session=session_name(), proposal=proposal_name(), title=Proposal.title)


@statement
def _between(scope: Scope) -> Select[Any]:
    """Those that start between two moments, or still run at the first."""
    first: Any = bindparam("first")
    touches = (
        BLSession.startDate < bindparam("after"),
        or_(BLSession.startDate >= first, BLSession.endDate > first),
    )
    found = select(*VISIT.columns(scope)).join(Proposal, Proposal.proposalId == BLSession.proposalId)
    order = BLSession.startDate, BLSession.beamLineName, BLSession.sessionId
    return found.where(scope.sees(BLSession), *touches).order_by(*order)


async def between(reader: Reader, first: datetime, after: datetime) -> list[Visit]:
    """The sessions that touch the time from `first` up to `after`, by start. 1 statement."""
    return await reader.shaped(VISIT, _between(), first=first, after=after)
