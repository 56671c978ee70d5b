"""Names of proposals and sessions: `mx1234` is the code and number of a proposal, `mx1234-1` its session of
visit number 1."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, literal, select

from starbeam.api.database import Scope, joined, statement
from starbeam.api.lists import Where, number_of
from starbeam_ispyb.models import BLSession, Proposal


def proposal_name(proposal: Any = Proposal) -> ColumnElement[str | None]:
    """The name of a proposal."""
    return joined(proposal.proposalCode, proposal.proposalNumber)


def session_name(proposal: Any = Proposal, session: Any = BLSession) -> ColumnElement[str | None]:
    """The name of a session; NULL without a visit number."""
    return joined(proposal.proposalCode, proposal.proposalNumber, literal("-"), session.visit_number)


@statement
def beamline_names(scope: Scope) -> Select[str | None]:
    """The beamlines of the sessions that the caller sees, by name."""
    name = BLSession.beamLineName
    return select(name).where(scope.sees(BLSession), name.is_not(None), name != "").distinct().order_by(name)


def is_proposal(proposal: Any = Proposal) -> ColumnElement[bool]:
    """The proposal has the name that was bound with `proposal_value`. Uses the index on code and number."""
    return _is_named(proposal, "proposal")


def proposal_value(name: str) -> dict[str, Any]:
    """What to bind for `is_proposal`."""
    return _name("proposal", name)


def _is_named(proposal: Any, what: str) -> ColumnElement[bool]:
    """The name decides; the lists lead to the index. Not pairs of code and number: of a list of pairs MariaDB
    compares letters beyond ASCII as bytes of another character set."""
    code = proposal.proposalCode.in_(bindparam(f"{what}_codes", expanding=True))
    number = proposal.proposalNumber.in_(bindparam(f"{what}_numbers", expanding=True))
    return and_(code, number, proposal_name(proposal) == bindparam(f"{what}_name"))


def _name(what: str, name: str) -> dict[str, Any]:
    """A name, and every code and number that make it."""
    cuts = range(len(name) + 1)
    codes, numbers = [name[:cut] for cut in cuts], [name[cut:] for cut in cuts]
    return {f"{what}_name": name, f"{what}_codes": codes, f"{what}_numbers": numbers}


def of_proposal(column: Any) -> Where:
    """The filter `proposal`, by a column that holds proposals' keys."""
    return Where(column.in_(select(Proposal.proposalId).where(is_proposal())), proposal_value)


def is_proposal_of_session(proposal: Any = Proposal) -> ColumnElement[bool]:
    """The proposal is that of the session whose name was bound with `session_value`."""
    return _is_named(proposal, "session")


def is_session(proposal: Any = Proposal, session: Any = BLSession) -> ColumnElement[bool]:
    """The session, of this proposal, has the name that was bound with `session_value`."""
    return and_(session.visit_number == bindparam("session_visit"), is_proposal_of_session(proposal))


def session_value(name: str) -> dict[str, Any]:
    """What to bind for `is_session`. A visit number that no session's name shows (`-01`) matches nothing."""
    proposal, _, visit = name.rpartition("-")
    number = number_of(visit)
    return {**_name("session", proposal), "session_visit": number if str(number) == visit else None}
