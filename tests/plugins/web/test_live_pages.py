"""What scripts do on pages, in a real browser: what changes by itself, keys, what is copied, pictures."""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from support.browser import PATIENCE, browser
from support.commands import STARBEAM, Running, Site, environment

PLUGINS = [
    *("auth_dummy", "ispyb", "proposals", "samples", "shipping", "processing", "datacollections", "events"),
    *("mapping", "stats", "web"),
]

PUCK = (
    "INSERT INTO Shipping (shippingId, proposalId) VALUES (1, 1)",
    "INSERT INTO Dewar (dewarId, shippingId, dewarStatus) VALUES (1, 1, 'processing')",
    "INSERT INTO Container (containerId, dewarId, code, containerType, beamlineLocation,"
    " sampleChangerLocation) VALUES (1, 1, 'C1', 'Unipuck', 'id01', '1')",
    "INSERT INTO Protein (proteinId, proposalId, acronym) VALUES (1, 1, 'KinA')",
    "INSERT INTO Crystal (crystalId, proteinId) VALUES (1, 1)",
    "INSERT INTO BLSample (blSampleId, crystalId, containerId, name, location)"
    " VALUES (3, 1, 1, 'KinA-x3', '3')",
)


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
            for statement in PUCK:
                sql.execute(statement)
        for key in range(1, 41):
            self.collect(key, now - timedelta(minutes=120 - key), ended=True)
        self.process(1)
        self.take_snapshots(1, site.folder)

    def _open(self) -> Any:
        from starbeam.db.sqlite import Connection

        return sqlite3.connect(self.file, factory=Connection)

    def collect(
        self, key: int, start: datetime | None = None, *, ended: bool = False, sample: int | None = None
    ) -> None:
        """Let a data collection begin, by default now."""
        begins = start or datetime.now()
        end, status = (
            ((begins + timedelta(seconds=30)).isoformat(" "), "Successful") if ended else (None, None)
        )
        with self._open() as sql:
            columns = "dataCollectionGroupId, sessionId, experimentType, blSampleId"
            sql.execute(f"INSERT INTO DataCollectionGroup ({columns}) VALUES (?, 1, 'OSC', ?)", [key, sample])
            columns = "dataCollectionId, dataCollectionGroupId, startTime, endTime, runStatus, numberOfImages"
            row = [key, key, begins.isoformat(" "), end, status]
            sql.execute(f"INSERT INTO DataCollection ({columns}) VALUES (?, ?, ?, ?, ?, 100)", row)

    def begin(self, sample: int | None = None) -> int:
        """Let another begin; its key."""
        with self._open() as sql:
            (last,) = sql.execute("SELECT max(dataCollectionId) FROM DataCollection").fetchone()
        self.collect(last + 1, sample=sample)
        return int(last) + 1

    def end(self, key: int) -> None:
        """Let one end."""
        with self._open() as sql:
            given = datetime.now().isoformat(" "), key
            sql.execute(
                "UPDATE DataCollection SET endTime = ?, runStatus = 'Successful' WHERE dataCollectionId = ?",
                given,
            )

    def look_at(self, key: int, first: int, last: int) -> None:
        """Let images of one be looked at."""
        with self._open() as sql:
            columns = "dataCollectionId, imageNumber, goodBraggCandidates"
            rows = [(key, number, 10 * number) for number in range(first, last + 1)]
            sql.executemany(f"INSERT INTO ImageQualityIndicators ({columns}) VALUES (?, ?, ?)", rows)

    def map(self, key: int, values: list[int]) -> None:
        """Let one have a map of three points, or other values in it."""
        data = gzip.compress(json.dumps(values).encode())
        with self._open() as sql:
            (there,) = sql.execute("SELECT count(*) FROM GridInfo WHERE gridInfoId = ?", [key]).fetchone()
            if there:
                sql.execute("UPDATE XRFFluorescenceMapping SET data = ? WHERE gridInfoId = ?", [data, key])
                return
            columns = "gridInfoId, dataCollectionId, steps_x, steps_y"
            sql.execute(f"INSERT INTO GridInfo ({columns}) VALUES (?, ?, 3, 1)", [key, key])
            columns = "xrfFluorescenceMappingROIId, element, startEnergy, endEnergy"
            sql.execute(f"INSERT INTO XRFFluorescenceMappingROI ({columns}) VALUES (?, 'Fe', 6, 7)", [key])
            columns = "xrfFluorescenceMappingId, xrfFluorescenceMappingROIId, gridInfoId, dataFormat, data"
            row = [key, key, key, "json+gzip", data]
            sql.execute(f"INSERT INTO XRFFluorescenceMapping ({columns}) VALUES (?, ?, ?, ?, ?)", row)

    def fail(self, key: int) -> None:
        """Let one fail."""
        with self._open() as sql:
            sql.execute("UPDATE DataCollection SET runStatus = 'Failed' WHERE dataCollectionId = ?", [key])

    def process(self, key: int) -> None:
        """Let a program process one."""
        with self._open() as sql:
            columns = "autoProcProgramId, processingPrograms, processingStatus, processingStartTime"
            started = datetime.now().isoformat(" ")
            sql.execute(f"INSERT INTO AutoProcProgram ({columns}) VALUES (?, 'xia2', '1', ?)", [key, started])
            columns = "autoProcIntegrationId, dataCollectionId, autoProcProgramId"
            sql.execute(f"INSERT INTO AutoProcIntegration ({columns}) VALUES (?, ?, ?)", [key, key, key])

    def scale(self, key: int, collection: int, high: float) -> None:
        """Let a program have scaled one, to this resolution in Å."""
        with self._open() as sql:
            columns = "autoProcProgramId, processingPrograms, processingStatus"
            sql.execute(f"INSERT INTO AutoProcProgram ({columns}) VALUES (?, 'dials', '1')", [key])
            columns = "autoProcIntegrationId, dataCollectionId, autoProcProgramId"
            sql.execute(
                f"INSERT INTO AutoProcIntegration ({columns}) VALUES (?, ?, ?)", [key, collection, key]
            )
            sql.execute("INSERT INTO AutoProc (autoProcId, spaceGroup) VALUES (?, 'P 1')", [key])
            sql.execute(
                "INSERT INTO AutoProcScaling (autoProcScalingId, autoProcId) VALUES (?, ?)", [key, key]
            )
            columns = "autoProcScalingId, autoProcIntegrationId"
            sql.execute(f"INSERT INTO AutoProcScaling_has_Int ({columns}) VALUES (?, ?)", [key, key])
            columns = "autoProcScalingId, scalingStatisticsType, resolutionLimitHigh, completeness"
            row = [key, "overall", high, 99.5]
            sql.execute(f"INSERT INTO AutoProcScalingStatistics ({columns}) VALUES (?, ?, ?, ?)", row)

    def take_snapshots(self, key: int, folder: Path) -> None:
        """Let one have two pictures of its crystal, and a path."""
        taken = {f"xtalSnapshotFullPath{number}": folder / f"snapshot{number}.png" for number in (1, 2)}
        for number, path in enumerate(taken.values(), 1):
            Image.new("RGB", (40 * number, 30), (20, 30, 40)).save(path)
        values = {"imageDirectory": "/data/one/", "fileTemplate": "one_%04d.cbf"} | taken
        columns = ", ".join(f"{name} = ?" for name in values)
        with self._open() as sql:
            row = [*map(str, values.values()), key]
            sql.execute(f"UPDATE DataCollection SET {columns} WHERE dataCollectionId = ?", row)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Beamline]]:
    """A server, and its session."""
    folder = tmp_path_factory.mktemp("live")
    more = f"[files]\nroots = {json.dumps([str(folder)])}\n[server]\ntimezone = 'UTC'\n"
    site = Site(folder, PLUGINS, more=more)
    site.make_database()
    beamline = Beamline(site)
    with site.serving("serve", "--config", str(site.config)) as server:
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
    expect(page.locator("[data-live-sign]")).to_have_text("live")


