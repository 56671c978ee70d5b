"""Who belongs to which proposal and session: SQL. The caller is the person of the login."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, bindparam, select, union
from sqlalchemy.orm import aliased

from starbeam.api.database import Reader, Scope, statement
from starbeam.api.lists import number_of
from starbeam.api.models import Person
from starbeam_ispyb.models import BLSession, Proposal, ProposalHasPerson, Session_has_Person
from starbeam_ispyb.names import is_proposal, proposal_value


def caller(reader: Reader) -> dict[str, Any]:
    """What to bind for the conditions of this module."""
    return {"login": reader.who.login}


def _the_caller() -> Select[Any]:
    person = aliased(Person)
    return select(person.personId).where(person.login == bindparam("login"))


def own_proposals(*, by_sessions: bool) -> Select[Any]:
    """Keys of the proposals that the caller proposed or is a member of; with `by_sessions` those too in
    whose sessions the caller takes part."""
    proposal, member = aliased(Proposal), aliased(ProposalHasPerson)
    parts = [
        select(proposal.proposalId.label("id")).where(proposal.personId.in_(_the_caller())),
        select(member.proposalId).where(member.personId.in_(_the_caller())),
    ]
    if by_sessions:
        session, part = aliased(BLSession), aliased(Session_has_Person)
        joined = select(session.proposalId).join(part, part.sessionId == session.sessionId)
        parts.append(joined.where(part.personId.in_(_the_caller())))
    own = union(*parts).subquery("own_proposals")
    return select(own.c.id)


def own_sessions() -> Select[Any]:
    """Keys of the sessions that the caller takes part in, and of those of the caller's own proposals."""
    session, proposal, part = aliased(BLSession), aliased(Proposal), aliased(Session_has_Person)
    of_proposal = select(session.sessionId).join(proposal, proposal.proposalId == session.proposalId)
    own = union(
        select(part.sessionId.label("id")).where(part.personId.in_(_the_caller())),
        of_proposal.where(proposal.personId.in_(_the_caller())),
    ).subquery("own_sessions")
    return select(own.c.id)


@statement
def _named(scope: Scope, by_key: bool) -> Select[int, bool]:
    """Proposals of a key or name, and whether they are the caller's."""
    wanted = Proposal.proposalId == bindparam("proposal_key") if by_key else is_proposal()
    own = Proposal.proposalId.in_(own_proposals(by_sessions=False))
    found = select(Proposal.proposalId, own.label("own")).order_by(Proposal.proposalId)
    return found.where(wanted, scope.permitted().sees(Proposal))


@statement
def _is_own_session(scope: Scope) -> Select[Any]:
    wanted = BLSession.sessionId == bindparam("session_key")
    own = BLSession.sessionId.in_(own_sessions())
    return select(BLSession.sessionId).where(wanted, own, scope.permitted().sees(BLSession))


async def proposals_named(reader: Reader, text: str) -> Sequence[Any]:
    """Key, and whether it is the caller's, of the proposal of this key, or of all of this name."""
    if is_number(text):
        return await reader.rows(_named(True), proposal_key=number_of(text), **caller(reader))
    return await reader.rows(_named(False), **proposal_value(text[:100]), **caller(reader))


async def is_own_session(reader: Reader, key: int) -> bool:
    """Whether the caller takes part in a session, or proposed it."""
    return bool(await reader.rows(_is_own_session(), session_key=key, **caller(reader)))


def is_number(text: str) -> bool:
    """Whether the text is all digits, and so a key."""
    return text.isascii() and text.isdigit()
