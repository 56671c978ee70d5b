"""Every page in a real browser, as everybody whom the demonstration offers: what the browser complains about
fails, and each page says something that the database says, too."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from itertools import cycle, product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from support.browser import NARROW, WIDE, Looker, browser, looker
from support.commands import Site

PEOPLE = ("admin", "mxstaff", "emstaff", "emarin", "jweiss")
NAME = "p.proposalCode || p.proposalNumber"
OF_SESSION = (
    f"select {NAME} || coalesce('-' || s.visit_number, '') "
    "from BLSession s join Proposal p using (proposalId)"
)
ANOTHER_NAME = "starbeam.test"
"""What the browser takes for the name of this machine."""
SAYS = {
    r"/(?P<what>\w+)/[\w-]+/(?P<more>\w+)/new": "select 'New ' || case :more when 'contacts' then "
    "'lab contact' else substr(:more, 1, length(:more) - 1) end where :what <> ''",
    r"/admin/groups/\d+/people/(?P<key>\d+)/remove": "select login from Person where personId = :key",
    r"/admin/groups/\d+/permissions/(?P<key>\d+)/remove": "select type from Permission "
    "where permissionId = :key",
    r"/admin/(?P<what>\w+)s/new": "select 'New ' || :what",
    r"/admin/options/edit(?P<key>)": "select 'Beamline Groups' where :key = ''",
    r"/shipments/(?P<key>\d+)/edit": "select shippingName from Shipping where shippingId = :key",
    r"/(?P<what>[\w/]+)/\d+/edit": "select 'Change' where :what <> ''",
    r"/containers/(?P<key>\d+)/sheet": "select 'Position' where :key <> ''",
    r"/proposals/(?P<key>\w+)(/\w+)?": f"select title from Proposal p where {NAME} = :key",
    r"/sessions/(?P<key>\d+)(/\w+)?": f"{OF_SESSION} where sessionId = :key",
    r"/samples/(?P<key>\d+)": "select name from BLSample where blSampleId = :key",
    r"/proteins/(?P<key>\d+)": "select acronym from Protein where proteinId = :key",
    r"/shipments/(?P<key>\d+)/labels": "select shippingName from Shipping where shippingId = :key",
    r"/shipments/(?P<key>\d+)": "select shippingName from Shipping where shippingId = :key",
    r"/dewars/(?P<key>\d+)": "select code from Dewar where dewarId = :key",
    r"/containers/(?P<key>\d+)": "select code from Container where containerId = :key",
    r"/contacts/(?P<key>\d+)": "select cardName from LabContact where labContactId = :key",
    r"/collections/(?P<key>\d+)": "select fileTemplate from DataCollection where dataCollectionId = :key",
    r"/beamlines/(?P<name>[^/]+)/changer": "select 'Sample changer of ' || :name",
    r"/beamlines/(?P<name>[^/]+)": "select beamLineName from BLSession where beamLineName = :name",
    r"/statistics/(?P<key>\d+)/.+": "select run from v_run where runId = :key",
    r"/calendar": "select strftime('%Y', 'now', 'localtime')",
    r"/calendar/(?P<year>\d+)-\d+": "select :year",
    r"/programs/(?P<key>\d+)": "select processingPrograms from AutoProcProgram "
    "where autoProcProgramId = :key",
    r"/programs/\d+/files/(?P<key>\d+)": "select fileName from AutoProcProgramAttachment "
    "where autoProcProgramAttachmentId = :key",
    r"/groups/(?P<key>\d+)": "select experimentType from DataCollectionGroup "
    "where dataCollectionGroupId = :key",
    r"/collections/(?P<key>\d+)/(?P<what>grid|maps|movies)": "select upper(substr(:what, 1, 1)) "
    "|| substr(:what, 2) || ' of ' || coalesce(s.name, 'collection ' || :key) "
    "from DataCollection d join DataCollectionGroup g using (dataCollectionGroupId) "
    "left join BLSample s on s.blSampleId = g.blSampleId where d.dataCollectionId = :key",
    r"/collections/(?P<key>\d+)/file": "select fileTemplate from DataCollection "
    "where dataCollectionId = :key",
    r"/collections/(?P<key>\d+)/images(/(?P<number>\d+))?": "select coalesce(:number, startImageNumber, 1) "
    "from DataCollection where dataCollectionId = :key",
    r"/movies/(?P<key>\d+)": "select movieNumber from Movie where movieId = :key",
    r"/admin/groups/(?P<key>\d+)": "select name from UserGroup where userGroupId = :key",
    r"/admin/permissions/(?P<key>\d+)": "select type from Permission where permissionId = :key",
    r"/admin/people/(?P<key>\d+)": "select login from Person where personId = :key",
}
"""By address: what a page must say, by SQL."""
HEADS = {"/": "Start", "/search": "Search"} | {
    f"/{word.lower()}": word
    for word in (
        "Beamlines",
        "Statistics",
        "Proposals",
        "Sessions",
        "Samples",
        "Proteins",
        "Shipments",
        "Contacts",
    )
}
HEADS |= {"/admin": "Health", "/admin/explain": "Who sees what"} | {
    f"/admin/{word.lower()}": word for word in ("Options", "Groups", "Permissions", "People", "Activity")
}
LOOKS = [*product((WIDE, NARROW), ("light", "dark"))]
EVERY_DAY = (WIDE, "light"), (NARROW, "dark")
KINDS = {
    *("/", "/proposals", "/sessions", "/proposals/*", "/sessions/*", "/sessions/*/people"),
    *("/samples", "/samples/*", "/shipments", "/shipments/*", "/sessions/*/samples", "/collections/*"),
}
"""Of pages that everybody comes to."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The demonstration, served: its address, and its database."""
    site = Site(tmp_path_factory.mktemp("demo"))
    with site.serving("demo") as demo:
        yield f"http://127.0.0.1:{demo.port}", site.folder / "starbeam-demo.db"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser(f"--host-resolver-rules=MAP {ANOTHER_NAME} 127.0.0.1") as started:
        yield started


