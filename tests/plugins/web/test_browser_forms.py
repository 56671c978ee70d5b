"""One person at a browser: a shipment from nothing to printed labels, with a log-out in between."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Dialog, Page

from support.browser import PATIENCE, browser
from support.commands import Site, free_port
from support.paper import bar_codes, said_by

PLUGINS = ["auth_dummy", "ispyb", "proposals", "samples", "shipping", "web"]
ROWS = """
INSERT INTO Person (personId, login, givenName, familyName) VALUES (1, 'ida', 'Ida', 'Bo');
INSERT INTO Proposal (proposalId, personId, proposalCode, proposalNumber) VALUES (1, 1, 'mx', '1');
INSERT INTO ProposalHasPerson (proposalId, personId) VALUES (1, 1);
INSERT INTO Protein (proteinId, proposalId, name, acronym) VALUES (1, 1, 'Lysozyme', 'LYS');
"""
PASTE = """text => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const paste = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
  document.activeElement.dispatchEvent(paste);
}"""
CONTACT = {
    "Person.givenName": "Ida",
    "Person.familyName": "Bo",
    "Person.Laboratory.name": "Lab",
    "Person.Laboratory.address": "1 Road",
    "Person.Laboratory.city": "Oslo",
    "Person.Laboratory.country": "Norway",
}


class Server:
    """A server that can be stopped and started at one address."""

    def __init__(self, site: Site) -> None:
        self.database = site.folder / "union.db"
        self.base = f"http://127.0.0.1:{free_port()}"
        self._site = site
        self._running = ExitStack()

    def start(self) -> None:
        """Until it serves."""
        words = "--config", str(self._site.config), "--port", self.base.rpartition(":")[2]
        self._running.enter_context(self._site.serving("serve", *words))

    def stop(self) -> None:
        """At once, as when its machine fails."""
        self._running.close()


class Desk:
    """A server, its database, and a person at a browser."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.base = server.base
        self._database = server.database
        page.set_default_timeout(PATIENCE)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the database holds; or what others do to it."""
        with sqlite3.connect(self._database) as connection:
            connection.create_collation("GENERAL_CI", lambda a, b: (a > b) - (a < b))
            return connection.execute(sql).fetchall()

    def log_in(self) -> None:
        """With the form that is shown."""
        self.page.locator("[name=login]").fill("ida")
        self.page.locator("[name=password]").fill("x")
        self.press("Log in")

    def log_out(self) -> None:
        """In another tab."""
        other = self.page.context.new_page()
        other.goto(f"{self.base}/shipments")
        other.locator("summary.me").click()
        with other.expect_navigation():
            other.get_by_role("button", name="Log out").click()
        other.close()

    def fill(self, **texts: str) -> None:
        """Type into fields."""
        for name, text in texts.items():
            self.page.locator(f'[name="{name}"]').fill(text)

    def press(self, name: str) -> None:
        """Press a button, of several of that name the last; another page follows."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name, exact=True).last.click()

    def head(self) -> str:
        """What the page is called."""
        return self.page.inner_text("h1")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a member of mx1, who has a protein."""
    site = Site(tmp_path_factory.mktemp("desk"), PLUGINS)
    site.make_database()
    with sqlite3.connect(site.folder / "union.db") as connection:
        connection.create_collation("GENERAL_CI", lambda a, b: (a > b) - (a < b))
        connection.executescript(ROWS)
    running = Server(site)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.mark.parametrize("scripts", [True, pytest.param(False, marks=pytest.mark.long)])
def test_a_shipment_from_nothing_to_labels(
    server: Server, chromium: Browser, tmp_path: Path, scripts: bool
) -> None:
    context = chromium.new_context(java_script_enabled=scripts)
    desk = Desk(context.new_page(), server)
    name = f"Ship {scripts}"
    desk.page.goto(f"{desk.base}/proposals/mx1/shipments/new")
    desk.log_in()

    desk.fill(shippingName=name)
    desk.page.locator("summary", has_text="Make a new lab contact").first.click()
    card = {**CONTACT, "cardName": f"Lab {scripts}"}
    desk.fill(**{f"sendingLabContactId.{field}": text for field, text in card.items()})
    with desk.page.expect_navigation():
        desk.page.locator("button[name=make][value=sendingLabContactId]").click()
    chosen = desk.page.locator("#sendingLabContactId").input_value()
    assert desk.rows(f"SELECT cardName FROM LabContact WHERE labContactId = {chosen}") == [
        (card["cardName"],)
    ]
    assert desk.page.locator("#shippingName").input_value() == name
    desk.page.locator("#returnLabContactId").select_option(chosen)
    desk.log_out()
    desk.press("Create")
    assert desk.head() == "Log in"
    desk.log_in()
    if not scripts:
        desk.press("Back to what you typed")
    desk.page.wait_for_selector("#shippingName")
    assert desk.page.locator("#shippingName").input_value() == name
    assert desk.rows(f"SELECT COUNT(*) FROM Shipping WHERE shippingName = '{name}'") == [(0,)]
    desk.press("Create")
    assert desk.head() == name

    desk.page.get_by_role("link", name="Add dewar").click()
    desk.fill(code="D7", barCode=f"mx1-{int(scripts)}")
    desk.press("Create")
    dewar = desk.page.url.rpartition("/")[2]
    desk.page.goto(f"{desk.base}/dewars/{dewar}/containers/new")
    desk.fill(code="P1", containerType="Unipuck")
    desk.press("Create")
    puck = desk.page.url

    lines = [f"lys-{n}\t{'XYZ' if n == 9 else 'LYS'}" for n in range(1, 17)]
    lines[3] = "lys-3\tLYS"
    desk.page.goto(f"{puck}/sheet")
    if scripts:
        desk.page.locator('[name="1.name"]').focus()
        desk.page.evaluate(PASTE, "\n".join(lines))
    else:
        cells = dict[str, str]()
        for n, line in enumerate(lines, 1):
            cells[f"{n}.name"], cells[f"{n}.acronym"] = line.split("\t")
        desk.fill(**cells)
    desk.press("Store")
    said = desk.page.inner_text(".errors")
    assert "Row 4, Name: Another sample of this protein is called lys-3." in said
    assert "Row 9, Protein: This proposal has no protein XYZ." in said
    desk.fill(**{"4.name": "lys-4", "9.acronym": "LYS"})
    desk.press("Store")
    desk.page.wait_for_url(puck)
    found = desk.rows(f"SELECT location, name FROM BLSample WHERE containerId = {puck.rpartition('/')[2]}")
    assert sorted(found, key=lambda row: int(row[0])) == [(f"{n}", f"lys-{n}") for n in range(1, 17)]

    (shipment,) = desk.rows(f"SELECT shippingId FROM Shipping WHERE shippingName = '{name}'")[0]
    desk.page.goto(f"{desk.base}/shipments/{shipment}")
    with desk.page.expect_navigation():
        desk.page.get_by_role("link", name="Labels").click()
    desk.page.pdf(path=tmp_path / "page.pdf", format="A4", print_background=True)
    context.close()
    pages = said_by(tmp_path / "page.pdf")
    assert [("D7" in page, "Ida Bo" in page, "P1" in page) for page in pages] == [(True, True, True)] * 2
    assert bar_codes(tmp_path) == [[f"mx1-{int(scripts)}"]] * 2


def test_who_logs_in_by_another_way_gets_it_back(server: Server, chromium: Browser) -> None:
    """As at a provider's page: the log-in page that kept it is left, and the form is opened anew."""
    desk = Desk(chromium.new_context().new_page(), server)
    path = f"{desk.base}/proposals/mx1/proteins/new"
    desk.page.goto(path)
    desk.log_in()
    desk.fill(name="Kinase A", acronym="KinA")
    desk.log_out()
    desk.press("Create")
    desk.page.goto(f"{desk.base}/login?next=/proposals/mx1/proteins/new")
    desk.log_in()
    desk.page.wait_for_function("document.querySelector('#name').value === 'Kinase A'")
    assert desk.page.locator("#acronym").input_value() == "KinA"
    desk.press("Create")
    assert desk.rows("SELECT name FROM Protein WHERE acronym = 'KinA'") == [("Kinase A",)]
    desk.page.goto(path)
    assert desk.page.locator("#name").input_value() == ""
    desk.page.context.close()


