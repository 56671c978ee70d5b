"""Pages of shipments, dewars, containers and lab contacts."""

from __future__ import annotations

from datetime import datetime

import pytest

from starbeam.db.models import Person
from starbeam_ispyb import models as m
from starbeam_testing.fixtures import MakeApp
from support.pages import OPEN, Visitor, text_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def visitor(make_app: MakeApp) -> Visitor:
    """A member of mx1, which has two shipments; mx2 has one, too."""
    names = ("auth_dummy", "ispyb", "proposals", "shipping", "web")
    app = await make_app(*names, **OPEN)
    app.set_time(datetime(2026, 3, 10, 12))
    db = app.database
    member = await db.person("member")
    for key in (1, 2):
        await db.add(m.Proposal, proposalId=key, proposalCode="mx", proposalNumber=f"{key}", personId=member)
    await db.add(m.ProposalHasPerson, proposalId=1, personId=member)
    for key, name in ((1, "Sender"), (2, "Receiver")):
        await db.add(Person, personId=50 + key, givenName="Ada", familyName=name)
        await db.add(m.LabContact, labContactId=key, proposalId=1, personId=50 + key, cardName=f"card{key}")
    cards = {"sendingLabContactId": 1, "returnLabContactId": 2}
    for key, proposal, status in ((1, 1, "sent to facility"), (2, 1, "opened"), (3, 2, "sent to facility")):
        given = {"proposalId": proposal, "shippingStatus": status, "bltimeStamp": datetime(2025, 12, 5, 9)}
        await db.add(m.Shipping, shippingId=key, shippingName=f"S{key}", safetyLevel="RED", **given, **cards)
    for key, shipment in ((1, 1), (2, 1), (3, 3)):
        tracked = {"barCode": f"B{key}", "trackingNumberToSynchrotron": f"T{key}", "dewarStatus": "opened"}
        await db.add(m.Dewar, dewarId=key, shippingId=shipment, code=f"D{key}", **tracked)
    for key, dewar in ((1, 1), (2, 1), (3, 2), (4, 3)):
        await db.add(m.Container, containerId=key, dewarId=dewar, code=f"C{key}", containerType="Unipuck")
    for key, container in ((1, 1), (2, 3), (3, 3), (4, 4)):
        await db.add(m.BLSample, blSampleId=key, containerId=container)
    visitor = Visitor(app)
    await visitor.log_in("member")
    return visitor


async def says(visitor: Visitor, path: str) -> str:
    """What a page says, which is there."""
    shown = await visitor.open(path)
    assert shown.status_code == 200, shown.text
    return text_of(shown.text)


@pytest.mark.four_databases
async def test_a_list_counts_what_is_in_each_shipment(visitor: Visitor) -> None:
    for path in ("/shipments", "/proposals/mx1/shipments"):
        said = await says(visitor, path)
        assert "S2 mx1 Fri 5 Dec 2025 09:00 0 0 0 opened RED" in said
        assert "S1 mx1 Fri 5 Dec 2025 09:00 2 3 3 sent to facility RED" in said
        assert said.index("S2 mx1") < said.index("S1 mx1")
        assert "S3" not in said
    assert (await visitor.open("/proposals/mx2/shipments")).status_code == 404


async def test_who_sends_is_not_who_gets_it_back(visitor: Visitor) -> None:
    said = await says(visitor, "/shipments/1")
    assert "From card1 Ada Sender Returned to card2 Ada Receiver" in said
    assert "Dewars 2 Containers 3 Samples 3" in said
    assert "D1 Dewar B1 opened T1 2 D2 Dewar B2 opened T2 1" in said
    assert "C1 Unipuck D1 C2 Unipuck D1 C3 Unipuck D2" in said
    html = (await visitor.open("/shipments/1")).text
    assert html.count('aria-current="step"') == 1


async def test_a_shipment_without_anything(visitor: Visitor) -> None:
    await visitor.app.database.sql(
        "UPDATE Shipping SET sendingLabContactId = NULL, shippingName = NULL, shippingStatus = 'lost' "
        "WHERE shippingId = 2"
    )
    said = await says(visitor, "/shipments/2")
    assert "Shipment without a name" in said
    assert "From No lab contact is named." in said
    assert "lost" in said
    assert "No dewars yet." in said
    assert "None" not in said.replace("No lab", "")


async def test_a_dewar_and_a_container(visitor: Visitor) -> None:
    said = await says(visitor, "/dewars/1")
    assert "Shipments S1 D1" in said
    assert "C1 Unipuck C2 Unipuck" in said
    assert "C3" not in said
    said = await says(visitor, "/containers/3")
    assert "Shipments S1 D2 C3" in said
    assert 'href="/shipments/1"' in (await visitor.open("/containers/3")).text
    for path in ("/shipments/3", "/dewars/3", "/containers/4", "/contacts/9"):
        assert (await visitor.open(path)).status_code == 404


async def test_contacts(visitor: Visitor) -> None:
    said = await says(visitor, "/contacts")
    assert "card1 Ada Sender" in said
    said = await says(visitor, "/contacts/2")
    assert "First name Ada Surname Receiver" in said


async def test_the_start_page_says_what_is_on_its_way(visitor: Visitor) -> None:
    said = await says(visitor, "/")
    assert "On their way All shipments Shipment Status S1 sent to facility" in said
    assert "S2" not in said
    await visitor.app.database.sql("UPDATE Shipping SET shippingStatus = 'processing'")
    assert "On their way" not in await says(visitor, "/")
