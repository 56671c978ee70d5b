"""A contact that is made in place of the form of a shipment."""

from __future__ import annotations

import asyncio

import pytest

from support.pages import Visitor, fields_of, fill, gone_to, send, stored, text_of

pytestmark = pytest.mark.anyio

NEW = "/proposals/mx1/shipments/new"
SENDER = "sendingLabContactId"
CONTACTS = "SELECT sendingLabContactId, returnLabContactId FROM Shipping"
CONTACT = {
    "cardName": "Lab of Ida",
    "Person.givenName": "Ida",
    "Person.familyName": "Bo",
    "Person.Laboratory.name": "Lab",
    "Person.Laboratory.address": "1 Road",
    "Person.Laboratory.city": "Oslo",
    "Person.Laboratory.country": "Norway",
}


def inner(of: str, **changed: str) -> dict[str, str]:
    """What is typed of a new contact within the form."""
    return {f"{of}.{name}": text for name, text in {**CONTACT, **changed}.items()}


@pytest.mark.four_databases
async def test_a_contact_is_made_and_chosen(visitor: Visitor) -> None:
    typed = {"shippingName": "First", "comments": "Handle with care", "make": SENDER}
    wrong = await fill(visitor, NEW, **typed, **inner(SENDER, cardName="", **{"Person.familyName": ""}))
    assert wrong.status_code == 422
    assert text_of(wrong.text).count("This is needed.") == 4  # two, above and at the field
    kept = fields_of(wrong.text)
    assert (kept["shippingName"], kept[f"{SENDER}.Person.givenName"]) == ("First", "Ida")
    sent = {**kept, **inner(SENDER), "make": SENDER}
    both = await asyncio.gather(*(send(visitor, NEW, sent) for _ in range(2)))
    assert [one.status_code for one in both] == [200, 200]
    assert await stored(visitor, "SELECT labContactId, proposalId FROM LabContact ORDER BY 1") == [
        (2, 2),
        (3, 1),
    ]
    assert await stored(visitor, "SELECT COUNT(*) FROM Shipping") == [(1,)]
    chosen = fields_of(both[0].text)
    assert (chosen[SENDER], chosen["shippingName"], chosen["comments"]) == ("3", "First", "Handle with care")
    assert chosen[f"{SENDER}.cardName"] == ""
    assert gone_to(await send(visitor, NEW, {**chosen, "returnLabContactId": "3"})) == "/shipments/3"
    assert await stored(visitor, f"{CONTACTS} WHERE proposalId = 1") == [(3, 3)]


async def test_another_contact_is_made_when_a_shipment_is_changed(visitor: Visitor) -> None:
    gone_to(await fill(visitor, "/proposals/mx1/contacts/new", **CONTACT))
    both = {SENDER: "3", "returnLabContactId": "3"}
    path = gone_to(await fill(visitor, NEW, shippingName="First", **both)) + "/edit"
    typed = {"shippingName": "Renamed", "make": "returnLabContactId"}
    made = await fill(visitor, path, **typed, **inner("returnLabContactId", cardName="Other lab"))
    chosen = fields_of(made.text)
    assert (made.status_code, chosen["returnLabContactId"], chosen[SENDER]) == (200, "4", "3")
    assert await stored(visitor, "SELECT shippingName FROM Shipping WHERE shippingId = 3") == [("First",)]
    gone_to(await send(visitor, path, chosen))
    assert await stored(visitor, f"{CONTACTS} WHERE shippingName = 'Renamed'") == [(3, 4)]


async def test_a_proposal_without_contacts_offers_none_and_makes_one(visitor: Visitor) -> None:
    shown = (await visitor.open(NEW)).text
    assert f'<select id="{SENDER}"' in shown
    assert "theirs" not in shown
    assert shown.count("Make a new lab contact") == 2