def test_a_form_is_sent_once_and_not_left_without_a_word(server: Server, chromium: Browser) -> None:
    desk = Desk(chromium.new_context().new_page(), server)
    asked = list[str]()

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    desk.page.on("dialog", leave)
    path = f"{desk.base}/proposals/mx1/proteins/new"
    desk.page.goto(path)
    desk.log_in()
    desk.page.goto(path)
    assert asked == []
    desk.page.locator("#name").click()
    desk.page.keyboard.type("Left behind")
    desk.page.goto(path)
    assert asked == ["beforeunload"]
    assert desk.page.locator("#name").input_value() == "Left behind"
    desk.fill(name="Twice", acronym="TWO")
    with desk.page.expect_navigation():
        desk.page.get_by_role("button", name="Create", exact=True).last.dblclick()
    assert desk.rows("SELECT COUNT(*) FROM Protein WHERE acronym = 'TWO'") == [(1,)]
    assert asked == ["beforeunload"]
    desk.page.context.close()


@pytest.mark.long
def test_a_server_that_is_started_anew_while_somebody_types(server: Server, chromium: Browser) -> None:
    """What is sent meanwhile is neither lost nor stored twice."""
    desk = Desk(chromium.new_context().new_page(), server)
    new = f"{desk.base}/proposals/mx1/proteins/new"
    desk.page.goto(new)
    desk.log_in()
    desk.fill(name="Kinase B", acronym="KinB")
    server.stop()
    with desk.page.expect_event("requestfailed"):
        desk.page.get_by_role("button", name="Create", exact=True).last.click()
    desk.page.wait_for_url("chrome-error://**")
    server.start()
    desk.page.goto(new)
    assert desk.page.locator("#acronym").input_value() == "KinB"
    desk.press("Create")
    assert desk.rows("SELECT name FROM Protein WHERE acronym = 'KinB'") == [("Kinase B",)]
    desk.page.context.close()