def test_a_card_appears_fills_and_is_processed_while_one_reads_elsewhere(
    context: BrowserContext, served: tuple[Running, Beamline]
) -> None:
    beamline = served[1]
    page = opened(context, served, "/sessions/1")
    live(page)
    beamline.collect(101)
    card = page.locator("#g-101")
    expect(card).to_be_visible()
    assert page.locator("li.ev").first.get_attribute("id") == "g-101"
    page.evaluate("scrollTo(0, 900)")
    read = page.locator("#g-37")
    place = read.evaluate("one => one.getBoundingClientRect().top")
    beamline.end(101)
    expect(card).to_contain_text("success")
    beamline.process(101)
    expect(card).to_contain_text("xia2")
    beamline.collect(102)
    button = page.get_by_role("button", name="1 new event")
    expect(button).to_be_visible()
    assert page.locator("#g-102").count() == 0
    assert abs(read.evaluate("one => one.getBoundingClientRect().top") - place) <= 1
    button.click()
    assert page.locator("li.ev").first.get_attribute("id") == "g-102"
    expect(page.locator("[data-live-said]")).to_contain_text("new event")


def test_eight_tabs_share_one_stream(context: BrowserContext, served: tuple[Running, Beamline]) -> None:
    streams: list[str] = []
    context.on("request", lambda one: streams.append(one.url) if "/events/stream" in one.url else None)
    tabs = [opened(context, served, "/sessions/1") for _ in range(8)]
    for tab in tabs:
        live(tab)
    assert len(streams) == 1
    served[1].collect(201)
    for tab in tabs:
        expect(tab.locator("#g-201")).to_be_attached()
    tabs[0].close()  # the one that listens: another takes over
    served[1].collect(202)
    for tab in tabs[1:]:
        expect(tab.locator("#g-202")).to_be_attached()
    assert len(streams) == 2


