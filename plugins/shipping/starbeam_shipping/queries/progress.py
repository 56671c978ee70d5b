"""How far shipments and dewars are, for pages: what is not among what the operations answer. SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from starbeam.api.database import Rows, Scope, statement
from starbeam_ispyb.models import BLSample, Container, Dewar, Proposal, Shipping
from starbeam_ispyb.names import proposal_name

STEPS = ("opened", "sent to facility", "at facility", "processing", "sent to user")
"""What a shipment goes through, as its status says it."""


@dataclass(frozen=True)
class ShipmentProgress:
    """How far a shipment is, and what is in it."""

    proposal: str | None = None
    status: str | None = None
    containers: int = 0
    samples: int = 0


@dataclass(frozen=True)
class DewarProgress:
    """How far a dewar is, and what is in it."""

    status: str | None = None
    barcode: str | None = None
    storage: str | None = None
    sent: str | None = None
    """The tracking number on the way to the facility."""
    returned: str | None = None
    """That on the way back."""
    containers: int = 0


@statement
def _shipments(scope: Scope) -> Select[Any]:
    mine = Dewar.shippingId == Shipping.shippingId
    containers = select(func.count()).select_from(Dewar).join(Container, Container.dewarId == Dewar.dewarId)
    samples = containers.join(BLSample, BLSample.containerId == Container.containerId)
    counts = (
        containers.where(mine, scope.sees(Container)).scalar_subquery(),
        samples.where(mine, scope.sees(BLSample)).scalar_subquery(),
    )
    found = select(Shipping.shippingId, proposal_name(), Shipping.shippingStatus, *counts)
    return found.join(Proposal, Proposal.proposalId == Shipping.proposalId).where(
        Shipping.shippingId.in_(bindparam("shipments", expanding=True)), scope.sees(Shipping)
    )


@statement
def _dewars(scope: Scope) -> Select[Any]:
    count = select(func.count()).select_from(Container).where(Container.dewarId == Dewar.dewarId)
    return select(
        Dewar.dewarId,
        Dewar.dewarStatus,
        Dewar.barCode,
        Dewar.storageLocation,
        Dewar.trackingNumberToSynchrotron,
        Dewar.trackingNumberFromSynchrotron,
        count.where(scope.sees(Container)).scalar_subquery(),
    ).where(Dewar.dewarId.in_(bindparam("dewars", expanding=True)), scope.sees(Dewar))


async def of_shipments(reader: Rows, shipments: Sequence[int]) -> Mapping[int, ShipmentProgress]:
    """By shipment. 1 statement, none for no shipments."""
    found = await reader.rows(_shipments(), shipments=shipments) if shipments else ()
    nothing = dict.fromkeys(shipments, ShipmentProgress())
    return nothing | {key: ShipmentProgress(*rest) for key, *rest in found}


async def of_dewars(reader: Rows, dewars: Sequence[int]) -> Mapping[int, DewarProgress]:
    """By dewar. 1 statement, none for no dewars."""
    found = await reader.rows(_dewars(), dewars=dewars) if dewars else ()
    return dict.fromkeys(dewars, DewarProgress()) | {key: DewarProgress(*rest) for key, *rest in found}
