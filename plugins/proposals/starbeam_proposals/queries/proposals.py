"""Proposals: SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.orm import aliased

from starbeam.db.functions import containing, contains
from starbeam.db.lists import Listing
from starbeam.db.reader import Reader
from starbeam.db.scope import Scope, statement
from starbeam.db.shape import Shape
from starbeam.options import BeamLineGroup
from starbeam.paging import Page, Paged
from starbeam_ispyb.models import BLSession, Proposal, ProposalHasPerson
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
def _page(scope: Scope, searching: bool) -> Listing[schemas.Proposal]:
    where = [scope.sees(Proposal)]
    if searching:
        text: Any = bindparam("pattern")
        session = aliased(BLSession)
        on_beamline = select(session.proposalId).where(
            session.beamLineName == bindparam("search"), scope.sees(session)
        )
        where.append(
            or_(
                contains(Proposal.title, text),
                contains(proposal_name(), text),
                Proposal.proposalId.in_(on_beamline),
            )
        )
    return Listing(scope, _SHAPE, Proposal, where=where, order_by=[Proposal.proposalId.desc()])


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


async def page(
    reader: Reader, groups: Sequence[BeamLineGroup], page: Page, search: str | None
) -> Paged[schemas.Proposal]:
    """A page of the proposals that the caller sees, the newest first. 3 statements."""
    values = {} if search is None else {"pattern": containing(search), "search": search}
    found = await reader.page(_page(reader.scope, search is not None), page, **values)
    await _count_sessions(reader, groups, found.results)
    return found


async def one(reader: Reader, groups: Sequence[BeamLineGroup], name: str) -> schemas.Proposal | None:
    """The proposal of this name, in any case, if the caller sees it. 2 statements."""
    found = await reader.one(_SHAPE, _by_name(reader.scope), **proposal_value(name[:100]))
    if found is not None:
        await _count_sessions(reader, groups, [found])
    return found


async def _count_sessions(
    reader: Reader, groups: Sequence[BeamLineGroup], proposals: Sequence[schemas.Proposal]
) -> None:
    """Fill in what the metadata says of the sessions."""
    if not proposals:
        return
    ids = [proposal.proposalId for proposal in proposals]
    counts: dict[int, dict[str | None, int]] = {}
    for proposal_id, beamline, count in await reader.rows(_visible_sessions(reader.scope), proposals=ids):
        counts.setdefault(proposal_id, {})[beamline] = count
    for proposal in proposals:
        sessions = counts.get(proposal.proposalId, {})
        proposal.metadata.sessions = sum(sessions.values())
        proposal.metadata.beamLines = [name for name in sessions if name is not None]
        proposal.metadata.uiGroups = ui_groups(groups, sessions)
