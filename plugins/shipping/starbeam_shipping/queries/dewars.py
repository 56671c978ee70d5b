"""Dewars: SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, join, select

from starbeam.db.lists import Listing
from starbeam.db.scope import Scope, statement
from starbeam.db.shape import Shape
from starbeam_ispyb.models import Dewar, Proposal, Shipping
from starbeam_ispyb.names import is_proposal
from starbeam_shipping import schemas

SHIPPING = Shape(schemas.DewarShipping, Shipping)
_SHAPE = Shape(schemas.Dewar, Dewar, dewarType=Dewar.type, Shipping=SHIPPING)
_JOINS = join(Dewar, Shipping, Shipping.shippingId == Dewar.shippingId)


def _where(scope: Scope, by_shipping: bool = False, by_proposal: bool = False) -> list[ColumnElement[bool]]:
    where = [scope.sees(Dewar), Dewar.shippingId.is_not(None)]
    if by_shipping:
        where.append(Dewar.shippingId == bindparam("shipping_id"))
    if by_proposal:
        of_proposal = select(Shipping.shippingId).join(Proposal, Proposal.proposalId == Shipping.proposalId)
        where.append(Dewar.shippingId.in_(of_proposal.where(is_proposal())))
    return where


@statement
def listing(scope: Scope, by_shipping: bool, by_proposal: bool) -> Listing[schemas.Dewar]:
    """The dewars that the caller sees."""
    where = _where(scope, by_shipping, by_proposal)
    return Listing(scope, _SHAPE, Dewar, where=where, order_by=[Dewar.dewarId], joins=_JOINS)


@statement
def one(scope: Scope) -> tuple[Shape[schemas.Dewar], Select[Any]]:
    """The dewar `key`, if the caller sees it."""
    columns = select(*_SHAPE.columns(scope)).select_from(_JOINS)
    return _SHAPE, columns.where(Dewar.dewarId == bindparam("key"), *_where(scope))
