"""Lab contacts: SQL."""

from __future__ import annotations

from typing import Annotated, Any

from sqlalchemy import Select, bindparam, join, select

from starbeam.api.database import Scope, Shape, statement
from starbeam.api.lists import Filters, List, ProposalId, ProposalName, Where
from starbeam.api.models import Laboratory, Person
from starbeam_ispyb.models import LabContact
from starbeam_ispyb.names import of_proposal
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


class LabContactFilters(Filters, frozen=True):
    """What `/labcontacts` is asked for."""

    proposal: Annotated[ProposalName, of_proposal(LabContact.proposalId)] = None
    proposalId: Annotated[ProposalId, Where(LabContact.proposalId == bindparam("proposalId"))] = None


LAB_CONTACTS = List(_SHAPE, LabContact, LabContactFilters, joins=_JOINS, missing="Lab contact not found")


@statement
def person(scope: Scope) -> Select[int, int | None]:
    """The person of the lab contact `key` and the person's laboratory, as they are now, for nobody else to
    change until this transaction ends."""
    mine = select(LabContact.personId).where(LabContact.labContactId == bindparam("key")).scalar_subquery()
    return select(Person.personId, Person.laboratoryId).where(Person.personId == mine).with_for_update()


@statement
def among_proposal(scope: Scope) -> Select[Any]:
    """Those of the lab contacts `contacts` that belong to the proposal `proposal_id`."""
    wanted = LabContact.labContactId.in_(bindparam("contacts", expanding=True))
    return select(LabContact.labContactId).where(wanted, LabContact.proposalId == bindparam("proposal_id"))
