"""People: SQL."""

from __future__ import annotations

from typing import Annotated, Any

from sqlalchemy import ColumnElement, bindparam, exists, false, func, join, select, true, union
from sqlalchemy.orm import aliased

from starbeam.api.database import Reader, Scope, Shape, statement
from starbeam.api.lists import (
    Asked,
    Bound,
    Filters,
    Listing,
    Page,
    Paged,
    ProposalName,
    Search,
    Where,
    query,
    query_id,
    text_in,
)
from starbeam.api.models import Person, UserGroup_has_Person
from starbeam_ispyb.models import BLSession, LabContact, Proposal, ProposalHasPerson, Session_has_Person
from starbeam_ispyb.names import is_proposal, proposal_value
from starbeam_proposals import schemas

MANAGE_PERSONS = "manage_persons"
MANAGE_GROUPS = "manage_groups"


def _in_group(scope: Scope) -> ColumnElement[bool]:
    """In a group of users, for who manages groups; nobody for others."""
    if MANAGE_GROUPS not in scope.kind.permissions:
        return false()
    link = UserGroup_has_Person
    found: ColumnElement[bool] = Person.personId.in_(
        select(link.personId).where(link.userGroupId == bindparam("userGroupId"))
    )
    return found


class PersonFilters(Filters, frozen=True):
    """What `/persons` is asked for."""

    showAll: Annotated[bool, query("Show all persons, with the permission manage_persons")] = False
    proposal: Annotated[ProposalName, Bound(proposal_value)] = None
    sessionId: Annotated[int | None, query_id("Session id to filter by"), Bound()] = None
    search: Annotated[Search, text_in(Person.login, Person.familyName, Person.givenName)] = None
    userGroupId: Annotated[
        int | None,
        query_id("User group id to filter by, with the permission manage_groups"),
        Where(_in_group),
    ] = None


_SESSION: Any = bindparam("sessionId")
_SHAPE = Shape(
    schemas.Person,
    Person,
    metadata=Shape(schemas.PersonMetaData, later={"sessions", "lastSession", "role", "remote"}),
)


def _earlier(scope: Scope, what: Any, everybody: bool) -> ColumnElement[Any]:
    """Something of a person's sessions that began before the one asked for."""
    member, session, this = aliased(Session_has_Person), aliased(BLSession), aliased(BLSession)
    return (
        select(what(session))
        .join(member, member.sessionId == session.sessionId)
        .join(this, this.sessionId == _SESSION)
        .where(
            member.personId == Person.personId,
            session.startDate < this.startDate,
            true() if everybody else scope.sees(session),
        )
        .scalar_subquery()
    )


def _shape_in_session(everybody: bool) -> Shape[schemas.Person]:
    """A person with the part in the session asked for."""
    return Shape(
        schemas.Person,
        Person,
        metadata=Shape(
            schemas.PersonMetaData,
            role=Session_has_Person.role,
            remote=Session_has_Person.remote,
            sessions=lambda scope: _earlier(scope, lambda session: func.count(session.sessionId), everybody),
            lastSession=lambda scope: _earlier(scope, lambda session: func.max(session.startDate), everybody),
        ),
    )


_IN_SESSION = {everybody: _shape_in_session(everybody) for everybody in (False, True)}


@statement
def _of_session(scope: Scope, everybody: bool, asked: Asked) -> Listing[schemas.Person]:
    """The members of one session."""
    member = aliased(Session_has_Person)
    conditions = [BLSession.sessionId == _SESSION]
    if not everybody:
        conditions.append(scope.sees(BLSession))
    if "proposal" in asked.given:
        conditions.append(BLSession.proposalId.in_(select(Proposal.proposalId).where(is_proposal())))
    where = [
        Person.login.is_not(None),
        Person.personId.in_(select(member.personId).where(member.sessionId == _SESSION)),
        exists(select(BLSession.sessionId).where(*conditions)),
        *PersonFilters.conditions(scope, asked),
    ]
    membership = (Session_has_Person.personId == Person.personId) & (Session_has_Person.sessionId == _SESSION)
    joins = join(Person, Session_has_Person, membership)
    return Listing(
        scope, _IN_SESSION[everybody], Person, where=where, order_by=[Person.personId], joins=joins
    )


@statement
def _of_proposals(scope: Scope, everybody: bool, asked: Asked) -> Listing[schemas.Person]:
    """Everybody, or the members and lab contacts of proposals."""
    where = [Person.login.is_not(None), *PersonFilters.conditions(scope, asked)]
    visible = true() if everybody else scope.sees(Proposal)
    named = is_proposal() if "proposal" in asked.given else true()
    if "proposal" in asked.given or not everybody:
        proposals = select(Proposal.proposalId).where(visible, named)
        linked = union(
            select(ProposalHasPerson.personId.label("id")).where(ProposalHasPerson.proposalId.in_(proposals)),
            select(LabContact.personId).where(LabContact.proposalId.in_(proposals)),
        ).subquery("linked")
        where.append(Person.personId.in_(select(linked.c.id)))
    return Listing(scope, _SHAPE, Person, where=where, order_by=[Person.personId])


async def page(reader: Reader, page: Page, filters: PersonFilters) -> Paged[schemas.Person]:
    """A page of the people with a login that the caller sees. 2 statements."""
    manages = filters.showAll and MANAGE_PERSONS in reader.who.permissions and not reader.scope.kind.narrowed
    if filters.sessionId is not None:
        return await reader.page(_of_session(manages, filters.asked), page, filters)
    everybody = manages or reader.scope.kind.sees_everything
    return await reader.page(_of_proposals(everybody, filters.asked), page, filters)
