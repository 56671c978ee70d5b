"""Pages that change by themselves, in a real browser."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from support.browser import browser
from support.commands import Running, Site

PATIENCE = 60_000
"""Milliseconds: the machine may be busy."""
PLUGINS = ["auth_dummy", "ispyb", "proposals", "processing", "datacollections", "events", "web"]


class Beamline:
    """A session that runs, with forty data collections, and what happens in it."""

    def __init__(self, site: Site) -> None:
        self.file = site.folder / "union.db"
        now = datetime.now()
        with self._open() as sql:
            sql.execute("INSERT INTO Person (personId, login, familyName) VALUES (1, 'root', 'Root')")
            columns = "proposalId, personId, proposalCode, proposalNumber"
            sql.execute(f"INSERT INTO Proposal ({columns}) VALUES (1, 1, 'mx', '1')")
            columns = "sessionId, proposalId, visit_number, beamLineName, startDate, endDate"
            times = [(now + timedelta(hours=hours)).isoformat(" ") for hours in (-5, 5)]
            sql.execute(f"INSERT INTO BLSession ({columns}) VALUES (1, 1, 1, 'id01', ?, ?)", times)
            sql.execute("INSERT INTO Session_has_Person (sessionId, personId) VALUES (1, 1)")
        for key in range(1, 41):
            self.collect(key, now - timedelta(minutes=120 - key), ended=True)

    def _open(self) -> Any:
        from starbeam.db.sqlite import Connection

        return sqlite3.connect(self.file, factory=Connection)

    def collect(self, key: int, start: datetime | None = None, *, ended: bool = False) -> None:
        """Let a data collection begin, by default now."""
        begins = start or datetime.now()
        end, status = (
            ((begins + timedelta(seconds=30)).isoformat(" "), "Successful") if ended else (None, None)
        )
        with self._open() as sql:
            columns = "dataCollectionGroupId, sessionId, experimentType"
            sql.execute(f"INSERT INTO DataCollectionGroup ({columns}) VALUES (?, 1, 'OSC')", [key])
            columns = "dataCollectionId, dataCollectionGroupId, startTime, endTime, runStatus, numberOfImages"
            row = [key, key, begins.isoformat(" "), end, status]
            sql.execute(f"INSERT INTO DataCollection ({columns}) VALUES (?, ?, ?, ?, ?, 100)", row)

    def end(self, key: int) -> None:
        """Let one end."""
        with self._open() as sql:
            given = datetime.now().isoformat(" "), key
            sql.execute(
                "UPDATE DataCollection SET endTime = ?, runStatus = 'Successful' WHERE dataCollectionId = ?",
                given,
            )

    def process(self, key: int) -> None:
        """Let a program process one."""
        with self._open() as sql:
            columns = "autoProcProgramId, processingPrograms, processingStatus, processingStartTime"
            started = datetime.now().isoformat(" ")
            sql.execute(f"INSERT INTO AutoProcProgram ({columns}) VALUES (?, 'xia2', '1', ?)", [key, started])
            columns = "autoProcIntegrationId, dataCollectionId, autoProcProgramId"
            sql.execute(f"INSERT INTO AutoProcIntegration ({columns}) VALUES (?, ?, ?)", [key, key, key])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Beamline]]:
    """A server, and its session."""
    site = Site(tmp_path_factory.mktemp("live"), PLUGINS)
    site.make_database()
    beamline = Beamline(site)
    with site.serving("serve", "--config", str(site.config), "--workers", "2") as server:
        yield server, beamline


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture
def context(served: tuple[Running, Beamline], chromium: Browser) -> Iterator[BrowserContext]:
    """Somebody's browser, logged in."""
    made = chromium.new_context(viewport={"width": 1280, "height": 900})
    made.set_default_timeout(PATIENCE)
    page = made.new_page()
    page.goto(f"http://127.0.0.1:{served[0].port}/login")
    page.locator("input[name=login]").first.fill("root")
    page.locator("input[name=password]").first.fill("x")
    page.locator("form button.btn").first.click()
    page.wait_for_url("**/")
    page.close()
    yield made
    made.close()


def opened(context: BrowserContext, served: tuple[Running, Beamline], path: str) -> Page:
    """A page that listens."""
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{served[0].port}{path}")
    return page


def live(page: Page) -> None:
    """Wait until it does."""
    expect(page.locator("[data-live-sign]")).to_have_text("live", timeout=PATIENCE)


def test_a_card_appears_fills_and_is_processed_while_one_reads_elsewhere(
    context: BrowserContext, served: tuple[Running, Beamline]
) -> None:
    beamline = served[1]
    page = opened(context, served, "/sessions/1")
    live(page)
    beamline.collect(101)
    card = page.locator("#g-101")
    expect(card).to_be_visible(timeout=PATIENCE)
    assert page.locator("li.ev").first.get_attribute("id") == "g-101"
    page.evaluate("scrollTo(0, 900)")
    read = page.locator("#g-37")
    place = read.evaluate("one => one.getBoundingClientRect().top")
    beamline.end(101)
    expect(card).to_contain_text("success", timeout=PATIENCE)
    beamline.process(101)
    expect(card).to_contain_text("xia2", timeout=PATIENCE)
    beamline.collect(102)
    button = page.get_by_role("button", name="1 new event")
    expect(button).to_be_visible(timeout=PATIENCE)
    assert page.locator("#g-102").count() == 0
    assert abs(read.evaluate("one => one.getBoundingClientRect().top") - place) <= 1
    button.click()
    assert page.locator("li.ev").first.get_attribute("id") == "g-102"
    expect(page.locator("[data-live-said]")).to_contain_text("new event", timeout=PATIENCE)


def test_eight_tabs_share_one_stream(context: BrowserContext, served: tuple[Running, Beamline]) -> None:
    streams: list[str] = []
    context.on("request", lambda one: streams.append(one.url) if "/events/stream" in one.url else None)
    tabs = [opened(context, served, "/sessions/1") for _ in range(8)]
    for tab in tabs:
        live(tab)
    assert len(streams) == 1
    served[1].collect(201)
    for tab in tabs:
        expect(tab.locator("#g-201")).to_be_attached(timeout=PATIENCE)
    tabs[0].close()  # the one that listens: another takes over
    served[1].collect(202)
    for tab in tabs[1:]:
        expect(tab.locator("#g-202")).to_be_attached(timeout=PATIENCE)
    assert len(streams) == 2


def test_a_tile_changes(context: BrowserContext, served: tuple[Running, Beamline]) -> None:
    for key in (102, 201, 202):
        served[1].end(key)
    page = opened(context, served, "/")
    tile = page.locator("#tiles article").filter(has_text="id01")
    expect(tile).to_contain_text("idle")
    served[1].collect(301)
    expect(tile).to_contain_text("collecting", timeout=PATIENCE)
