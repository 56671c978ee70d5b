"""`/shippings`, `/dewars` and `/containers`: adding, changing and moving them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from starbeam_ispyb import models as m

if TYPE_CHECKING:
    from plugins.shipping.conftest import Caller
    from starbeam_testing.app import TestApp
    from support.schemas import Kind

pytestmark = pytest.mark.anyio

SHIPMENT: dict[str, Any] = {
    "proposalId": 1,
    "shippingName": "new",
    "sendingLabContactId": 1,
    "returnLabContactId": 1,
}


async def keys(caller: Caller, path: str, key: str) -> list[int]:
    """Keys of the rows of a page, which has all of them."""
    page = await caller.get(path)
    found = [row[key] for row in page["results"]]
    assert page["total"] == len(found)
    return found


@pytest.mark.four_databases
@pytest.mark.fix(86)
async def test_a_shipment_is_added_and_changed(app: TestApp, member: Caller, kind: Kind) -> None:
    added = await member.post("/shippings", {**SHIPMENT, "comments": "Fragile"})
    contact = {"cardName": "card1", "Person": {"givenName": "Owner1", "familyName": "Card"}}
    assert added == {
        **SHIPMENT,
        "shippingId": 3,
        "comments": "Fragile",
        "safetyLevel": "GREEN",
        "bltimeStamp": "2026-03-10T12:00:00",
        "LabContact": contact,
        "LabContact1": contact,
        "_metadata": {"dewars": 0},
    }
    changed = await member.patch("/shippings/3", {"comments": None, "safetyLevel": "RED"})
    assert changed == {**added, "comments": None, "safetyLevel": "RED"}
    assert await member.get("/shippings/3") == changed
    longest = 255 if kind.flavour == "community" else 1000
    too_long = {"comments": "x" * (longest + 1)}
    assert await member.refused("PATCH", "/shippings/3", too_long) == [["body", "comments"]]
    assert (await member.patch("/shippings/3", {"comments": "x" * longest}))["comments"] == "x" * longest


@pytest.mark.fix(24)
@pytest.mark.fix(87)
async def test_a_shipment_stays_with_contacts_of_its_proposal(
    app: TestApp, member: Caller, root: Caller
) -> None:
    foreign = {**SHIPMENT, "proposalId": 2, "sendingLabContactId": 2, "returnLabContactId": 2}
    assert await member.post("/shippings", foreign, 404) == {"detail": "Proposal not found"}
    missing = {"detail": "Lab contact not found"}
    assert await member.post("/shippings", {**SHIPMENT, "returnLabContactId": 2}, 404) == missing
    assert await root.post("/shippings", {**SHIPMENT, "returnLabContactId": 2}, 404) == missing
    assert await member.patch("/shippings/1", {"sendingLabContactId": 2}, 404) == missing
    assert await member.patch("/shippings/1", {"proposalId": 2}, 404) == {"detail": "Proposal not found"}
    assert await member.patch("/shippings/2", {"comments": "Mine"}, 404) == {"detail": "Shipment not found"}
    assert await root.patch("/shippings/1", {"proposalId": 2}, 404) == missing
    moving = {"proposalId": 2, "sendingLabContactId": 2, "returnLabContactId": 2}
    assert await keys(root, "/shippings", "shippingId") == [1, 2]
    moved = await root.patch("/shippings/1", moving)
    assert {name: moved[name] for name in moving} == moving
    assert await keys(member, "/shippings", "shippingId") == []


@pytest.mark.fix(1)
@pytest.mark.fix(2)
@pytest.mark.fix(85)
async def test_a_shipment_without_what_it_can_lack(app: TestApp, member: Caller) -> None:
    await app.database.add(m.Shipping, shippingId=9, proposalId=1, safetyLevel="PURPLE")
    found = await member.get("/shippings/9")
    assert found["safetyLevel"] == "PURPLE"
    others = ("shippingName", "LabContact", "LabContact1", "bltimeStamp", "comments")
    assert [found[name] for name in others] == [None] * 5


@pytest.mark.four_databases
@pytest.mark.fix(57)
async def test_a_dewar_is_added_and_changed(app: TestApp, member: Caller) -> None:
    shipment = {"proposalId": 1, "shippingName": "S1"}
    added = await member.post("/dewars", {"shippingId": 1, "code": "new"})
    wanted = {"dewarId": 3, "shippingId": 1, "code": "new", "dewarType": "Dewar", "Shipping": shipment}
    tracked = ("trackingNumberToSynchrotron", "trackingNumberFromSynchrotron")
    wanted |= dict.fromkeys(("barCode", "comments", *tracked))
    assert added == wanted
    box = await member.post("/dewars", {"shippingId": 1, "code": "box", "dewarType": "Toolbox"})
    assert box["dewarType"] == "Toolbox"
    changed = await member.patch("/dewars/3", {"dewarType": "Toolbox", "shippingId": 2})
    assert changed == {**wanted, "dewarType": "Toolbox"} == await member.get("/dewars/3")
    more = {"barCode": "mx1-7", "comments": "Upright", tracked[0]: "T1", tracked[1]: "T2"}
    assert await member.patch("/dewars/3", more) == {**changed, **more}
    assert await member.refused("PATCH", "/dewars/4", {"barCode": "MX1-7"}) == [["body", "barCode"]]
    assert await member.patch("/dewars/3", more) == {**changed, **more}
    assert await member.patch("/dewars/3", dict.fromkeys(more)) == changed
    assert await keys(member, "/dewars?shippingId=1", "dewarId") == [1, 3, 4]
    assert (await member.get("/shippings/1"))["_metadata"] == {"dewars": 3}


@pytest.mark.fix(24)
@pytest.mark.fix(58)
async def test_a_dewar_that_cannot_be(app: TestApp, member: Caller) -> None:
    foreign = {"shippingId": 2, "code": "new"}
    assert await member.post("/dewars", foreign, 404) == {"detail": "Shipment not found"}
    assert await member.patch("/dewars/2", {"code": "x"}, 404) == {"detail": "Dewar not found"}
    assert await member.get("/dewars/2", 404) == {"detail": "Dewar not found"}
    assert await member.refused("PATCH", "/dewars/1", {"code": None}) == [["body", "code"]]
    assert await member.refused("PATCH", "/dewars/1", {"dewarType": "Box"}) == [["body", "dewarType"]]
    assert await member.refused("POST", "/dewars", {"shippingId": 1}) == [["body", "code"]]
    assert await keys(member, "/dewars", "dewarId") == [1]


@pytest.mark.four_databases
@pytest.mark.fix(119)
@pytest.mark.fix(120)
@pytest.mark.fix(121)
@pytest.mark.fix(122)
async def test_a_container_is_added_found_changed_and_moved(app: TestApp, member: Caller) -> None:
    added = await member.post(
        "/containers", {"dewarId": 1, "code": "new", "containerType": "Puck", "beamlineLocation": "id29"}
    )
    dewar = {"code": "D1", "Shipping": {"proposalId": 1, "shippingName": "S1"}}
    assert added == {
        "containerId": 3,
        "dewarId": 1,
        "code": "new",
        "containerType": "Puck",
        "beamlineLocation": "id29",
        "sampleChangerLocation": None,
        "capacity": None,
        "comments": None,
        "Dewar": dewar,
    }
    more = {"capacity": 16, "comments": "Blue"}
    assert await member.patch("/containers/3", more) == {**added, **more}
    assert await member.refused("PATCH", "/containers/3", {"capacity": 0}) == [["body", "capacity"]]
    assert await member.patch("/containers/3", dict.fromkeys(more)) == added
    assert await keys(member, "/containers", "containerId") == [1, 3]
    other = (await member.post("/dewars", {"shippingId": 1, "code": "D9"}))["dewarId"]
    sent = {"dewarId": other, "beamlineLocation": None, "sampleChangerLocation": "7"}
    changed = await member.patch("/containers/3", sent)
    assert changed == {**added, **sent, "Dewar": {**dewar, "code": "D9"}}
    assert changed == await member.get("/containers/3")


@pytest.mark.fix(24)
@pytest.mark.fix(58)
async def test_a_container_that_cannot_be(app: TestApp, member: Caller) -> None:
    foreign = {"dewarId": 2, "code": "new", "containerType": "Puck"}
    assert await member.post("/containers", foreign, 404) == {"detail": "Dewar not found"}
    assert await member.patch("/containers/1", {"dewarId": 2}, 404) == {"detail": "Dewar not found"}
    assert await member.patch("/containers/2", {"code": "x"}, 404) == {"detail": "Container not found"}
    for name in ("code", "containerType", "dewarId"):
        assert await member.refused("PATCH", "/containers/1", {name: None}) == [["body", name]]
    too_long = {"sampleChangerLocation": "x" * 21}
    assert await member.refused("PATCH", "/containers/1", too_long) == [["body", "sampleChangerLocation"]]
    assert await keys(member, "/containers", "containerId") == [1]


@pytest.mark.fix(5)
async def test_lists_by_proposal(root: Caller) -> None:
    lists = {
        "labcontacts": "labContactId",
        "shippings": "shippingId",
        "dewars": "dewarId",
        "containers": "containerId",
    }
    for name, key in lists.items():
        assert await keys(root, f"/{name}?proposal=MX2", key) == [2]
        assert await keys(root, f"/{name}?proposal=mx3", key) == []
    assert await keys(root, "/dewars?shippingId=0", "dewarId") == []