SIMULATION = """
sessions: {id01: mx1-1}
raw_data: raw
data_dir: data
components: {lysozyme: {acronym: Lyso, name: Lysozyme}}
samples: {crystal: {name: Crystal, component: lysozyme}}
experiments:
  rotation:
    experimentType: OSC
    data: rotation_master.h5
    sample: crystal
    numberOfImages: 10
    wavelength: 0.9763
    exposureTime: 0.02
    generate: [frames, snapshots, images, log, processing]
"""
MOVED = """one => {
  const place = () => one.getBoundingClientRect().top, before = place();
  window.moved = 0;
  setInterval(() => { window.moved = Math.max(window.moved, Math.abs(place() - before)); }, 10);
}"""


@pytest.mark.long
def test_nothing_moves_while_the_simulator_collects(
    context: BrowserContext, served: tuple[Running, Beamline]
) -> None:
    folder = served[1].file.parent
    (folder / "simulation.yml").write_text(SIMULATION)
    words = ("simulate", "id01", "rotation", "--simulation", "simulation.yml", "--config", "site.toml")
    begin = partial(
        subprocess.Popen, [STARBEAM, *words, "--delay", "5"], cwd=folder, env=environment({}), stderr=PIPE
    )
    page = opened(context, served, "/sessions/1")
    live(page)
    first = page.locator("li.ev").first
    before = first.get_attribute("id")
    with begin() as simulator:
        expect(first).not_to_have_id(before)
        card = page.locator(f"#{first.get_attribute('id')}")
        page.evaluate("scrollTo(0, 900)")
        page.locator("#g-37").evaluate(MOVED)
        expect(card.get_by_alt_text("Crystal in the loop")).to_be_attached()
        expect(card.locator("details.procs")).to_contain_text("autoPROC")
        assert simulator.wait() == 0
    with begin() as simulator:
        button = page.get_by_role("button", name="1 new event")
        expect(button).to_be_visible()
        assert simulator.wait() == 0
    assert page.evaluate("window.moved") <= 1
    button.click()
    assert page.evaluate("scrollY") == 0
    expect(first.locator("details.procs")).to_be_attached()
    assert first.get_attribute("id") != card.get_attribute("id")


@pytest.mark.parametrize("lacking", ["stream", "locks"])
def test_pages_ask_every_quarter_of_a_minute_where_nobody_tells(
    context: BrowserContext, served: tuple[Running, Beamline], lacking: str
) -> None:
    context.clock.install()
    if lacking == "stream":
        context.route("**/events/stream?*", lambda route: route.fulfill(status=503))
    else:  # as over plain HTTP at another name than localhost
        context.add_init_script("Object.defineProperty(navigator, 'locks', {value: undefined})")
    page = opened(context, served, "/sessions/1")
    sign = page.locator("[data-live-sign]")
    for _ in range(3):  # of a stream
        expect(sign).to_have_text(re.compile("reconnecting|polling"))
        context.clock.fast_forward(15_000)
    expect(sign).to_have_text("polling")
    key = served[1].begin()
    card = page.locator(f"#g-{key}")
    context.clock.fast_forward(15_000)
    expect(card).to_contain_text("collecting")
    served[1].end(key)
    context.clock.fast_forward(15_000)
    expect(card).to_contain_text("success")
    if lacking == "stream":
        context.unroute("**/events/stream?*")
        context.clock.fast_forward(15_000)
        live(page)