DRAFTS = "Object.entries(sessionStorage).filter(([key]) => key.startsWith('starbeam'))"


def test_what_is_typed_stays_until_it_is_stored(server: Server, chromium: Browser) -> None:
    """In the tab in which it is typed, for the one who typed it, with what the form was opened with."""
    desk = Desk(chromium.new_context().new_page(), server)
    desk.page.on("dialog", lambda dialog: dialog.accept())
    new, edit = (f"{desk.base}{path}" for path in ("/proposals/mx1/proteins/new", "/proteins/1/edit"))
    desk.page.goto(edit)
    desk.log_in()
    desk.fill(sequence="MALW")
    desk.page.goto(new)
    desk.fill(name="Kept", acronym="no good")
    desk.page.reload()
    assert "What you typed here before is back. It is not stored yet." in desk.page.inner_text("main")
    desk.press("Create")
    assert "Names are made of letters" in desk.page.inner_text(".errors")
    desk.page.goto(new)
    assert desk.page.locator("#acronym").input_value() == "no good"
    desk.fill(acronym="KEPT")
    desk.press("Create")
    assert desk.page.inner_text(".toast") == "Stored"
    desk.page.reload()
    assert desk.page.locator(".toast").count() == 0
    desk.page.goto(new)
    assert desk.page.locator("#name").input_value() == ""

    desk.rows("UPDATE Protein SET sequence = 'THEIRS' WHERE proteinId = 1")
    desk.page.goto(edit)
    assert desk.page.locator("#sequence").input_value() == "MALW"
    desk.press("Store")
    assert "Sequence: Somebody changed this meanwhile, to THEIRS." in desk.page.inner_text(".errors")
    with desk.page.expect_navigation():
        desk.page.get_by_role("link", name="Cancel").click()
    desk.page.goto(edit)
    assert desk.page.locator("#sequence").input_value() == "THEIRS"
    desk.fill(sequence="Discarded")
    desk.page.reload()
    with desk.page.expect_navigation():
        desk.page.get_by_role("button", name="Discard it").click()
    assert desk.page.locator("#sequence").input_value() == "THEIRS"
    desk.page.context.close()


def test_nothing_typed_is_left_after_a_log_out(server: Server, chromium: Browser) -> None:
    desk = Desk(chromium.new_context().new_page(), server)
    desk.page.goto(f"{desk.base}/proposals/mx1/proteins/new")
    desk.log_in()
    desk.fill(name="Secret")
    (draft,) = desk.page.evaluate(DRAFTS)
    token = desk.page.locator("main [name=csrf]").input_value()
    assert "Secret" in draft[1]
    assert token not in draft[1]
    desk.log_out()
    desk.page.wait_for_function(f"{DRAFTS}.length === 0")
    desk.fill(name="Secret, after the log-out")
    assert desk.page.evaluate(DRAFTS) == []
    desk.page.context.close()


def test_long_texts_say_how_much_of_them_fits(server: Server, chromium: Browser) -> None:
    desk = Desk(chromium.new_context().new_page(), server)
    desk.page.goto(f"{desk.base}/proposals/mx1/proteins/new")
    desk.log_in()
    said = desk.page.locator("#acronym-n")
    for length, text in ((35, None), (36, "36 of 45 characters"), (47, "47 of 45 characters: 2 too many")):
        desk.fill(acronym="é" * length)
        assert (said.inner_text() if said.is_visible() else None) == text
    desk.page.context.close()
