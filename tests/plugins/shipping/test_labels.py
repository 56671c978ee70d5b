"""Labels of dewars, read back from paper: words by pdftotext, bar codes by zbar."""

from __future__ import annotations

from asyncio import to_thread
from pathlib import Path

import pytest

from starbeam.db.models import Laboratory, Person
from starbeam_ispyb import models as m
from starbeam_shipping.code128 import bars
from starbeam_testing.fixtures import MakeApp
from support.browser import browser
from support.pages import OPEN, Visitor
from support.paper import bar_codes, pages_of, read

pytestmark = pytest.mark.anyio

FACILITY = {
    "plugin.shipping.facility": ["The Ring", "1 Beam Street"],
    "plugin.shipping.notice": "Dry shipper",
}
CODES = [
    "mx1001-7",
    "DLS-MX-0042",
    " !\"#$%&'()*+,-./0123456789:;<=>?@",
    "[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~",
]


def of_code(text: str) -> str:
    """A bar code as an SVG, eight pixels a module."""
    drawn = bars(text)
    assert drawn is not None
    rects = "".join(f'<rect x="{at}" width="{width}" height="40"/>' for at, width in drawn[0])
    white = f'<rect width="{drawn[1]}" height="40" fill="#fff"/>'
    return f'<svg width="{drawn[1] * 3}" height="90" viewBox="0 0 {drawn[1]} 40">{white}{rects}</svg>'


def test_a_reader_reads_what_was_written(tmp_path: Path) -> None:
    with browser() as chromium:
        page = chromium.new_page()
        for text in CODES:
            page.set_content(of_code(text))
            page.locator("svg").screenshot(path=tmp_path / "code.png")
            assert read(tmp_path / "code.png") == [text]


def test_what_no_bar_code_holds() -> None:
    assert [bars(text) for text in ("", "Göran", "a\nb")] == [None, None, None]


async def shipped(make_app: MakeApp) -> Visitor:
    """A member of mx1 with a shipment of a dewar, for a session, with ten containers."""
    app = await make_app("auth_dummy", "ispyb", "proposals", "shipping", "web", **OPEN, **FACILITY)
    db = app.database
    member = await db.person("member")
    await db.add(m.Proposal, proposalId=1, proposalCode="mx", proposalNumber="1", personId=member)
    await db.add(m.ProposalHasPerson, proposalId=1, personId=member)
    await db.add(m.BLSession, sessionId=1, proposalId=1, visit_number=4, beamLineName="id30")
    for key, name in ((1, "Sender"), (2, "Receiver")):
        place = {"name": f"Lab {name}", "address": f"{key} Road", "city": "Oslo", "country": "Norway"}
        await db.add(Laboratory, laboratoryId=key, **place)
        await db.add(Person, personId=50 + key, givenName="Ida", familyName=name, laboratoryId=key)
        await db.add(m.LabContact, labContactId=key, proposalId=1, personId=50 + key, cardName=f"card{key}")
    contacts = {"sendingLabContactId": 1, "returnLabContactId": 2}
    await db.add(m.Shipping, shippingId=1, proposalId=1, shippingName="First", safetyLevel="RED", **contacts)
    of_session = {"barCode": "mx1-0007", "firstExperimentId": 1}
    await db.add(m.Dewar, dewarId=1, shippingId=1, code="D7", **of_session)
    for key in range(1, 11):
        await db.add(m.Container, containerId=key, dewarId=1, code=f"P{key:02}")
    visitor = Visitor(app)
    await visitor.log_in("member")
    return visitor


async def test_labels_on_paper(make_app: MakeApp, tmp_path: Path) -> None:
    visitor = await shipped(make_app)
    shown = await visitor.open("/shipments/1/labels")
    pages = await to_thread(pages_of, shown.text, tmp_path)
    codes = bar_codes(tmp_path)
    assert len(pages) == 2
    for page, direction in zip(pages, ("To the facility", "Back"), strict=True):
        for words in (direction, "D7", "RED", "mx1-0007", "mx1-4", "id30", "Dry shipper", "The Ring"):
            assert words in page, words
        assert "P01, P02, P03, P04, P05, P06, P07, P08 and 2 more" in page
    assert ("Ida Sender" in pages[0], "Ida Receiver" in pages[0]) == (True, False)
    assert ("Ida Sender" in pages[1], "Ida Receiver" in pages[1]) == (False, True)
    assert codes == [["mx1-0007"], ["mx1-0007"]]
