"""Shipments: SQL."""

from __future__ import annotations

from typing import Annotated, Any

from sqlalchemy import ColumnElement, bindparam, func, join, select
from sqlalchemy.orm import aliased

from starbeam.api.database import Scope, Shape
from starbeam.api.lists import Filters, List, ProposalId, ProposalName, Where
from starbeam.api.models import Person
from starbeam_ispyb.models import Dewar, LabContact, Shipping
from starbeam_ispyb.names import of_proposal
from starbeam_shipping import schemas

_RETURNED, _SENT = aliased(LabContact), aliased(LabContact)
_RECEIVER, _SENDER = aliased(Person), aliased(Person)


def _contact(contact: Any, person: Any) -> Shape[schemas.ShippingLabContact]:
    of_person = Shape(schemas.ShippingLabContactPerson, person)
    return Shape(schemas.ShippingLabContact, contact, when=contact.labContactId, Person=of_person)


def _dewars(scope: Scope) -> ColumnElement[int]:
    count = select(func.count()).select_from(Dewar).where(Dewar.shippingId == Shipping.shippingId)
    return count.where(scope.below(Shipping).sees(Dewar)).scalar_subquery()


_SHAPE = Shape(
    schemas.Shipping,
    Shipping,
    LabContact=_contact(_RETURNED, _RECEIVER),
    LabContact1=_contact(_SENT, _SENDER),
    metadata=Shape(schemas.ShippingMetaData, dewars=_dewars),
)
_JOINS = (
    join(Shipping, _RETURNED, _RETURNED.labContactId == Shipping.returnLabContactId, isouter=True)
    .outerjoin(_RECEIVER, _RECEIVER.personId == _RETURNED.personId)
    .outerjoin(_SENT, _SENT.labContactId == Shipping.sendingLabContactId)
    .outerjoin(_SENDER, _SENDER.personId == _SENT.personId)
)


class ShippingFilters(Filters, frozen=True):
    """What `/shippings` is asked for."""

    proposal: Annotated[ProposalName, of_proposal(Shipping.proposalId)] = None
    proposalId: Annotated[ProposalId, Where(Shipping.proposalId == bindparam("proposalId"))] = None


class ShipmentFilters(ShippingFilters, frozen=True):
    """What the page of shipments is asked for."""

    moving: Annotated[bool, Where(Shipping.shippingStatus == "sent to facility")] = False


def _list(filters: type[ShippingFilters], *order: Any) -> List[schemas.Shipping]:
    missing = "Shipment not found"
    return List(_SHAPE, Shipping, filters, joins=_JOINS, order_by=order, missing=missing)


SHIPPINGS = _list(ShippingFilters)
SHIPMENTS = _list(ShipmentFilters, Shipping.shippingId.desc())
"""The same, the newest first."""
