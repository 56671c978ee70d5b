"""Containers: SQL."""

from __future__ import annotations

from typing import Annotated, Any

from sqlalchemy import ColumnElement, Select, bindparam, join, select

from starbeam.api.database import Reader, Scope, Shape, statement
from starbeam.api.lists import Filters, List, ProposalName, Search, Where, text_in
from starbeam_ispyb.models import Container, Dewar, Shipping
from starbeam_ispyb.names import of_proposal
from starbeam_shipping import schemas
from starbeam_shipping.queries.dewars import SHIPPING

_SHAPE = Shape(schemas.Container, Container, Dewar=Shape(schemas.ContainerDewar, Dewar, Shipping=SHIPPING))
_JOINS = join(Container, Dewar, Dewar.dewarId == Container.dewarId).join(
    Shipping, Shipping.shippingId == Dewar.shippingId
)


def _shipped(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """In a dewar, in a shipment for which these conditions hold."""
    dewars = select(Dewar.dewarId).join(Shipping, Shipping.shippingId == Dewar.shippingId)
    found: ColumnElement[bool] = Container.dewarId.in_(dewars.where(*conditions))
    return found


_PROPOSAL = of_proposal(Shipping.proposalId)


class ContainerFilters(Filters, frozen=True):
    """What `/containers` is asked for."""

    proposal: Annotated[ProposalName, Where(_shipped(_PROPOSAL.condition), _PROPOSAL.bind)] = None
    search: Annotated[Search, text_in(Container.code)] = None


class ContentFilters(ContainerFilters, frozen=True):
    """What the pages of a dewar and a shipment ask for."""

    dewarId: Annotated[int | None, Where(Container.dewarId == bindparam("dewarId"))] = None
    shippingId: Annotated[int | None, Where(_shipped(Dewar.shippingId == bindparam("shippingId")))] = None


def _list(filters: type[ContainerFilters]) -> List[schemas.Container]:
    return List(
        _SHAPE,
        Container,
        filters,
        joins=_JOINS,
        listed=[Container.dewarId.in_(select(Dewar.dewarId).where(Dewar.shippingId.is_not(None)))],
        missing="Container not found",
    )


@statement
def shipment_of(scope: Scope) -> Select[int | None]:
    """The shipment that has the dewar `key`, if the caller sees it."""
    return select(Dewar.shippingId).where(Dewar.dewarId == bindparam("key"), scope.sees(Dewar))


@statement
def _coded(scope: Scope) -> Select[Any]:
    wanted = (
        Container.code == bindparam("code"),
        scope.sees(Container),
        _shipped(Shipping.shippingId.is_not(None)),
    )
    return select(Container.containerId).where(*wanted).limit(2)


async def coded(reader: Reader, code: str) -> int | None:
    """The container of this code, if the caller sees one, and no other of the same. 1 statement."""
    found = [key for (key,) in await reader.rows(_coded(), code=code)]
    return found[0] if len(found) == 1 else None


CONTAINERS = _list(ContainerFilters)
CONTENTS = _list(ContentFilters)
"""The same, of one dewar or one shipment."""
