"""Adding and changing shipments."""

from __future__ import annotations

from typing import Any

from starbeam.api import Missing
from starbeam.api.database import Patch, Writer, refusing, sent
from starbeam_ispyb.models import Shipping
from starbeam_ispyb.queries import proposal
from starbeam_shipping import schemas
from starbeam_shipping.queries.labcontacts import LAB_CONTACTS, among_proposal
from starbeam_shipping.queries.shippings import SHIPPINGS

_CONTACTS = ("sendingLabContactId", "returnLabContactId")


async def add(writer: Writer, data: schemas.ShippingCreate) -> schemas.Shipping:
    """Add a shipment to a proposal, with two of the proposal's lab contacts."""
    values = sent(data)
    await writer.first(proposal(), "Proposal not found", key=data.proposalId)
    await _contacts_belong(writer, data.proposalId, {data.sendingLabContactId, data.returnLabContactId})
    with refusing("Could not create shipment"):
        row = await writer.create(Shipping, {**values, "bltimeStamp": writer.now})
    return await writer.get(SHIPPINGS, row.shippingId)


async def update(writer: Writer, key: int, patch: Patch[schemas.ShippingCreateOptional]) -> schemas.Shipping:
    """Change what was sent of a shipment."""
    present = await writer.get(SHIPPINGS, key)
    values = sent(patch.of(present))
    await _may_become(writer, present, values)
    if values:
        with refusing("Could not update shipment"):
            await writer.update(Shipping, key, values)
    return await writer.get(SHIPPINGS, key)


async def _may_become(writer: Writer, present: schemas.Shipping, values: dict[str, Any]) -> None:
    """A shipment that moves takes lab contacts of where it goes; one that stays, of where it is."""
    moves = "proposalId" in values
    proposal_id = values.get("proposalId", present.proposalId)
    if moves:
        await writer.first(proposal(), "Proposal not found", key=proposal_id)
    kept = {name: getattr(present, name) for name in _CONTACTS if moves}
    contacts = {value for name, value in {**kept, **values}.items() if name in _CONTACTS}
    await _contacts_belong(writer, proposal_id, contacts - {None})


async def _contacts_belong(writer: Writer, proposal_id: int, contacts: set[int]) -> None:
    """Raises Missing where a lab contact is not the proposal's."""
    found = await writer.rows(among_proposal(), contacts=sorted(contacts), proposal_id=proposal_id)
    if len(found) < len(contacts):
        raise Missing(LAB_CONTACTS.missing)
