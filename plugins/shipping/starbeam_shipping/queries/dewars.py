"""Dewars: SQL."""

from __future__ import annotations

from typing import Annotated

from sqlalchemy import ColumnElement, Select, bindparam, join, select

from starbeam.api.database import Scope, Shape, statement
from starbeam.api.lists import Filters, List, ProposalName, Where, query_id
from starbeam_ispyb.models import Dewar, Shipping
from starbeam_ispyb.names import of_proposal
from starbeam_shipping import schemas

SHIPPING = Shape(schemas.DewarShipping, Shipping)
_SHAPE = Shape(schemas.Dewar, Dewar, dewarType=Dewar.type, Shipping=SHIPPING)
_JOINS = join(Dewar, Shipping, Shipping.shippingId == Dewar.shippingId)


_PROPOSAL = of_proposal(Shipping.proposalId)


def _in_shipment(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """In a shipment for which this holds."""
    found: ColumnElement[bool] = Dewar.shippingId.in_(select(Shipping.shippingId).where(condition))
    return found


class DewarFilters(Filters, frozen=True):
    """What `/dewars` is asked for."""

    shippingId: Annotated[
        int | None, query_id("Shipping id to filter by"), Where(Dewar.shippingId == bindparam("shippingId"))
    ] = None
    proposal: Annotated[ProposalName, Where(_in_shipment(_PROPOSAL.condition), _PROPOSAL.bind)] = None


DEWARS = List(
    _SHAPE,
    Dewar,
    DewarFilters,
    joins=_JOINS,
    listed=[Dewar.shippingId.is_not(None)],
    missing="Dewar not found",
)


@statement
def with_bar_code(scope: Scope) -> Select[int]:
    """The dewar that has the bar code `code`."""
    found = select(Dewar.dewarId).where(Dewar.barCode == bindparam("code"))
    return found.execution_options(obstacle=True)
