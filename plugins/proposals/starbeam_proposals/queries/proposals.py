"""Proposals: SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select, union
from sqlalchemy.orm import aliased

from starbeam.api import Missing
from starbeam.api.database import CALLER_ID, Reader, Rows, Scope, Shape, containing, contains, statement
from starbeam.api.lists import Filters, List, ProposalId, Search, Where, query
from starbeam_ispyb.models import BLSession, Proposal, ProposalHasPerson, Session_has_Person
from starbeam_ispyb.names import is_proposal, proposal_name, proposal_value
from starbeam_proposals import schemas
from starbeam_proposals.queries.groups import ui_groups

_PERSONS = (
    select(func.count(ProposalHasPerson.personId.distinct()))
    .where(ProposalHasPerson.proposalId == Proposal.proposalId)
    .scalar_subquery()
)
_SHAPE = Shape(
    schemas.Proposal,
    Proposal,
    proposal=proposal_name(),
    metadata=Shape(schemas.ProposalMetaData, persons=_PERSONS, later={"sessions", "beamLines", "uiGroups"}),
)


@statement
def _by_name(scope: Scope) -> Select[Any]:
    named = select(*_SHAPE.columns(scope)).where(is_proposal(), scope.sees(Proposal))
    return named.order_by(Proposal.proposalId).limit(1)


@statement
def _visible_sessions(scope: Scope) -> Select[int, str | None, int]:
    """How many sessions on which beamline the caller sees, for some proposals."""
    columns = BLSession.proposalId, BLSession.beamLineName
    wanted = BLSession.proposalId.in_(bindparam("proposals", expanding=True))
    return (
        select(*columns, func.count())
        .where(wanted, scope.sees(BLSession))
        .group_by(*columns)
        .order_by(*columns)
    )


async def _count_sessions(reader: Rows, proposals: Sequence[schemas.Proposal]) -> None:
    """Fill in what the metadata says of the sessions. 1 statement, and one where a beamline's name is new."""
    ids = [proposal.proposalId for proposal in proposals]
    counts: dict[int, dict[str | None, int]] = {}
    for proposal_id, beamline, count in await reader.rows(_visible_sessions(), proposals=ids):
        counts.setdefault(proposal_id, {})[beamline] = count
    groups = await ui_groups(reader, [counts.get(key, {}) for key in ids])
    for proposal, names in zip(proposals, groups, strict=True):
        sessions = counts.get(proposal.proposalId, {})
        proposal.metadata.sessions = sum(sessions.values())
        proposal.metadata.beamLines = [name for name in sessions if name is not None]
        proposal.metadata.uiGroups = names


def _found(scope: Scope) -> ColumnElement[bool]:
    """In the title, in the name, or the beamline of a session."""
    text: Any = bindparam("pattern")
    session = aliased(BLSession)
    on_beamline = session.beamLineName == bindparam("search")
    return or_(
        contains(Proposal.title, text),
        contains(proposal_name(), text),
        Proposal.proposalId.in_(select(session.proposalId).where(on_beamline, scope.sees(session))),
    )


_MINE = union(
    select(ProposalHasPerson.proposalId).where(ProposalHasPerson.personId == CALLER_ID),
    select(BLSession.proposalId)
    .join(Session_has_Person, Session_has_Person.sessionId == BLSession.sessionId)
    .where(Session_has_Person.personId == CALLER_ID),
)
"""Proposals that the caller is a member of, or of a session of."""


def _bound(text: str) -> dict[str, str]:
    return {"pattern": containing(text), "search": text}


class ProposalFilters(Filters, frozen=True):
    """What `/proposals` is asked for."""

    search: Annotated[Search, Where(_found, _bound)] = None
    proposalId: Annotated[ProposalId, Where(Proposal.proposalId == bindparam("proposalId"))] = None
    proposalFilter: Annotated[
        str | None,
        query("`Current User`: only those that the caller takes part in"),
        Where(or_(bindparam("proposalFilter") != "Current User", Proposal.proposalId.in_(_MINE))),
    ] = None


PROPOSALS = List(
    _SHAPE,
    Proposal,
    ProposalFilters,
    order_by=[Proposal.proposalId.desc()],
    complete=_count_sessions,
    missing="Proposal not found",
)
"""The newest first. 3 statements a page."""


async def one(reader: Reader, name: str) -> schemas.Proposal:
    """The proposal of this name, in any case. Raises `Missing` where the caller sees none. 2 statements."""
    found = await uncounted(reader, name)
    await _count_sessions(reader, [found])
    return found


async def uncounted(reader: Reader, name: str) -> schemas.Proposal:
    """That, without the numbers of its sessions. 1 statement."""
    found = await reader.one(_SHAPE, _by_name(), **proposal_value(name[:100]))
    if found is None:
        raise Missing(PROPOSALS.missing)
    return found