def test_a_hidden_page_is_told_nothing_and_knows_all_when_it_is_seen(
    context: BrowserContext, served: tuple[Running, Beamline]
) -> None:
    context.clock.install()
    asked: list[str] = []
    context.on("request", lambda one: asked.append(one.url))
    page = opened(context, served, "/sessions/1")
    live(page)
    show = """hidden => { Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
        document.dispatchEvent(new Event("visibilitychange")); }"""
    page.evaluate(show, True)
    context.clock.fast_forward(59_000)
    live(page)
    context.clock.fast_forward(2_000)
    expect(page.locator("[data-live-sign]")).to_have_text("paused")
    asked.clear()
    key = served[1].begin()
    context.clock.fast_forward(60_000)
    page.wait_for_timeout(1_500)  # a stream would have told by now
    assert (asked, page.locator(f"#g-{key}").count()) == ([], 0)
    page.evaluate(show, False)
    expect(page.locator(f"#g-{key}")).to_be_visible()
    live(page)
    served[1].end(key)


def test_a_tile_changes(context: BrowserContext, served: tuple[Running, Beamline]) -> None:
    for key in (102, 201, 202):
        served[1].end(key)
    page = opened(context, served, "/")
    tile = page.locator("#tiles article").filter(has_text="id01")
    expect(tile).to_contain_text("idle")
    served[1].collect(301)
    expect(tile).to_contain_text("collecting")


def test_statistics_and_positions_of_samples_change(
    context: BrowserContext, served: tuple[Running, Beamline]
) -> None:
    statistics = opened(context, served, "/sessions/1/statistics")
    container = opened(context, served, "/containers/1")
    number = statistics.locator("dl.nums dd").nth(1)
    before = int(number.inner_text().split()[0])
    spot = container.get_by_role("link", name="Position 3: KinA-x3")
    expect(spot).to_have_accessible_name("Position 3: KinA-x3, not seen yet")
    key = served[1].begin(sample=3)
    served[1].end(key)
    expect(number).to_contain_text(str(before + 1))
    expect(spot).to_have_accessible_name("Position 3: KinA-x3, collected")


def test_a_card_that_matches_no_more_fades(context: BrowserContext, served: tuple[Running, Beamline]) -> None:
    beamline = served[1]
    key = beamline.begin()
    beamline.fail(key)
    page = opened(context, served, "/sessions/1?status=failed")
    card = page.locator(f"#g-{key}")
    expect(card).to_be_visible()
    live(page)
    beamline.end(key)
    expect(card).to_have_class(re.compile(r"\bgone\b"))
    beamline.fail(key)
    expect(card).not_to_have_class(re.compile(r"\bgone\b"))


def test_the_pages_of_a_data_collection_and_of_its_maps_change(
    context: BrowserContext, served: tuple[Running, Beamline]
) -> None:
    beamline = served[1]
    key = beamline.begin()
    beamline.look_at(key, 1, 2)
    beamline.map(key, [1, -1, -1])
    page, maps, over = (
        opened(context, served, path)
        for path in (f"/collections/{key}", "/sessions/1/maps", f"/collections/{key}/maps")
    )
    live(page)
    head, point = page.locator(".head"), over.locator("[data-of=read]")
    expect(head).to_contain_text("2 of 100 collecting")
    over.locator(".pic").focus()
    over.keyboard.press("ArrowRight")
    expect(point).to_have_text("Column 3, row 1. Fe: not measured")
    before = maps.locator("img.map").get_attribute("src") or ""
    beamline.look_at(key, 3, 7)
    beamline.map(key, [1, 5, 7])
    expect(head).to_contain_text("7 of 100 collecting")
    expect(page.locator("svg.plot text").first).to_have_text("70")
    expect(point).to_have_text("Column 3, row 1. Fe: 7")
    expect(over.locator("#bars1 .ends")).to_have_text("1.07.0")
    expect(maps.locator("img.map")).not_to_have_attribute("src", before)
    beamline.end(key)
    expect(head).to_contain_text("success")


def copied(page: Page, name: str) -> str:
    """What is in the clipboard after a button was pressed."""
    page.get_by_role("button", name=name).click()
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_tables_paths_and_links_are_copied(context: BrowserContext, served: tuple[Running, Beamline]) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = opened(context, served, "/groups/1")
    page.locator("details.procs").evaluate("strip => { strip.open = true; }")
    head, program, address = copied(page, "Copy as table").splitlines()
    assert head.split("\t")[:4] == ["Program", "Space group", "Cell Å, °", "Resolution Å"]
    assert program.split("\t")[0] == "xia2"
    assert address == f"http://127.0.0.1:{served[0].port}/collections/1"
    assert copied(page, "Copy path") == "/data/one/one_%04d.cbf"
    assert copied(page, "Copy link") == f"http://127.0.0.1:{served[0].port}/collections/1"


