"""Adding and changing dewars."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from starbeam.db.services import service
from starbeam_ispyb.models import Dewar
from starbeam_shipping import schemas
from starbeam_shipping.changes import Change, refusing, sent
from starbeam_shipping.queries import dewars, shippings
from starbeam_shipping.shippings import MISSING as NO_SHIPMENT

MISSING = "Dewar not found"

_Dewars = service(Dewar)


async def add(change: Change, data: schemas.DewarCreate) -> schemas.Dewar:
    """Add a dewar to a shipment."""
    await change.shown(shippings.one(change.scope), data.shippingId, NO_SHIPMENT)
    with refusing("Could not create dewar"):
        row = await _Dewars(change.session).create({"shippingId": data.shippingId, **_columns(data)})
    return await change.shown(dewars.one(change.scope), row.dewarId, MISSING)


async def update(change: Change, key: int, data: schemas.DewarCreateOptional) -> schemas.Dewar:
    """Change what was sent of a dewar."""
    await change.shown(dewars.one(change.scope), key, MISSING)
    if values := _columns(data):
        with refusing("Could not update dewar"):
            await _Dewars(change.session).update(values, key)
    return await change.shown(dewars.one(change.scope), key, MISSING)


def _columns(data: Struct) -> dict[str, Any]:
    """What was sent, by column; a type that is not given is left to the database."""
    values = sent(data, "code", "dewarType")
    kind = values.pop("dewarType", None)
    return values if kind is None else {**values, "type": kind}
