"""What people type of shipments and samples: each form right and wrong, sent twice, and changed meanwhile."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from starbeam_ispyb import models as m
from support.browser import browser
from support.pages import Visitor, fields_of, fill, gone_to, send, stored, text_of

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.anyio

SCRIPT = Path("plugins/web/starbeam_web/static/sheet.js")


CONTACT = {
    "cardName": "Lab of Ida",
    "Person.givenName": "Ida",
    "Person.familyName": "Bo",
    "Person.Laboratory.name": "Lab",
    "Person.Laboratory.address": "1 Road\r\nBack door",
    "Person.Laboratory.city": "Oslo",
    "Person.Laboratory.country": "Norway",
}


@pytest.mark.four_databases
async def test_a_shipment_from_nothing_to_a_full_puck(visitor: Visitor) -> None:
    contact = gone_to(await fill(visitor, "/proposals/mx1/contacts/new", **CONTACT))
    assert contact == "/contacts/3"
    assert "Lab of Ida" in text_of((await visitor.open(contact)).text)
    typed = {"shippingName": "First", "sendingLabContactId": "3", "returnLabContactId": "3"}
    shipment = gone_to(await fill(visitor, "/proposals/mx1/shipments/new", **typed, safetyLevel="YELLOW"))
    dewar = gone_to(await fill(visitor, f"{shipment}/dewars/new", code="D7", barCode="mx1-7"))
    puck = gone_to(await fill(visitor, f"{dewar}/containers/new", code="P1", containerType="Unipuck"))
    gone_to(await fill(visitor, "/proposals/mx1/proteins/new", name="Lysozyme", acronym="LYS"))
    rows = {f"{n}.name": f"lys-{n}" for n in range(1, 17)} | {f"{n}.acronym": "lys" for n in range(1, 17)}
    assert gone_to(await fill(visitor, f"{puck}/sheet", **rows)) == puck
    found = await stored(visitor, "SELECT location, name FROM BLSample ORDER BY blSampleId")
    assert found == [(f"{n}", f"lys-{n}") for n in range(1, 17)]
    (address,) = await stored(visitor, "SELECT address FROM Laboratory WHERE name = 'Lab'")
    assert address == ("1 Road\nBack door",)
    assert "lys-16" in text_of((await visitor.open(puck)).text)


async def test_wrong_values_stand_at_their_fields_and_nothing_is_lost(visitor: Visitor) -> None:
    path = "/proposals/mx1/proteins/new"
    typed = {
        "name": "<b>",
        "acronym": "no good",
        "molecularMass": "heavy",
        "density": "-1",
        "sequence": "MA\nLW",
    }
    answer = await fill(visitor, path, **typed)
    assert answer.status_code == 422
    said = text_of(answer.text)
    assert "Nothing is stored yet, and nothing you typed is lost." in said
    assert "Mass: Value should be a number." in said
    assert "Density: This must be at least 0." in said
    assert typed.items() <= fields_of(answer.text).items()
    again = await send(visitor, path, {**fields_of(answer.text), "molecularMass": "14.3", "density": ""})
    assert "Acronym: Names are made of letters, digits, - and _." in text_of(again.text)
    empty = await fill(visitor, path)
    assert text_of(empty.text).count("This is needed.") == 4  # name and acronym, above and at the field
    assert await stored(visitor, "SELECT COUNT(*) FROM Protein") == [(1,)]
    mended = {**fields_of(again.text), "acronym": "good"}
    assert gone_to(await send(visitor, path, mended)) == "/proteins/3"
    assert await stored(visitor, "SELECT sequence, molecularMass FROM Protein WHERE proteinId = 3") == [
        ("MA\nLW", 14.3)
    ]


async def test_fields_have_titles_and_units(visitor: Visitor) -> None:
    db = visitor.app.database
    await db.add(m.Shipping, shippingId=3, proposalId=1, shippingName="S3")
    await db.add(m.Dewar, dewarId=3, shippingId=3, code="D3")
    await db.add(m.Container, containerId=3, dewarId=3, code="C3", containerType="Unipuck")
    html = (await visitor.open("/containers/3/samples/new")).text
    labels = [text_of(one) for one in re.findall(r"<label for=.*?</label>", html)]
    lengths, angles = [f"Cell {one}, Å" for one in "ABC"], ["Cell Alpha, °", "Cell Beta, °", "Cell Gamma, °"]
    assert labels[:10] == ["Location needed", "Name needed", "Comments", *lengths, *angles, "Protein needed"]
    assert labels[10:12] == ["Name needed", "Acronym needed"]  # of a protein that is made in place
    await db.add(m.BLSample, blSampleId=9, containerId=3, name="odd", location="²")
    assert "odd" not in (await visitor.open("/containers/3/sheet")).text
    for number in ("²", "9" * 5_000):
        assert (await visitor.open(f"/containers/{number}/samples/new")).status_code == 404


async def test_a_form_that_is_sent_twice_makes_one_row(visitor: Visitor) -> None:
    gone_to(await fill(visitor, "/proposals/mx1/contacts/new", **CONTACT))
    path = "/proposals/mx1/shipments/new"
    typed = {"shippingName": "First", "sendingLabContactId": "3", "returnLabContactId": "3"}
    fields = {**fields_of((await visitor.open(path)).text), **typed}
    both = await asyncio.gather(*(send(visitor, path, fields) for _ in range(3)))
    assert {gone_to(one) for one in both} == {"/shipments/3"}
    assert await stored(visitor, "SELECT COUNT(*) FROM Shipping WHERE proposalId = 1") == [(1,)]
    assert gone_to(await fill(visitor, path, **typed)) == "/shipments/4"  # who wants a second gets it


async def test_what_others_changed_meanwhile_is_told(visitor: Visitor) -> None:
    gone_to(await fill(visitor, "/proposals/mx1/proteins/new", name="Lysozyme", acronym="LYS"))
    path = "/proteins/3/edit"
    mine = fields_of((await visitor.open(path)).text)
    gone_to(await fill(visitor, path, name="Theirs", sequence="MALW"))
    told = await send(visitor, path, {**mine, "name": "Mine"})
    assert told.status_code == 422
    assert "Name: Somebody changed this meanwhile, to Theirs. Store again to keep yours." in text_of(
        told.text
    )
    assert await stored(visitor, "SELECT name, sequence FROM Protein WHERE proteinId = 3") == [
        ("Theirs", "MALW")
    ]
    assert gone_to(await send(visitor, path, fields_of(told.text))) == "/proteins/3"
    # what only they changed is theirs
    assert await stored(visitor, "SELECT name, sequence FROM Protein WHERE proteinId = 3") == [
        ("Mine", "MALW")
    ]
    assert gone_to(await send(visitor, path, {**mine, "acronym": "LYS"})) == "/proteins/3"
    assert await stored(visitor, "SELECT name FROM Protein WHERE proteinId = 3") == [("Mine",)]


async def test_ids_of_other_proposals_are_refused(visitor: Visitor) -> None:
    gone_to(await fill(visitor, "/proposals/mx1/contacts/new", **CONTACT))
    typed = {"shippingName": "First", "sendingLabContactId": "3", "returnLabContactId": "2"}
    answer = await fill(visitor, "/proposals/mx1/shipments/new", **typed)
    assert (answer.status_code, "Lab contact not found" in text_of(answer.text)) == (404, True)
    typed["returnLabContactId"] = "3"
    smuggled = await fill(visitor, "/proposals/mx1/shipments/new", **typed, proposalId="2")
    assert gone_to(smuggled) == "/shipments/3"
    assert await stored(visitor, "SELECT proposalId FROM Shipping WHERE shippingId = 3") == [(1,)]
    assert fields_of((await visitor.open("/shipments/3/edit")).text)["shippingName"] == "First"
    for path in ("/proposals/mx2/shipments/new", "/shipments/2/dewars/new", "/shipments/2/edit"):
        assert (await visitor.open(path)).status_code == 404
        assert (await visitor.send(path, "/", shippingName="x", code="x")).status_code == 404
    assert await stored(visitor, "SELECT COUNT(*) FROM Dewar") == [(1,)]


@pytest.mark.four_databases
async def test_a_sheet_with_faults_is_mended_and_stored(puck: Visitor) -> None:
    path = "/containers/1/sheet"
    rows = {f"{n}.name": f"lys-{n}" for n in range(1, 17)} | {f"{n}.acronym": "LYS" for n in range(1, 17)}
    wrong = await fill(puck, path, **{**rows, "4.name": "LYS-3", "9.acronym": "XYZ"})
    said = text_of(wrong.text)
    assert wrong.status_code == 422
    assert "Row 4, Name: Another sample of this protein is called LYS-3." in said
    assert "Row 9, Protein: This proposal has no protein XYZ." in said
    assert await stored(puck, "SELECT COUNT(*) FROM BLSample") == [(0,)]
    typed = fields_of(wrong.text)
    assert (typed["4.name"], typed["16.name"], typed["9.acronym"]) == ("LYS-3", "lys-16", "XYZ")
    checked = await send(puck, path, {**typed, "4.name": "lys-4", "9.acronym": "lys", "check": "1"})
    assert "nothing is stored yet: 16 samples would be added, 0 changed." in text_of(checked.text)
    assert await stored(puck, "SELECT COUNT(*) FROM BLSample") == [(0,)]
    gone_to(await send(puck, path, fields_of(checked.text)))
    gone_to(await send(puck, path, fields_of(checked.text)))  # twice
    assert await stored(puck, "SELECT COUNT(*) FROM BLSample") == [(16,)]
    mine = fields_of((await puck.open(path)).text)
    gone_to(await fill(puck, path, **{"5.name": "theirs", "6.comments": "Theirs"}))
    told = await send(puck, path, {**mine, "5.name": "mine"})
    assert "Row 5, Name: Changed meanwhile: it holds theirs of LYS now." in text_of(told.text)
    kept = fields_of(told.text)
    gone_to(await send(puck, path, {**kept, "5.comments": "Mine"}))
    assert await stored(puck, "SELECT name, comments FROM BLSample WHERE location = '5'") == [
        ("mine", "Mine")
    ]
    gone_to(await send(puck, path, {**mine, "7.name": "other"}))
    found = await stored(puck, "SELECT name, comments FROM BLSample WHERE location IN ('5', '6', '7')")
    assert found == [("mine", "Mine"), ("lys-6", "Theirs"), ("other", None)]


async def test_a_sheet_from_a_file(puck: Visitor) -> None:
    path = "/containers/1/sheet"
    fields = fields_of((await puck.open(path)).text)

    async def upload(text: str, **more: str) -> httpx.Response:
        file = {"file": ("puck.csv", text.encode(), "text/csv")}
        return await puck.client.post(path, data={**fields, **more}, files=file)

    wrong = await upload("Position;Name;Protein\n3;lys-3;LYS\n17;far;LYS\n")
    assert "Row 3, location: This container has 16 positions." in text_of(wrong.text)
    nothing = await upload("a,b\n")
    assert (nothing.status_code, "There is no column a" in text_of(nothing.text)) == (422, True)
    good = "Position;Name;Protein\n3;lys-3;LYS\n4;lys-4;LYS\n"
    assert "2 samples would be added" in text_of((await upload(good, check="1")).text)
    assert await stored(puck, "SELECT COUNT(*) FROM BLSample") == [(0,)]
    gone_to(await upload(good))
    assert await stored(puck, "SELECT location, name FROM BLSample") == [("3", "lys-3"), ("4", "lys-4")]


PASTE = """text => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const paste = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
  document.activeElement.dispatchEvent(paste);
}"""


def pasted(html: str, text: str, at: str) -> tuple[dict[str, str], str]:
    """What the cells of a sheet hold once this was pasted into one of them, and where Enter leads then."""
    with browser() as chromium:
        page = chromium.new_page()
        page.set_content(html)
        page.add_script_tag(content=SCRIPT.read_text(encoding="utf-8"))
        page.locator(f'[name="{at}"]').focus()
        page.evaluate(PASTE, text)
        cells = page.eval_on_selector_all(
            "[data-sheet] input:not([type=hidden])", "all => all.map(one => [one.name, one.value])"
        )
        page.keyboard.press("Enter")
        return dict(cells), str(page.evaluate("document.activeElement.name"))


async def test_rows_of_a_spreadsheet_are_pasted(puck: Visitor) -> None:
    """Sixteen from the first position on; from the last row on, what is beyond is left out."""
    shown = await puck.open("/containers/1/sheet")
    rows = "\r\n".join(f"lys-{n}\tLYS\tDrop {n}" for n in range(1, 17)) + "\r\n"
    cells, below = await asyncio.to_thread(pasted, shown.text, rows, "1.name")
    wanted = {"name": "lys-{}", "acronym": "LYS", "comments": "Drop {}"}
    assert cells == {f"{n}.{name}": text.format(n) for n in range(1, 17) for name, text in wanted.items()}
    assert below == "2.name"
    cells, _ = await asyncio.to_thread(pasted, shown.text, "a\tb\nc\td\n", "16.acronym")
    assert {name: text for name, text in cells.items() if text} == {"16.acronym": "a", "16.comments": "b"}
    cells, _ = await asyncio.to_thread(pasted, shown.text, "one word", "16.acronym")
    assert not any(cells.values())  # the browser itself puts a word in


def walked(html: str) -> list[str]:
    """Where keys lead from a cell, and what it holds then."""
    said = []
    with browser() as chromium:
        page = chromium.new_page()
        page.set_content(html)
        page.add_script_tag(content=SCRIPT.read_text(encoding="utf-8"))
        page.locator('[name="1.acronym"]').fill("LYS")
        page.locator('[name="2.acronym"]').focus()
        for key in (
            "Control+d",
            "ArrowLeft",
            "ArrowRight",
            "ArrowLeft",
            "Home",
            "ArrowLeft",
            "ArrowDown",
            "ArrowUp",
        ):
            page.keyboard.press(key)
            said.append(page.evaluate("document.activeElement.name + ' ' + document.activeElement.value"))
    return said


async def test_keys_go_about_a_sheet(puck: Visitor) -> None:
    """Ctrl+D copies what stands above; within a text arrows move the caret."""
    shown = await puck.open("/containers/1/sheet")
    down, left, right, *rest = await asyncio.to_thread(walked, shown.text)
    assert down == "2.acronym LYS"
    assert (left, right) == ("2.acronym LYS", "2.acronym LYS")
    assert rest == ["2.acronym LYS", "2.acronym LYS", "2.name ", "3.name ", "2.name "]