def test_pictures_of_a_crystal_are_looked_through(
    context: BrowserContext, served: tuple[Running, Beamline]
) -> None:
    page = opened(context, served, "/groups/1")
    page.locator("a[data-box]").click()
    box = page.get_by_role("dialog", name="Pictures")
    seen = box.locator("svg[data-view]")
    for key, words, width in (
        ("", "1 of 2", 40),
        ("ArrowRight", "2 of 2", 80),
        ("ArrowRight", "1 of 2", 40),
        ("ArrowLeft", "2 of 2", 80),
    ):
        if key:
            page.keyboard.press(key)
        expect(box).to_contain_text(f"Crystal in the loop, {words}")
        expect(box).to_contain_text(f"{width} × 30 pixels")
    # the second one is 80 pixels wide in a box that is wider for its height: all 30 rows are seen
    edge = box.locator(".still").bounding_box()
    assert edge is not None
    scale = min(edge["width"] / 80, edge["height"] / 30)
    left = (edge["width"] - 80 * scale) / 2 + edge["x"]
    page.mouse.move(left + 79.5 * scale, edge["y"] + edge["height"] / 2)
    expect(box.locator(".read")).to_have_text("x 79 y 15 value 20, 30, 40")
    before = seen.get_attribute("viewBox") or ""
    page.mouse.wheel(0, -100)
    expect(seen).not_to_have_attribute("viewBox", before)
    width = float((seen.get_attribute("viewBox") or "").split()[2])
    assert width == pytest.approx(float(before.split()[2]) / 1.25, rel=1e-3)
    expect(box.locator(".read")).to_contain_text("x 79 y 15")  # what lies under the pointer stays there
    page.keyboard.press("0")
    expect(seen).to_have_attribute("viewBox", before)
    box.get_by_label("to").fill("51")
    # 0 to 51 are spread over 0 to 255: five times as much
    assert box.locator("feFuncR").get_attribute("slope") == "5"
    page.keyboard.press("Escape")
    expect(box).to_have_count(0)
    assert page.evaluate("document.activeElement.hasAttribute('data-box')")


def test_keys_lead_through_the_stream(context: BrowserContext, served: tuple[Running, Beamline]) -> None:
    page = opened(context, served, "/sessions/1?status=success")
    cards = page.locator("li.ev > article")
    for key, at in (("j", 0), ("j", 1), ("k", 0)):
        page.keyboard.press(key)
        expect(cards.nth(at)).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("next event")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("j?")
    assert page.locator("#q").input_value() == "j?"
    page.locator("h1").click()
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/proposals")


def test_results_stand_beside_each_other(context: BrowserContext, served: tuple[Running, Beamline]) -> None:
    """Of each sample where the screen is wide, and those of several programs on the card."""
    served[1].collect(390, ended=True)  # the newest, whatever was collected before
    for key, high in ((501, 1.91), (502, 1.52)):
        served[1].scale(key, 390, high)
    page = opened(context, served, "/sessions/1")
    beside = page.locator("aside[data-wide]")
    expect(beside).to_be_hidden()
    page.set_viewport_size({"width": 2400, "height": 900})
    expect(beside.locator("tbody")).to_contain_text("1.52")
    assert "1.91" not in beside.inner_text()
    card = page.locator("#g-390")
    card.locator("details.procs").first.evaluate("table => { table.open = true; }")  # news may open it too
    card.get_by_role("link", name="Shells side by side").click()
    shells = card.locator("details.procs details.procs")
    expect(shells).to_contain_text("Completeness %")
    assert re.findall(r"\b1\.91|\b1\.52", shells.inner_text()) == ["1.91", "1.52"]


def test_who_is_elsewhere_may_see_their_own_times(
    context: BrowserContext, served: tuple[Running, Beamline], chromium: Browser
) -> None:
    """The server's are UTC here, nine hours before those of Tokyo."""
    served[1].collect(401, datetime(2026, 3, 9, 20, 30, 5), ended=True)
    for zone, offered in (("UTC", False), ("Asia/Tokyo", True)):
        far = chromium.new_context(timezone_id=zone, storage_state=context.storage_state())
        page = opened(far, served, "/collections/401")
        begun, choice = page.locator("main time").first, page.locator("[data-times-choice]")
        assert begun.inner_text() == "Mon 9 Mar 20:30"
        page.locator("summary.me").click()
        assert choice.is_visible() is offered
        if offered:
            assert begun.get_attribute("title") == "Your time Tue 10 Mar 05:30"
            with page.expect_navigation():
                choice.get_by_role("button", name="Mine").click()
            assert begun.inner_text() == "Tue 10 Mar 05:30"
            assert begun.get_attribute("title") == "At the facility Mon 9 Mar 20:30"
            assert "Times in Asia/Tokyo, yours" in page.inner_text("footer")
        far.close()
