"""Sessions: SQL."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, String, and_, bindparam, join, select

from starbeam.api.database import Reader, Scope, as_datetime, statement
from starbeam.api.models import Person
from starbeam_ispyb.models import BLSession, Proposal
from starbeam_legacy.queries.associations import caller, own_sessions
from starbeam_legacy.queries.rows import Row, flat, labelled, of
from starbeam_legacy.queries.summaries import Summaries

_COLUMNS = {
    **of(BLSession, "sessionId expSessionPk beamLineSetupId proposalId projectCode"),
    **of(BLSession, "startDate endDate", "BLSession_"),
    **of(BLSession, "beamLineName scheduled nbShifts comments beamLineOperator visit_number bltimeStamp"),
    **of(BLSession, "usedFlag sessionTitle structureDeterminations dewarTransport databackupFrance"),
    **of(BLSession, "databackupEurope operatorSiteNumber"),
    **of(BLSession, "lastUpdate protectedData", "BLSession_"),
    **of(Proposal, "title proposalCode", "Proposal_"),
    "Proposal_ProposalNumber": Proposal.proposalNumber,
    "Proposal_ProposalType": Proposal.proposalType,
    **of(Person, "personId familyName givenName emailAddress", "Person_"),
}


class Listing(msgspec.Struct, frozen=True):
    """Which sessions are listed: all or the caller's own; of a span or a proposal."""

    everything: bool
    span: tuple[Any, Any] | None = None
    """Two dates, as `dates` gives them."""
    proposal: int | None = None

    @property
    def form(self) -> tuple[bool, bool, bool]:
        """What the statements depend on."""
        return self.everything, self.span is not None, self.proposal is not None

    @property
    def values(self) -> dict[str, Any]:
        """What to bind."""
        start, end = self.span or (None, None)
        return {"span_start": start, "span_end": end, "proposal_key": self.proposal}


def _where(scope: Scope, form: tuple[bool, bool, bool]) -> list[ColumnElement[bool]]:
    everything, in_span, of_proposal = form
    permitted = scope.permitted()
    conditions = [] if permitted.sees_all(BLSession) else [permitted.sees(BLSession)]
    if not everything:
        conditions.append(BLSession.sessionId.in_(own_sessions()))
    if in_span:
        conditions.append(BLSession.startDate <= bindparam("span_end"))
        conditions.append(BLSession.endDate >= bindparam("span_start"))
    if of_proposal:
        conditions.append(BLSession.proposalId == bindparam("proposal_key"))
    return conditions


@statement
def _rows(scope: Scope, form: tuple[bool, bool, bool]) -> Select[Any]:
    order = BLSession.sessionId.desc() if form[1] else BLSession.sessionId
    columns = labelled(scope, _COLUMNS)
    of_session = and_(Proposal.proposalId == BLSession.proposalId, scope.permitted().sees(Proposal))
    source = join(BLSession, Proposal, of_session).outerjoin(Person, Person.personId == Proposal.personId)
    return select(*columns).select_from(source).where(*_where(scope, form)).order_by(order)


@statement
def _keys(scope: Scope, form: tuple[bool, bool, bool]) -> Select[Any] | None:
    """The keys of what is listed; None when it is every session."""
    conditions = _where(scope, form)
    return select(BLSession.sessionId).where(*conditions) if conditions else None


_DATES = select(
    as_datetime(bindparam("start", type_=String())).label("start"),
    as_datetime(bindparam("end", type_=String())).label("end"),
)


async def dates(reader: Reader, start: str, end: str) -> tuple[Any, Any]:
    """Two texts as the database reads them as dates; None for one that is none. 1 statement."""
    found = await reader.rows(_DATES, start=start, end=end)
    return found[0].start, found[0].end


async def listed(reader: Reader, summaries: Summaries, listing: Listing) -> list[Row]:
    """The sessions, by key; of a span the latest key first. 3 statements, 1 while the counts are fresh."""
    values = {**listing.values, **caller(reader)}
    rows = [flat(row) for row in await reader.rows(_rows(listing.form), **values)]
    sessions = [row["sessionId"] for row in rows]
    found = await summaries.of(reader, sessions, _keys(listing.form), **values)
    for row in rows:
        row.update(found[row["sessionId"]])
    return rows
