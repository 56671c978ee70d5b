"""`/labcontacts`: adding and changing them, with their persons and laboratories."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from plugins.shipping.conftest import Caller
    from starbeam_testing.app import TestApp
    from support.schemas import Kind

pytestmark = pytest.mark.anyio

PLACE = {"name": "Lab", "address": "1 Road", "city": "Oslo", "country": "Norway"}
PERSON = {"givenName": "Ida", "familyName": "Bo", "emailAddress": "ida@example.org"}
CARD: dict[str, Any] = {"proposalId": 1, "cardName": "new", "Person": PERSON}


async def counted(app: TestApp) -> list[int]:
    """How many laboratories, persons and lab contacts there are."""
    tables = "Laboratory", "Person", "LabContact"
    return [(await app.database.sql(f"SELECT COUNT(*) FROM {table}"))[0][0] for table in tables]


@pytest.mark.four_databases
@pytest.mark.fix(3)
async def test_a_card_with_all_it_has_is_added_and_changed(app: TestApp, member: Caller, kind: Kind) -> None:
    place = {**PLACE, "url": "https://lab.example.org", "laboratoryExtPk": 5}
    person = {**PERSON, "phoneNumber": "0123", "Laboratory": place}
    added = await member.post("/labcontacts", {**CARD, "billingReference": "B1", "Person": person})
    known = await member.get(f"/labcontacts/{added['labContactId']}")
    assert added == known
    assert "+" not in added["recordTimeStamp"] + added["Person"]["Laboratory"]["recordTimeStamp"]
    laboratory = {key: added["Person"]["Laboratory"][key] for key in place}
    assert laboratory == {**place, "laboratoryExtPk": None if kind.flavour == "diamond" else 5}
    assert added["dewarAvgCustomsValue"] == added["dewarAvgTransportValue"] == 0
    assert (added["Person"]["phoneNumber"], added["billingReference"]) == ("0123", "B1")
    nested = {"phoneNumber": None, "familyName": "Bø", "Laboratory": {"city": "Bergen", "url": None}}
    changed = await member.patch(
        f"/labcontacts/{added['labContactId']}", {"billingReference": None, "Person": nested}
    )
    after = added["Person"]["Laboratory"] | {"city": "Bergen", "url": None}
    assert changed["billingReference"] is None
    assert changed["Person"] == added["Person"] | nested | {"Laboratory": after}
    assert changed == await member.get(f"/labcontacts/{added['labContactId']}")


@pytest.mark.fix(113)
async def test_a_laboratory_may_be_missing_or_null(app: TestApp, member: Caller) -> None:
    without = await member.post("/labcontacts", CARD)
    null = await member.post(
        "/labcontacts", {**CARD, "cardName": "2", "Person": {**PERSON, "Laboratory": None}}
    )
    assert without["Person"]["Laboratory"] is null["Person"]["Laboratory"] is None


@pytest.mark.four_databases
@pytest.mark.fix(114)
@pytest.mark.fix(115)
async def test_a_name_that_is_taken_leaves_no_row_behind(app: TestApp, member: Caller) -> None:
    before = await counted(app)
    taken = {**CARD, "cardName": "CARD1", "Person": {**PERSON, "Laboratory": PLACE}}
    refused = await member.post("/labcontacts", taken, 400)
    assert refused == {"detail": "Could not create lab contact"}
    assert await counted(app) == before
    added = await member.post("/labcontacts", {**taken, "cardName": "free"})
    renamed = await member.patch(
        f"/labcontacts/{added['labContactId']}",
        {"cardName": "card1", "courierAccount": "lost"},
        400,
    )
    assert renamed == {"detail": "Could not update lab contact"}
    assert await member.get(f"/labcontacts/{added['labContactId']}") == added


@pytest.mark.fix(116)
async def test_a_person_without_a_laboratory_gets_one(app: TestApp, member: Caller) -> None:
    before = await counted(app)
    half = {"Person": {"Laboratory": {"name": "Lab", "city": "Oslo"}}}
    assert await member.refused("PATCH", "/labcontacts/1", half) == [
        ["body", "Person", "Laboratory", "address"]
    ]
    changed = await member.patch("/labcontacts/1", {"Person": {"Laboratory": PLACE}})
    assert {key: changed["Person"]["Laboratory"][key] for key in PLACE} == PLACE
    assert await counted(app) == [before[0] + 1, *before[1:]]
    gone = await member.patch("/labcontacts/1", {"Person": {"Laboratory": None}})
    assert gone["Person"]["Laboratory"] is None


@pytest.mark.fix(24)
async def test_another_proposal_is_not_there(app: TestApp, member: Caller) -> None:
    before = await counted(app)
    for proposal in (2, 99):
        refused = await member.post("/labcontacts", {**CARD, "proposalId": proposal}, 404)
        assert refused == {"detail": "No such proposal"}
    for contact in (2, 99):
        for answer in (
            await member.patch(f"/labcontacts/{contact}", {"cardName": "mine"}, 404),
            await member.get(f"/labcontacts/{contact}", 404),
        ):
            assert answer == {"detail": "Lab contact not found"}
    assert await counted(app) == before


@pytest.mark.fix(58)
@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"cardName": None}, ["cardName"]),
        ({"cardName": "x" * 41}, ["cardName"]),
        ({"Person": None}, ["Person"]),
        ({"Person": {"familyName": None}}, ["Person", "familyName"]),
        ({"Person": {"emailAddress": "x" * 61}}, ["Person", "emailAddress"]),
        (
            {"Person": {"Laboratory": {"name": "x" * 46, "address": "a", "city": "b", "country": "c"}}},
            ["Person", "Laboratory", "name"],
        ),
        ({"dewarAvgCustomsValue": -1}, ["dewarAvgCustomsValue"]),
    ],
)
async def test_what_cannot_be_stored_is_named(member: Caller, body: Any, place: list[str]) -> None:
    assert await member.refused("PATCH", "/labcontacts/1", body) == [["body", *place]]


async def test_what_creation_needs_is_named(member: Caller) -> None:
    for name in ("proposalId", "cardName", "Person"):
        less = {key: value for key, value in CARD.items() if key != name}
        assert await member.refused("POST", "/labcontacts", less) == [["body", name]]


@pytest.mark.on("mariadb-union")
async def test_two_who_change_different_things_at_once_both_succeed(app: TestApp, member: Caller) -> None:
    for turn in range(5):
        await asyncio.gather(
            member.patch(
                "/labcontacts/1", {"courierAccount": f"C{turn}", "Person": {"phoneNumber": f"{turn}"}}
            ),
            member.patch("/labcontacts/1", {"billingReference": f"B{turn}"}),
            member.patch("/labcontacts/1", {"Person": {"emailAddress": f"{turn}@example.org"}}),
        )
        found = await member.get("/labcontacts/1")
        assert (found["courierAccount"], found["billingReference"]) == (f"C{turn}", f"B{turn}")
        person = found["Person"]
        assert (person["phoneNumber"], person["emailAddress"]) == (f"{turn}", f"{turn}@example.org")


@pytest.mark.four_databases
async def test_filters_that_forms_of_a_proposal_send(root: Caller, member: Caller) -> None:
    """So that a form offers what belongs to its proposal, however much the caller sees."""

    async def found(caller: Caller, path: str, key: str) -> list[int]:
        return [one[key] for one in (await caller.get(path))["results"]]

    for path, key in (("labcontacts", "labContactId"), ("shippings", "shippingId")):
        assert await found(root, f"/{path}", key) == [1, 2]
        assert await found(root, f"/{path}?proposalId=2", key) == [2]
        assert await found(root, f"/{path}?proposalId=2&proposal=mx1", key) == []
        assert await found(root, f"/{path}?proposalId=0", key) == []
        assert await found(member, f"/{path}?proposalId=2", key) == []
    assert await found(root, "/containers?search=c2", "containerId") == [2]
    assert await found(root, "/containers?search=%25", "containerId") == []
