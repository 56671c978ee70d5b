"""Containers: SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, join, select

from starbeam.db.lists import Listing
from starbeam.db.scope import Scope, statement
from starbeam.db.shape import Shape
from starbeam_ispyb.models import Container, Dewar, Proposal, Shipping
from starbeam_ispyb.names import is_proposal
from starbeam_shipping import schemas
from starbeam_shipping.queries.dewars import SHIPPING

_SHAPE = Shape(schemas.Container, Container, Dewar=Shape(schemas.ContainerDewar, Dewar, Shipping=SHIPPING))
_JOINS = join(Container, Dewar, Dewar.dewarId == Container.dewarId).join(
    Shipping, Shipping.shippingId == Dewar.shippingId
)


def _where(scope: Scope, by_proposal: bool) -> list[ColumnElement[bool]]:
    shipped = select(Dewar.dewarId).where(Dewar.shippingId.is_not(None))
    if by_proposal:
        shipped = shipped.join(Shipping, Shipping.shippingId == Dewar.shippingId)
        shipped = shipped.join(Proposal, Proposal.proposalId == Shipping.proposalId).where(is_proposal())
    return [scope.sees(Container), Container.dewarId.in_(shipped)]


@statement
def listing(scope: Scope, by_proposal: bool) -> Listing[schemas.Container]:
    """The containers that the caller sees."""
    where = _where(scope, by_proposal)
    return Listing(scope, _SHAPE, Container, where=where, order_by=[Container.containerId], joins=_JOINS)


@statement
def one(scope: Scope) -> tuple[Shape[schemas.Container], Select[Any]]:
    """The container `key`, if the caller sees it."""
    wanted = Container.containerId == bindparam("key")
    columns = select(*_SHAPE.columns(scope)).select_from(_JOINS)
    # the joins say that it is in a dewar and a shipment
    return _SHAPE, columns.where(wanted, scope.sees(Container))
