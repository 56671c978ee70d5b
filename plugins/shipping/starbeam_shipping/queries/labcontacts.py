"""Lab contacts: SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, join, select

from starbeam.db.lists import Listing
from starbeam.db.models import Laboratory, Person
from starbeam.db.scope import Scope, statement
from starbeam.db.shape import Shape
from starbeam_ispyb.models import LabContact, Proposal
from starbeam_ispyb.names import is_proposal
from starbeam_shipping import schemas

_SHAPE = Shape(
    schemas.LabContact,
    LabContact,
    Person=Shape(
        schemas.ContactPerson,
        Person,
        Laboratory=Shape(schemas.Laboratory, Laboratory, when=Laboratory.laboratoryId),
    ),
)
_JOINS = join(LabContact, Person, Person.personId == LabContact.personId).outerjoin(
    Laboratory, Laboratory.laboratoryId == Person.laboratoryId
)


def _where(scope: Scope, by_proposal: bool) -> list[ColumnElement[bool]]:
    where = [scope.sees(LabContact)]
    if by_proposal:
        where.append(LabContact.proposalId.in_(select(Proposal.proposalId).where(is_proposal())))
    return where


@statement
def listing(scope: Scope, by_proposal: bool) -> Listing[schemas.LabContact]:
    """The lab contacts that the caller sees."""
    where = _where(scope, by_proposal)
    return Listing(scope, _SHAPE, LabContact, where=where, order_by=[LabContact.labContactId], joins=_JOINS)


@statement
def one(scope: Scope) -> tuple[Shape[schemas.LabContact], Select[Any]]:
    """The lab contact `key`, if the caller sees it."""
    wanted = LabContact.labContactId == bindparam("key")
    columns = select(*_SHAPE.columns(scope)).select_from(_JOINS)
    return _SHAPE, columns.where(wanted, *_where(scope, by_proposal=False))


@statement
def person(scope: Scope) -> Select[int, int | None]:
    """The person of the lab contact `key` and the person's laboratory, as they are now, for nobody else to
    change until this transaction ends."""
    mine = select(LabContact.personId).where(LabContact.labContactId == bindparam("key")).scalar_subquery()
    return select(Person.personId, Person.laboratoryId).where(Person.personId == mine).with_for_update()


@statement
def of_proposal(scope: Scope) -> Select[Any]:
    """Those of the lab contacts `contacts` that belong to the proposal `proposal_id`."""
    wanted = LabContact.labContactId.in_(bindparam("contacts", expanding=True))
    return select(LabContact.labContactId).where(wanted, LabContact.proposalId == bindparam("proposal_id"))
