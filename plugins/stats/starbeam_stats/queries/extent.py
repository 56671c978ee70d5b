"""Which sessions statistics are about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

import msgspec
from sqlalchemy import ColumnElement, Select, bindparam, select

from starbeam.api import Missing
from starbeam.api.database import Reader, Scope, seconds_between, statement
from starbeam.api.lists import BeamLineName, ProposalName, SessionName, number_of, query, query_id
from starbeam_ispyb.models import BLSession, DataCollection, DataCollectionGroup, Proposal
from starbeam_ispyb.names import (
    is_proposal,
    is_proposal_of_session,
    proposal_value,
    session_name,
    session_value,
)
from starbeam_stats.models import v_run


class SessionOrRun(msgspec.Struct, frozen=True):
    """What statistics are asked of: a session, or a run on a beamline."""

    beamLineName: BeamLineName = None
    session: SessionName = None
    sessionId: Annotated[int | None, query_id("Session id to filter by")] = None
    runId: Annotated[str | None, query("Run to filter by", max_length=100)] = None


class Wanted(SessionOrRun, frozen=True):
    """A session, a proposal, or a run on a beamline."""

    proposal: ProposalName = None


class Session(msgspec.Struct, frozen=True):
    """One session."""

    sessionId: int
    name: str | None
    startDate: datetime | None
    endDate: datetime | None
    beamLineName: str | None
    seconds: int


class Run(msgspec.Struct, frozen=True):
    """One run."""

    run: str
    startDate: datetime | None
    endDate: datetime | None
    seconds: int


@dataclass(frozen=True)
class Extent:
    """The sessions that were asked of and that the caller sees: one, or those of a proposal or run."""

    session: Session | None = None
    run: Run | None = None
    values: dict[str, Any] = field(default_factory=dict)
    """What to bind for the conditions."""

    @property
    def given(self) -> frozenset[str]:
        """The names of the conditions."""
        return frozenset(self.values) & frozenset(_CONDITIONS)


_CONDITIONS: dict[str, ColumnElement[bool]] = {
    "session_id": BLSession.sessionId == bindparam("session_id"),
    "session_visit": BLSession.visit_number == bindparam("session_visit"),
    "session_name": BLSession.proposalId.in_(select(Proposal.proposalId).where(is_proposal_of_session())),
    "proposal_id": BLSession.proposalId == bindparam("proposal_id"),
    "beamline": BLSession.beamLineName == bindparam("beamline"),
    "run_start": BLSession.startDate >= bindparam("run_start"),
    "run_end": BLSession.startDate <= bindparam("run_end"),
}
"""Conditions on a session, by what is bound."""


def where(scope: Scope, given: frozenset[str]) -> list[ColumnElement[bool]]:
    """The conditions for a session to be meant and visible."""
    return [scope.sees(BLSession), *(_CONDITIONS[name] for name in sorted(given))]


def sessions(scope: Scope, given: frozenset[str]) -> Select[int]:
    """The keys of the sessions that are meant and visible."""
    return select(BLSession.sessionId).where(*where(scope, given))


def collections(scope: Scope, given: frozenset[str], *columns: Any) -> Select[Any]:
    """Columns of the data collections of these sessions, and of their groups."""
    group = DataCollectionGroup.dataCollectionGroupId == DataCollection.dataCollectionGroupId
    visible = scope.below(BLSession).sees(DataCollection)
    joined = select(*columns).select_from(DataCollection).join(DataCollectionGroup, group)
    return joined.where(DataCollectionGroup.sessionId.in_(sessions(scope, given)), visible)


@statement
def _session(scope: Scope, given: frozenset[str]) -> Select[Any]:
    length = seconds_between(BLSession.startDate, BLSession.endDate)
    known = BLSession.sessionId, session_name()
    columns: Any = *known, BLSession.startDate, BLSession.endDate, BLSession.beamLineName, length
    found = select(*columns).where(*where(scope, given))
    return found.join(Proposal, Proposal.proposalId == BLSession.proposalId).order_by(BLSession.sessionId)


@statement
def _any_session(scope: Scope, given: frozenset[str]) -> Select[Any]:
    return sessions(scope, given).limit(1)


@statement
def _proposal(scope: Scope) -> Select[Any]:
    visible = is_proposal(), scope.sees(Proposal)
    return select(Proposal.proposalId).where(*visible).order_by(Proposal.proposalId)


@statement
def _run(scope: Scope) -> Select[Any]:
    length = seconds_between(v_run.startDate, v_run.endDate)
    columns: Any = v_run.run, v_run.startDate, v_run.endDate, length
    return select(*columns).where(v_run.runId == bindparam("run_id"))


async def extent(reader: Reader, wanted: SessionOrRun) -> Extent:
    """The sessions that are meant. 1 to 3 statements.

    Raises Missing for a session, proposal or run that does not exist, or that the caller does not
    see: of a run on a beamline, no session. A name that several have names none of them.
    """
    values: dict[str, Any] = {"beamline": wanted.beamLineName} if wanted.beamLineName is not None else {}
    run = await _the_run(reader, wanted.runId)
    if run is not None:
        values |= {"run_start": run.startDate, "run_end": run.endDate}
    if isinstance(wanted, Wanted) and wanted.proposal is not None:
        values["proposal_id"] = await _the_proposal(reader, wanted.proposal)
    if wanted.sessionId is None and wanted.session is None:
        if run is not None:
            given = Extent(values=values).given
            _found(await reader.rows(_any_session(given), **values), "Run not found")
        return Extent(run=run, values=values)
    one = session_value(wanted.session) if wanted.session is not None else {}
    values |= {"session_id": wanted.sessionId} if wanted.sessionId is not None else one
    rows = await reader.rows(_session(Extent(values=values).given), **values)
    session = Session(*_found(rows, "Session not found"))
    return Extent(session=session, values={"session_id": session.sessionId})


async def _the_run(reader: Reader, run_id: str | None) -> Run | None:
    if run_id is None:
        return None
    number = number_of(run_id) if reader.scope.has(v_run) else None
    rows = () if number is None else await reader.rows(_run(), run_id=number)
    return Run(*_found(rows, "Run not found"))


async def _the_proposal(reader: Reader, name: str) -> int:
    found: int = _found(await reader.rows(_proposal(), **proposal_value(name)), "Proposal not found")[0]
    return found


def _found(rows: Any, missing: str) -> Any:
    """The only row: a name that means several is none."""
    if len(rows) != 1:
        raise Missing(missing)
    return rows[0]
