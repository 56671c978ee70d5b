"""Every form with ids of another proposal in every field: nothing of theirs is read, named or changed."""

from __future__ import annotations

import pytest

from starbeam.db.models import Person
from starbeam_ispyb import models as m
from support.pages import Visitor, fields_of, send, stored

pytestmark = pytest.mark.anyio

NEW = {
    "/proposals/mx1/shipments/new": {"shippingName": "New"},
    "/proposals/mx1/contacts/new": {
        "cardName": "New",
        "Person.givenName": "Ida",
        "Person.familyName": "Bo",
        "Person.Laboratory.name": "Lab",
        "Person.Laboratory.address": "1 Road",
        "Person.Laboratory.city": "Oslo",
        "Person.Laboratory.country": "Norway",
    },
    "/proposals/mx1/proteins/new": {"name": "New", "acronym": "NEW"},
    "/shipments/1/dewars/new": {"code": "New"},
    "/dewars/1/containers/new": {"code": "New", "containerType": "Unipuck"},
    "/containers/1/samples/new": {"name": "New", "location": "9"},
}
EDITS = ("shipments", "contacts", "dewars", "containers", "proteins", "samples")
CHOSEN = ("sendingLabContactId", "returnLabContactId", "Crystal.proteinId")
"""What forms let people choose of a proposal."""
GIVEN = (
    "proposalId",
    "shippingId",
    "dewarId",
    "containerId",
    "labContactId",
    "personId",
    "Person.personId",
    "Person.laboratoryId",
    "Person.Laboratory.laboratoryId",
    "Person.Laboratory.laboratoryExtPk",
    "Crystal.crystalId",
    "crystalId",
    "blSampleId",
    "proteinId",
)
"""What they do not, and somebody sends all the same."""
THEIRS = {
    "Shipping": "shippingId",
    "LabContact": "labContactId",
    "Dewar": "dewarId",
    "Container": "containerId",
    "Protein": "proteinId",
    "BLSample": "blSampleId",
    "Crystal": "crystalId",
    "Laboratory": "laboratoryId",
}


@pytest.fixture
async def both(puck: Visitor) -> Visitor:
    """One of each in both proposals: keys 1, and 2 of the others."""
    db = puck.app.database
    await db.sql("INSERT INTO Laboratory (laboratoryId, name) VALUES (1, 'L1'), (2, 'L2')")
    await db.add(Person, personId=51, givenName="Ida", familyName="Own", laboratoryId=1)
    await db.sql("UPDATE Person SET laboratoryId = 2 WHERE personId = 52")
    await db.add(m.LabContact, labContactId=1, proposalId=1, personId=51, cardName="mine")
    for key in (1, 2):
        await db.add(m.Crystal, crystalId=key, proteinId=key)
        await db.add(m.BLSample, blSampleId=key, containerId=key, crystalId=key, name=f"x{key}", location="1")
    await db.sql("UPDATE Shipping SET sendingLabContactId = 1, returnLabContactId = 1 WHERE shippingId = 1")
    return puck


async def theirs(visitor: Visitor) -> dict[str, object]:
    """All rows of the other proposal."""
    return {
        table: await stored(visitor, f"SELECT * FROM {table} WHERE {key} = 2")
        for table, key in THEIRS.items()
    }


async def belonging(visitor: Visitor) -> dict[str, object]:
    """How many rows belong to something of the other proposal."""
    counted = {
        "Shipping": "proposalId = 2 OR sendingLabContactId = 2 OR returnLabContactId = 2",
        "LabContact": "proposalId = 2 OR personId = 52",
        "Protein": "proposalId = 2",
        "Dewar": "shippingId = 2",
        "Container": "dewarId = 2",
        "BLSample": "containerId = 2 OR crystalId = 2",
        "Crystal": "proteinId = 2",
        "Person": "laboratoryId = 2",
    }
    return {
        table: await stored(visitor, f"SELECT COUNT(*) FROM {table} WHERE {of}")
        for table, of in counted.items()
    }


@pytest.mark.four_databases
async def test_ids_of_others_in_every_field(both: Visitor) -> None:
    rows, counts = await theirs(both), await belonging(both)
    forms = {**NEW, **{f"/{kind}/1/edit": {} for kind in EDITS}}
    refused = 0
    for path, typed in forms.items():
        opened = await both.open(path)
        assert opened.status_code == 200, path
        fields = fields_of(opened.text)
        assert not {"theirs", "XYZ", "C2"} & set(opened.text.split('"')), path
        mine = {name: "1" for name in CHOSEN if name in fields} | typed
        for name in CHOSEN:
            if name in fields:
                answer = await send(both, path, {**fields, **mine, name: "2"})
                assert answer.status_code in (404, 422), (path, name)
                refused += 1
        answer = await send(both, path, {**fields, **mine, **dict.fromkeys(GIVEN, "2")})
        assert answer.status_code in (303, 422), path
        assert await theirs(both) == rows, path
        assert await belonging(both) == counts, path
    assert refused == 6  # two contacts and a protein, in forms of new ones and of changes


async def test_the_forms_of_others_are_not_there(both: Visitor) -> None:
    rows = await theirs(both)
    for what in EDITS:
        fields = fields_of((await both.open(f"/{what}/1/edit")).text)
        assert (await send(both, f"/{what}/2/edit", fields)).status_code == 404, what
    assert await theirs(both) == rows
