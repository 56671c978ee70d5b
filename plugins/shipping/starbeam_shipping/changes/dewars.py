"""Adding and changing dewars."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, UnsetType

from starbeam.api import Invalid
from starbeam.api.database import Patch, Writer, refusing, sent
from starbeam_ispyb.models import Dewar
from starbeam_shipping import schemas
from starbeam_shipping.queries.dewars import DEWARS, with_bar_code
from starbeam_shipping.queries.shippings import SHIPPINGS


async def add(writer: Writer, data: schemas.DewarCreate) -> schemas.Dewar:
    """Add a dewar to a shipment."""
    await writer.get(SHIPPINGS, data.shippingId)
    with refusing("Could not create dewar"):
        await _check_bar_code(writer, data.barCode)
        row = await writer.create(Dewar, {"shippingId": data.shippingId, **_columns(data)})
    return await writer.get(DEWARS, row.dewarId)


async def update(writer: Writer, key: int, patch: Patch[schemas.DewarCreateOptional]) -> schemas.Dewar:
    """Change what was sent of a dewar."""
    data = patch.of(await writer.get(DEWARS, key))
    if values := _columns(data):
        with refusing("Could not update dewar"):
            await _check_bar_code(writer, data.barCode)
            await writer.update(Dewar, key, values)
    return await writer.get(DEWARS, key)


async def _check_bar_code(writer: Writer, code: str | UnsetType | None) -> None:
    """Raises Invalid for the bar code of another dewar, whoever sees that."""
    if isinstance(code, str) and await writer.rows(with_bar_code(), code=code):
        raise Invalid("Another dewar has this bar code", ["body", "barCode"])


def _columns(data: Struct) -> dict[str, Any]:
    """What was sent, by column; a type that is not given is left to the database."""
    values = sent(data)
    values.pop("shippingId", None)
    kind = values.pop("dewarType", None)
    return values if kind is None else {**values, "type": kind}
