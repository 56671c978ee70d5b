"""Adding and changing lab contacts, with their persons and laboratories."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from starbeam.api import Invalid, within
from starbeam.api.database import Patch, Writer, refusing, sent
from starbeam.api.models import Laboratory, Person
from starbeam_ispyb.models import LabContact
from starbeam_ispyb.queries import proposal
from starbeam_shipping import schemas
from starbeam_shipping.queries.labcontacts import LAB_CONTACTS, person

_CARD = (
    "cardName",
    "defaultCourrierCompany",
    "courierAccount",
    "billingReference",
    "dewarAvgCustomsValue",
    "dewarAvgTransportValue",
)
_REQUIRED = ("name", "address", "city", "country")


async def add(writer: Writer, data: schemas.LabContactCreate) -> schemas.LabContact:
    """Add a lab contact with a new person and, if given, a new laboratory."""
    await writer.first(proposal(), "No such proposal", key=data.proposalId)
    values = sent(data, "proposalId", *_CARD)
    for name in ("dewarAvgCustomsValue", "dewarAvgTransportValue"):
        values[name] = values[name] or 0
    with refusing("Could not create lab contact"):
        with within("Person"):
            added = await writer.create(Person, await _new_person(writer, data.Person))
        card = {**values, "personId": added.personId}
        key = (await writer.create(LabContact, card)).labContactId
    return await writer.get(LAB_CONTACTS, key)


async def _new_person(writer: Writer, data: schemas.PersonCreate) -> dict[str, Any]:
    """What to insert for a person whose laboratory is inserted now."""
    values = sent(data, "givenName", "familyName", "emailAddress", "phoneNumber")
    if data.Laboratory is not None:
        values["laboratoryId"] = await _new_laboratory(writer, sent(data.Laboratory))
    return values


async def _new_laboratory(writer: Writer, place: dict[str, Any]) -> int:
    """Insert a laboratory. Its key. Raises Invalid where it lacks something."""
    with within("Laboratory"):
        for name in _REQUIRED:
            if name not in place:
                raise Invalid("Field required", ["body", name], "missing")
        key: int = (await writer.create(Laboratory, place)).laboratoryId
    return key


async def update(
    writer: Writer, key: int, patch: Patch[schemas.LabContactCreateOptional]
) -> schemas.LabContact:
    """Change what was sent of a lab contact, its person and the person's laboratory."""
    data = patch.of(await writer.get(LAB_CONTACTS, key))
    with refusing("Could not update lab contact"):
        if card := sent(data, *_CARD):
            await writer.update(LabContact, key, card)
        if data.Person is not UNSET:
            with within("Person"):
                await _update_person(writer, key, data.Person)
    return await writer.get(LAB_CONTACTS, key)


async def _update_person(writer: Writer, key: int, data: schemas.PersonCreateOptional) -> None:
    """Change the person of a lab contact. Two that do so at once take turns."""
    person_id, laboratory_id = await writer.first(person(), LAB_CONTACTS.missing, key=key)
    values = sent(data, "familyName", "emailAddress", "phoneNumber")
    if data.Laboratory is None:
        values["laboratoryId"] = None
    elif data.Laboratory is not UNSET:
        place = sent(data.Laboratory)
        if laboratory_id is None:
            values["laboratoryId"] = await _new_laboratory(writer, place)
        elif place:
            with within("Laboratory"):
                await writer.update(Laboratory, laboratory_id, place)
    if values:
        await writer.update(Person, person_id, values)
