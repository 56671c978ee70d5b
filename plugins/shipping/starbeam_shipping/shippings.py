"""Adding and changing shipments."""

from __future__ import annotations

from typing import Any

from starbeam.db.services import service
from starbeam.refusals import Invalid, Missing
from starbeam_ispyb.models import Shipping
from starbeam_shipping import schemas
from starbeam_shipping.changes import Change, refusing, sent
from starbeam_shipping.labcontacts import MISSING as NO_CONTACT
from starbeam_shipping.queries import labcontacts, shippings

MISSING = "Shipment not found"
_CONTACTS = ("sendingLabContactId", "returnLabContactId")

_Shippings = service(Shipping)


async def add(change: Change, data: schemas.ShippingCreate) -> schemas.Shipping:
    """Add a shipment to a proposal, with two of the proposal's lab contacts."""
    values = sent(data)
    _comments_fit(change, values)
    await change.found(shippings.proposal(change.scope), "Proposal not found", key=data.proposalId)
    await _contacts_belong(change, data.proposalId, {data.sendingLabContactId, data.returnLabContactId})
    with refusing("Could not create shipment"):
        row = await _Shippings(change.session).create({**values, "bltimeStamp": change.now})
    return await change.shown(shippings.one(change.scope), row.shippingId, MISSING)


async def update(change: Change, key: int, data: schemas.ShippingCreateOptional) -> schemas.Shipping:
    """Change what was sent of a shipment."""
    values = sent(data)
    _comments_fit(change, values)
    present = await change.shown(shippings.one(change.scope), key, MISSING)
    await _may_become(change, present, values)
    if values:
        with refusing("Could not update shipment"):
            await _Shippings(change.session).update(values, key)
    return await change.shown(shippings.one(change.scope), key, MISSING)


async def _may_become(change: Change, present: schemas.Shipping, values: dict[str, Any]) -> None:
    """A shipment that moves takes lab contacts of where it goes; one that stays, of where it is."""
    proposal_id = values.get("proposalId", present.proposalId)
    moves = proposal_id != present.proposalId
    if moves:
        await change.found(shippings.proposal(change.scope), "Proposal not found", key=proposal_id)
    kept = {name: getattr(present, name) for name in _CONTACTS if moves}
    contacts = {value for name, value in {**kept, **values}.items() if name in _CONTACTS}
    await _contacts_belong(change, proposal_id, contacts - {None})


async def _contacts_belong(change: Change, proposal_id: int, contacts: set[int]) -> None:
    """Raises Missing where a lab contact is not the proposal's."""
    query = labcontacts.of_proposal(change.scope)
    found = await change.rows(query, contacts=sorted(contacts), proposal_id=proposal_id)
    if len(found) < len(contacts):
        raise Missing(NO_CONTACT)


def _comments_fit(change: Change, values: dict[str, Any]) -> None:
    longest = shippings.longest_comments(change.scope)
    if len(values.get("comments") or "") > longest:
        raise Invalid(f"Expected `str` of length <= {longest}", ["body", "comments"])
