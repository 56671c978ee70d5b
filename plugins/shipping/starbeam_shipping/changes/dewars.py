"""Adding and changing dewars."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from starbeam.api.database import Patch, Writer, refusing, sent
from starbeam_ispyb.models import Dewar
from starbeam_shipping import schemas
from starbeam_shipping.queries.dewars import DEWARS
from starbeam_shipping.queries.shippings import SHIPPINGS


async def add(writer: Writer, data: schemas.DewarCreate) -> schemas.Dewar:
    """Add a dewar to a shipment."""
    await writer.get(SHIPPINGS, data.shippingId)
    with refusing("Could not create dewar"):
        row = await writer.create(Dewar, {"shippingId": data.shippingId, **_columns(data)})
    return await writer.get(DEWARS, row.dewarId)


async def update(writer: Writer, key: int, patch: Patch[schemas.DewarCreateOptional]) -> schemas.Dewar:
    """Change what was sent of a dewar."""
    if values := _columns(patch.of(await writer.get(DEWARS, key))):
        with refusing("Could not update dewar"):
            await writer.update(Dewar, key, values)
    return await writer.get(DEWARS, key)


def _columns(data: Struct) -> dict[str, Any]:
    """What was sent, by column; a type that is not given is left to the database."""
    values = sent(data, "code", "dewarType")
    kind = values.pop("dewarType", None)
    return values if kind is None else {**values, "type": kind}