def said(database: Path, path: str) -> str:
    """What the page of this address must say."""
    for address, statement in SAYS.items():
        if found := re.fullmatch(address, path):
            with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
                connection.create_collation("GENERAL_CI", lambda a, b: (a > b) - (a < b))
                return str(connection.execute(statement, found.groupdict()).fetchone()[0])
    return HEADS[path]


def kind_of(path: str) -> str:
    """The address without what names a thing."""
    return re.sub(r"(?<=/)[\w-]*\d[\w-]*(?=/|$)", "*", path)


def walk(
    one: Looker, database: Path, each: int = 1, turns: Iterator[tuple[int, str]] | None = None
) -> tuple[list[str], set[str]]:
    """Open what the start page leads to, and what that leads to, so many of each kind, and turn each to the
    next look: what is wrong, and kinds of pages seen."""
    faults, seen, waiting = [], set[str](), ["/"]
    kinds = Counter[str]()
    while waiting:
        path = min(waiting, key=lambda path: kinds[kind_of(path)])
        waiting.remove(path)
        kind = kind_of(path)
        if path in seen or path == "/docs" or kinds[kind] == each:
            continue
        seen.add(path)
        kinds[kind] += 1
        faults += one.open(path)
        if turns:
            faults += one.turn(path, *next(turns))
        wanted = said(database, path)
        if wanted not in one.page.inner_text("main"):
            faults.append(f"{path}: does not say {wanted!r}")
        waiting += sorted(one.links() - seen)
    return faults, set(kinds)


@pytest.mark.parametrize("login", PEOPLE)
def test_everybody_walks_every_page(site: tuple[str, Path], chromium: Browser, login: str) -> None:
    """Each is seen wide and light, narrow and dark: drawn for one, and turned to the other, which the next
    page is drawn for. Half of the people begin with the other."""
    first, second = EVERY_DAY if PEOPLE.index(login) % 2 else reversed(EVERY_DAY)
    base, database = site
    one = looker(chromium, base, *first)
    one.log_in(login)
    faults, kinds = walk(one, database, turns=cycle((second, first)))
    one.page.context.close()
    assert faults == []
    assert kinds >= KINDS


@pytest.mark.long
@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize("login", PEOPLE)
def test_everybody_walks_three_pages_of_each_kind_in_all_looks(
    site: tuple[str, Path], chromium: Browser, login: str, width: int, scheme: str
) -> None:
    base, database = site
    one = looker(chromium, base, width, scheme)
    one.log_in(login)
    faults, kinds = walk(one, database, 3)
    one.page.context.close()
    assert faults == []
    assert kinds >= KINDS


@pytest.mark.parametrize(("width", "scheme"), EVERY_DAY)
def test_pages_without_a_log_in(site: tuple[str, Path], chromium: Browser, width: int, scheme: str) -> None:
    one = looker(chromium, site[0], width, scheme)
    assert one.open("/nothing/at/all") == []
    assert one.page.url.endswith("/login?next=/nothing/at/all")
    one.page.get_by_role("button", name="jweiss", exact=True).click()
    assert one.page.inner_text("h1") == "There is no such page, or you may not see it."
    assert one.open("/nothing/at/all", 404) == []
    one.page.context.close()


def test_pages_work_without_scripts(site: tuple[str, Path], chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site[0]}/sessions")
    page.get_by_role("button", name="emarin", exact=True).click()
    assert page.inner_text("h1") == "Sessions"
    page.get_by_label("Search proposals, samples, proteins").fill("mx1001")
    page.keyboard.press("Enter")
    assert "mx1001" in page.inner_text("main")
    page.locator("summary.me").click()
    page.get_by_role("button", name="Log out").click()
    assert page.inner_text("h1") == "Log in"
    context.close()


