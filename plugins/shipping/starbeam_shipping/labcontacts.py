"""Adding and changing lab contacts, with their persons and laboratories."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from starbeam.db.models import Laboratory, Person
from starbeam.db.services import service
from starbeam.refusals import Invalid
from starbeam_ispyb.models import LabContact
from starbeam_shipping import schemas
from starbeam_shipping.changes import Change, refusing, sent
from starbeam_shipping.queries import labcontacts, shippings

MISSING = "Lab contact not found"

_LabContacts, _Persons, _Laboratories = service(LabContact), service(Person), service(Laboratory)

_CARD = (
    "cardName",
    "defaultCourrierCompany",
    "courierAccount",
    "billingReference",
    "dewarAvgCustomsValue",
    "dewarAvgTransportValue",
)
_REQUIRED = ("name", "address", "city", "country")


async def add(change: Change, data: schemas.LabContactCreate) -> schemas.LabContact:
    """Add a lab contact with a new person and, if given, a new laboratory."""
    await change.found(shippings.proposal(change.scope), "No such proposal", key=data.proposalId)
    values = sent(data, "proposalId", *_CARD)
    for name in ("dewarAvgCustomsValue", "dewarAvgTransportValue"):
        values[name] = values[name] or 0
    with refusing("Could not create lab contact"):
        person = await _Persons(change.session).create(await _new_person(change, data.Person))
        card = {**values, "personId": person.personId}
        key = (await _LabContacts(change.session).create(card)).labContactId
    return await change.shown(labcontacts.one(change.scope), key, MISSING)


async def _new_person(change: Change, data: schemas.PersonCreate) -> dict[str, Any]:
    """What to insert for a person whose laboratory is inserted now."""
    values = sent(data, "givenName", "familyName", "emailAddress", "phoneNumber")
    if data.Laboratory is not None:
        values["laboratoryId"] = await _new_laboratory(change, sent(data.Laboratory))
    return values


async def _new_laboratory(change: Change, values: dict[str, Any]) -> int:
    """Insert a laboratory, with the columns that this database has. Its key."""
    known = {name: value for name, value in values.items() if change.scope.has(getattr(Laboratory, name))}
    return (await _Laboratories(change.session).create(known)).laboratoryId


async def update(change: Change, key: int, data: schemas.LabContactCreateOptional) -> schemas.LabContact:
    """Change what was sent of a lab contact, its person and the person's laboratory."""
    await change.shown(labcontacts.one(change.scope), key, MISSING)
    with refusing("Could not update lab contact"):
        if card := sent(data, *_CARD):
            await _LabContacts(change.session).update(card, key)
        if data.Person is not UNSET:
            await _update_person(change, key, data.Person)
    return await change.shown(labcontacts.one(change.scope), key, MISSING)


async def _update_person(change: Change, key: int, data: schemas.PersonCreateOptional) -> None:
    """Change the person of a lab contact. Two that do so at once take turns."""
    person_id, laboratory_id = await change.found(labcontacts.person(change.scope), MISSING, key=key)
    values = sent(data, "familyName", "emailAddress", "phoneNumber")
    if data.Laboratory is None:
        values["laboratoryId"] = None
    elif data.Laboratory is not UNSET:
        place = sent(data.Laboratory)
        if laboratory_id is None:
            values["laboratoryId"] = await _new_laboratory(change, _complete(place))
        elif place:
            await _Laboratories(change.session).update(place, laboratory_id)
    if values:
        await _Persons(change.session).update(values, person_id)


def _complete(place: dict[str, Any]) -> dict[str, Any]:
    """What is sent of a laboratory that is not there yet. Raises Invalid where it lacks something."""
    for name in _REQUIRED:
        if name not in place:
            raise Invalid("Field required", ["body", "Person", "Laboratory", name], "missing")
    return place
