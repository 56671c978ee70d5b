"""What people choose: of many by name, and between their own and what somebody else has stored meanwhile."""

from __future__ import annotations

import re

import pytest

from starbeam_ispyb import models as m
from support.pages import Visitor, fields_of, fill, gone_to, send, stored, text_of

pytestmark = pytest.mark.anyio

PROTEIN = "Crystal.proteinId"
NEW = "/containers/1/samples/new"


@pytest.fixture
async def many(puck: Visitor) -> Visitor:
    """With 30 further proteins, two of them of one acronym."""
    for number in range(101, 131):
        acronym = "TWICE" if number > 128 else f"P{number}"
        await puck.app.database.add(m.Protein, proteinId=number, proposalId=1, acronym=acronym)
    return puck


@pytest.mark.four_databases
async def test_one_of_many_is_chosen_by_its_name(many: Visitor) -> None:
    html = (await many.open(NEW)).text
    assert f'<select id="{PROTEIN}"' not in html
    (listed,) = re.findall(f'(?s)<datalist id="{PROTEIN}-l">(.*?)</datalist>', html)
    offered = re.findall(r'<option value="([^"]*)">', listed)
    assert len(offered) == 31
    assert {"LYS", "P101", "TWICE (129)", "TWICE (130)"} <= {*offered}
    wrong = await fill(many, NEW, location="1", name="one", **{PROTEIN: "P999"})
    assert "Protein: There is none of this name. Please choose one of the list." in text_of(wrong.text)
    assert (wrong.status_code, fields_of(wrong.text)[PROTEIN]) == (422, "P999")
    for place, typed in (("1", "p101"), ("2", "TWICE (130)"), ("3", "1")):
        gone_to(await fill(many, NEW, location=place, name=f"s{place}", **{PROTEIN: typed}))
    found = "SELECT location, proteinId FROM BLSample JOIN Crystal USING (crystalId) ORDER BY location"
    assert await stored(many, found) == [("1", 101), ("2", 130), ("3", 1)]
    of_others = await fill(many, NEW, location="4", name="s4", **{PROTEIN: "2"})
    assert of_others.status_code == 404
    sample = "SELECT blSampleId FROM BLSample WHERE location = '2'"
    ((key,),) = await stored(many, sample)
    shown = fields_of((await many.open(f"/samples/{key}/edit")).text)
    assert (shown[PROTEIN], shown[f"was.{PROTEIN}"]) == ("TWICE (130)", "130")


async def test_a_protein_is_made_while_a_sample_is_typed(many: Visitor) -> None:
    inner = {f"{PROTEIN}.name": "Kinase A", f"{PROTEIN}.acronym": "KinA"}
    made = await fill(many, NEW, location="5", name="five", make=PROTEIN, **inner)
    chosen = fields_of(made.text)
    assert (made.status_code, chosen[PROTEIN], chosen["name"]) == (200, "KinA", "five")
    gone_to(await send(many, NEW, chosen))
    assert await stored(
        many, "SELECT p.name FROM BLSample JOIN Crystal USING (crystalId) JOIN Protein p USING (proteinId)"
    ) == [("Kinase A",)]


@pytest.mark.four_databases
async def test_a_protein_is_made_while_a_sheet_is_typed(puck: Visitor) -> None:
    """Once, however often it is sent; nothing of the sheet is stored by it, and nothing of it lost."""
    path = "/containers/1/sheet"
    typed = {"3.name": "kin-3", "3.acronym": "KinA", "make": "protein"}
    wrong = await fill(puck, path, **typed, **{"protein.acronym": "no good"})
    said = text_of(wrong.text)
    assert wrong.status_code == 422
    assert "Name: This is needed." in said
    assert "Acronym: Names are made of letters, digits, - and _." in text_of(
        (
            await send(puck, path, {**fields_of(wrong.text), "make": "protein", "protein.name": "Kinase A"})
        ).text
    )
    mended = {**fields_of(wrong.text), **typed, "protein.name": "Kinase A", "protein.acronym": "KinA"}
    both = [await send(puck, path, mended) for _ in range(2)]
    assert [one.status_code for one in both] == [200, 200]
    shown = fields_of(both[0].text)
    assert (shown["3.name"], shown["3.acronym"], shown["protein.name"]) == ("kin-3", "KinA", "")
    assert '<option value="KinA">Kinase A</option>' in both[0].text
    assert await stored(puck, "SELECT COUNT(*) FROM BLSample") == [(0,)]
    assert await stored(puck, "SELECT name FROM Protein WHERE acronym = 'KinA'") == [("Kinase A",)]
    gone_to(await send(puck, path, shown))
    assert await stored(puck, "SELECT location, name FROM BLSample") == [("3", "kin-3")]


async def test_what_somebody_else_stored_is_taken_or_not(puck: Visitor) -> None:
    """Field by field."""
    path = "/proteins/1/edit"
    before = fields_of((await puck.open(path)).text)
    gone_to(await fill(puck, path, name="Their name", sequence="THEIRS"))
    told = await send(puck, path, {**before, "name": "My name", "sequence": "MINE"})
    said = text_of(told.text)
    assert (told.status_code, said.count("Keep mine")) == (422, 2)
    assert "Take theirs: Their name" in said
    assert "Take theirs: THEIRS" in said
    fields = {**fields_of(told.text), "take.name": "theirs", "take.sequence": "mine"}
    gone_to(await send(puck, path, fields))
    assert await stored(puck, "SELECT name, sequence FROM Protein WHERE proteinId = 1") == [
        ("Their name", "MINE")
    ]


async def test_rows_of_a_sheet_that_somebody_else_stored(puck: Visitor) -> None:
    path = "/containers/1/sheet"
    before = fields_of((await puck.open(path)).text)
    theirs = {f"{place}.{column}": text for place in (1, 2) for column, text in ROW.items()}
    theirs["2.name"] = "theirs-2"
    gone_to(await fill(puck, path, **theirs))
    mine = {**theirs, "1.name": "mine-1", "2.name": "mine-2"}
    told = await send(puck, path, {**before, **mine})
    assert text_of(told.text).count("Take theirs: theirs") == 2
    gone_to(await send(puck, path, {**fields_of(told.text), "take.1": "theirs", "take.2": "mine"}))
    found = await stored(puck, "SELECT location, name FROM BLSample ORDER BY location")
    assert found == [("1", "theirs"), ("2", "mine-2")]


ROW = {"name": "theirs", "acronym": "LYS"}