def test_pages_over_plain_http_at_another_name(site: tuple[str, Path], chromium: Browser) -> None:
    """Browsers say less of themselves there: who has logged in stays so, and sees pictures."""
    base = site[0].replace("127.0.0.1", ANOTHER_NAME)
    one = looker(chromium, base)
    one.log_in("admin")
    cookies = {cookie["name"]: cookie for cookie in one.page.context.cookies(base)}
    assert cookies["starbeam_session"]["httpOnly"]
    assert not cookies["starbeam_session"]["secure"]
    with sqlite3.connect(f"file:{site[1]}?mode=ro", uri=True) as connection:
        (newest,) = connection.execute(
            "select max(dataCollectionId) from DataCollection where xtalSnapshotFullPath1 is not null "
            "and dataCollectionId not in "
            "(select dataCollectionId from GridInfo where dataCollectionId is not null)"
        ).fetchone()
    assert one.open(f"/collections/{newest}") == []
    one.page.wait_for_load_state("networkidle")
    assert one.page.locator("main img").first.evaluate("one => one.naturalWidth") > 0
    one.page.context.close()


def test_the_log_in_says_that_caps_lock_is_on(site: tuple[str, Path], chromium: Browser) -> None:
    page = chromium.new_page()
    page.goto(f"{site[0]}/login")
    field, note = page.locator("#password-1"), page.locator("[data-caps-lock-of]")
    assert not note.is_visible()
    field.dispatch_event("keydown", {"key": "A", "modifierCapsLock": True})
    assert note.inner_text() == "Caps Lock is on."
    field.dispatch_event("keyup", {"key": "a"})
    assert not note.is_visible()
    page.close()


def test_a_cell_of_a_grid_says_its_value_and_leads_to_its_image(
    site: tuple[str, Path], chromium: Browser
) -> None:
    one = looker(chromium, site[0])
    one.log_in("admin")
    page = one.page
    with sqlite3.connect(f"file:{site[1]}?mode=ro", uri=True) as connection:
        collection, columns, rows, spots = connection.execute(
            "select d.dataCollectionId, g.steps_x, g.steps_y, q.goodBraggCandidates from GridInfo g "
            "join DataCollection d using (dataCollectionGroupId) join ImageQualityIndicators q "
            "on q.dataCollectionId = d.dataCollectionId and q.imageNumber = 1 where g.steps_x > 2 "
            "and d.xtalSnapshotFullPath1 is not null order by 1 desc limit 1"
        ).fetchone()
    assert one.open(f"/collections/{collection}/grid") == []
    read, seen = page.locator("[data-of=read]"), page.locator("svg[data-view]")
    page.locator(".pic").focus()
    for key, steps in (("ArrowUp", rows), ("ArrowLeft", columns)):
        for _ in range(int(steps)):
            page.keyboard.press(key)
    expect(read).to_have_text(f"Column 1, row 1, image 1: spots {spots} Open the image")
    before = seen.get_attribute("viewBox") or ""
    page.keyboard.press("+")
    width = float((seen.get_attribute("viewBox") or "").split()[2])
    assert width == pytest.approx(float(before.split()[2]) / 1.25, rel=1e-3)
    expect(page.locator(".ruler")).to_contain_text("µm")
    page.get_by_label("Opacity").fill("20")
    expect(page.locator("[data-of=values]")).to_have_attribute("opacity", "0.2")
    page.get_by_label("Values").select_option("resolution")
    expect(seen).to_have_attribute("data-map", "resolution")
    assert "opacity=20" in page.url
    page.locator(".pic").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"/collections/{collection}/images/\d+$"))
    page.context.close()


def test_a_point_of_a_map_says_its_value(site: tuple[str, Path], chromium: Browser) -> None:
    """What the API says of the point, over the picture, by the pointer and by keys."""
    one = looker(chromium, site[0])
    one.log_in("admin")
    with sqlite3.connect(f"file:{site[1]}?mode=ro", uri=True) as connection:
        collection, map_id = connection.execute(
            "select g.dataCollectionId, min(m.xrfFluorescenceMappingId) from XRFFluorescenceMapping m "
            "join GridInfo g using (gridInfoId) group by 1 order by 1 limit 1"
        ).fetchone()
    assert one.open(f"/collections/{collection}/maps?map1={map_id}") == []
    values = [
        one.page.evaluate(
            "async path => (await (await fetch(path)).json()).value",
            f"/ispyb/api/v1/mapping/pixel/{map_id}?x={x}&y=0",
        )
        for x in (0, 1)
    ]
    corner = one.page.locator(".map-layer").bounding_box()
    assert corner is not None
    read = one.page.locator("[data-of=read]")
    one.page.mouse.click(corner["x"] + 1, corner["y"] + 1)
    expect(read).to_have_text(f"Column 1, row 1. Fe K: {values[0]:g}")
    one.page.locator(".pic").focus()
    one.page.keyboard.press("ArrowRight")
    expect(read).to_have_text(f"Column 2, row 1. Fe K: {values[1]:g}")
    one.page.get_by_label("Opacity").fill("40")
    assert one.page.locator(".map-layer").get_attribute("opacity") == "0.4"
    assert "opacity1=40" in one.page.url
    one.page.context.close()
