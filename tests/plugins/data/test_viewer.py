"""The page of an image, in a real browser: every key and control, values and rings by hand."""

from __future__ import annotations

import asyncio
import math
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import h5py
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from support.beamline import fill
from support.browser import LOOK, NARROW, Looker, browser, looker
from support.commands import Site
from support.detector import MASKED, write_eiger

THERE, PLANNED = 12, 20
WIDTH, HEIGHT = 1200, 900
"""Wider than 1,024 pixels: what is shown first is binned."""
CENTRE, SIZE, DISTANCE, WAVELENGTH = (600, 400), (1e-4, 2e-4), 0.06, 1.0
PLUGINS = ["auth_dummy", "ispyb", "proposals", "events", "data", "datacollections", "web"]
FIRST = "/collections/1/images/1"


def image(number: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint32]]:
    """Columns count from 0 to 99 again and again; the first are masked."""
    row = np.arange(WIDTH) % 100 + number
    row[:10] = MASKED
    return np.tile(row.astype("<u4"), (HEIGHT, 1))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with a data collection of 20 images, of which 12 are there, one whose file is not, and one
    whose file is no image."""
    folder = tmp_path_factory.mktemp("viewer")
    images = np.stack([image(number) for number in range(1, THERE + 1)])
    master = write_eiger(folder, images, per_file=THERE)
    with h5py.File(master, "r+") as file:
        for name, value in (
            ("beam_center_x", CENTRE[0]),
            ("beam_center_y", CENTRE[1]),
            ("x_pixel_size", SIZE[0]),
            ("y_pixel_size", SIZE[1]),
            ("detector_distance", DISTANCE),
        ):
            file[f"entry/instrument/detector/{name}"][()] = value
        file["entry/instrument/beam/incident_wavelength"][()] = WAVELENGTH
    site = Site(folder, plugins=PLUGINS, more=f'[files]\nroots = ["{folder}"]\n')
    site.make_database()
    asyncio.run(
        fill(f"sqlite+aiosqlite:///{folder}/union.db", folder, master.name, "gone_master.h5", "broken.cbf")
    )
    (folder / "broken.cbf").write_bytes(b"no image")
    _describe(folder / "union.db")
    with site.serving("serve", "--config", str(site.config)) as server:
        yield f"http://127.0.0.1:{server.port}"


def _describe(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute(
            "update DataCollection set numberOfImages = ?, axisStart = 10, axisRange = 0.5",
            (PLANNED,),
        )
        connection.executemany(
            "insert into ImageQualityIndicators (dataCollectionId, imageNumber, goodBraggCandidates)"
            " values (1, ?, ?)",
            [(number, 100 + number) for number in range(1, THERE + 1)],
        )
    connection.close()


@pytest.fixture(scope="module")
def chromium(base: str) -> Iterator[Browser]:
    """Started after the server, whose database is made in an event loop of its own."""
    with browser() as started:
        yield started


def visitor(chromium: Browser, base: str, width: int = 1280, *, scripts: bool = True) -> Looker:
    """Somebody who has logged in."""
    one = looker(chromium, base, width)
    if not scripts:
        one.page.context.close()
        one = Looker(chromium.new_context(java_script_enabled=False).new_page(), base)
    one.page.goto(f"{base}/login")
    one.page.get_by_label(re.compile("login|name", re.IGNORECASE)).first.fill("boss")
    one.page.locator("input[type=password]").first.fill("x")
    one.page.keyboard.press("Enter")
    expect(one.page).not_to_have_url(re.compile("/login"))
    return one


@pytest.fixture
def one(chromium: Browser, base: str) -> Iterator[Looker]:
    """A browser on the first image."""
    found = visitor(chromium, base)
    assert found.open(FIRST) == []
    shown(found.page, 1)
    yield found
    assert [fault for fault in found.complaints if "404" not in fault] == []
    found.page.context.close()


def shown(page: Page, number: int) -> None:
    """Wait until an image is there, with what its header says."""
    expect(page).to_have_url(re.compile(rf"/images/{number}(\?|$)"))
    expect(page.locator("h1")).to_contain_text(f"Image {number}")
    expect(page.locator("[data-is=over] .ice").first).to_be_attached()


def asked(page: Page) -> dict[str, str]:
    """What the address asks for."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def scale(page: Page) -> float:
    """Pixels of the screen for one of the frame, where all of it is shown."""
    box = page.locator(".pic canvas").bounding_box()
    assert box is not None
    return min(box["width"] / WIDTH, box["height"] / HEIGHT)


def radius(page: Page, d: str) -> tuple[float, float]:
    """Half the width and the height of a ring."""
    ring = page.locator(f"[data-is=over] ellipse[data-d='{d}']").first
    return float(ring.get_attribute("rx") or 0), float(ring.get_attribute("ry") or 0)


@pytest.mark.parametrize("scripts", [True, False])
def test_cards_show_the_first_image_itself(chromium: Browser, base: str, scripts: bool) -> None:
    """Where no picture of it was stored: small, a sign where it cannot be read, a sentence where it is not
    there; and the console says nothing."""
    found = visitor(chromium, base, scripts=scripts)
    assert found.open("/groups/1") == []
    for key in (1, 3):
        picture = found.page.locator(f"img[src*='/data/frames/{key}/1/thumbnail']")
        picture.scroll_into_view_if_needed()
        width = picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)")
        assert (width == WIDTH // 8) if key == 1 else width > 0
        box = picture.bounding_box()
        assert box is not None
        assert box["width"] == pytest.approx(box["height"])
    expect(found.page.get_by_text("No picture of an image was stored.")).to_have_count(1)
    assert found.page.locator("img[src*='/data/frames/2/']").count() == 0
    found.page.locator("a.th", has=found.page.locator("img[src*='/frames/1/']")).click()
    expect(found.page).to_have_url(re.compile("/collections/1/images"))
    assert found.complaints == []
    found.page.context.close()


def test_rings_are_where_the_formula_says_however_near_one_looks(one: Looker) -> None:
    """At 2.67 Å: sin θ = 1 / 5.34, 2θ = 21.587°, 60 mm · tan 2θ = 23.740 mm, 237.4 pixels across."""
    page, wanted = one.page, math.tan(2 * math.asin(WAVELENGTH / (2 * 2.67))) * DISTANCE
    assert wanted / SIZE[0] == pytest.approx(237.4, rel=1e-3)
    fitted = scale(page)
    assert radius(page, "2.67") == pytest.approx([237.4 * fitted, 118.7 * fitted], rel=1e-3)
    page.keyboard.press("1")
    expect(page).to_have_url(re.compile("view="))
    assert radius(page, "2.67") == pytest.approx([237.4, 118.7], rel=1e-3)
    ring = page.locator("[data-is=over] .ring").first
    d = float(ring.get_attribute("data-d") or 0)
    of = math.tan(2 * math.asin(WAVELENGTH / (2 * d))) * DISTANCE / SIZE[0]
    assert float(ring.get_attribute("rx") or 0) == pytest.approx(of, rel=1e-3)


def test_value_and_resolution_under_the_pointer(one: Looker) -> None:
    page, read = one.page, one.page.locator("[data-is=read]")
    page.keyboard.press("1")
    expect(page).to_have_url(re.compile("view="))
    left, top, _, _ = (float(part) for part in asked(page)["view"].split(","))
    box = page.locator(".pic canvas").bounding_box()
    assert box is not None

    def point(x: float, y: float) -> None:
        page.mouse.move(box["x"] + x - left, box["y"] + y - top)

    point(650.5, 500.5)
    # 5.05 mm across, 20.1 mm down: 20.72 of 60 mm are 19.06°; 1 / (2 sin 9.53°) is 3.02 Å
    expect(read).to_have_text("x 650 y 500value 513.02 Å2θ 19.1°")
    point(777.5, 300.5)
    expect(read).to_contain_text("value 78")
    page.keyboard.press("0")
    edge = scale(page)
    page.mouse.move(box["x"] + (box["width"] - WIDTH * edge) / 2 + 4 * edge, box["y"] + box["height"] / 2)
    expect(read).to_contain_text("value masked")


def test_keys_lead_to_images(one: Looker) -> None:
    page = one.page
    for key, number in (
        ("ArrowRight", 2),
        ("Shift+ArrowRight", 12),
        ("ArrowLeft", 11),
        ("Shift+ArrowLeft", 1),
        ("ArrowLeft", 1),
    ):
        page.keyboard.press(key)
        shown(page, number)
    assert "ω 10.00 – 10.50°" in page.inner_text(".head")
    page.keyboard.press("End")
    expect(page.locator("[data-is=sentence]")).to_contain_text("Image 20 is not there, or not yet")
    page.keyboard.press(".")
    shown(page, THERE)
    expect(page.locator("[data-is=sentence]")).to_be_hidden()
    page.keyboard.press("Home")
    shown(page, 1)
    page.keyboard.press("Space")
    expect(page.get_by_label("Play")).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile(r"/images/[3-9]"))
    page.keyboard.press("Space")
    expect(page.get_by_label("Play")).to_have_attribute("aria-pressed", "false")


def test_keys_change_how_an_image_is_shown(one: Looker) -> None:
    page = one.page
    for key, name, wanted in (
        ("i", "map", "grey"),
        ("s", "sum", "10"),
        ("m", "masked", "false"),
        ("r", "rings", "0"),
        ("e", "ice", "0"),
    ):
        page.keyboard.press(key)
        expect(page).to_have_url(re.compile(rf"\b{name}={wanted}\b"))
        page.keyboard.press(key)
        expect(page).not_to_have_url(re.compile(rf"\b{name}="))
    for key, style in (("r", "ring"), ("e", "ice")):
        page.keyboard.press(key)
        expect(page.locator(f"[data-is=over] .{style}")).to_have_count(0)
        page.keyboard.press(key)
        expect(page.locator(f"[data-is=over] .{style}").first).to_be_attached()
    # 0.5 and 99.5 per cent of 119,000 columns of 1 to 100: 1 and 100; a fifth less is 80.2
    page.keyboard.press("c")
    expect(page).to_have_url(re.compile("lo=1&hi=80.2"))
    page.keyboard.press("Shift+C")
    expect(page).to_have_url(re.compile("lo=1&hi=100"))
    before = radius(page, "2.67")[0]
    page.keyboard.press("+")
    assert radius(page, "2.67")[0] == pytest.approx(1.25 * before)
    page.keyboard.press("-")
    assert radius(page, "2.67")[0] == pytest.approx(before)
    expect(page).to_have_url(re.compile("view="))
    left = asked(page)["view"].split(",")[0]
    page.keyboard.press("Alt+ArrowRight")
    expect(page).not_to_have_url(re.compile(re.escape(f"view={left}")))
    page.keyboard.press("0")
    expect(page).not_to_have_url(re.compile("view="))


def test_every_control(one: Looker) -> None:
    page = one.page
    page.get_by_label("Next image").click()
    shown(page, 2)
    page.get_by_label("Previous image").click()
    shown(page, 1)
    field = page.locator("[name=number]")
    field.fill("7")
    field.press("Enter")
    shown(page, 7)
    page.get_by_label("Image", exact=True).first.fill("5")
    shown(page, 5)
    plot = page.locator(".line svg[data-first]").bounding_box()
    assert plot is not None
    page.mouse.click(plot["x"] + 0.92 * plot["width"], plot["y"] + 20)
    shown(page, THERE)
    page.get_by_label("Play").click()
    expect(page.locator("[data-is=sentence]")).to_contain_text("Image 13 is not there, or not yet")
    expect(page.get_by_label("Play")).to_have_attribute("aria-pressed", "false")
    field.fill("1")
    field.press("Enter")
    shown(page, 1)
    page.get_by_label("Colour map").select_option("viridis")
    page.get_by_label("Scale").select_option("log")
    expect(page).to_have_url(re.compile("scale=log&map=viridis"))
    page.get_by_label("From").fill("5")
    page.get_by_label("to", exact=True).fill("50")
    page.get_by_label("to", exact=True).press("Enter")
    expect(page).to_have_url(re.compile("lo=5&hi=50"))
    page.get_by_label("Upper limit").fill("60")
    expect(page).to_have_url(re.compile("lo=5&hi=60"))
    page.get_by_role("button", name="auto").click()
    expect(page).not_to_have_url(re.compile("lo="))
    page.get_by_role("button", name="keep while playing").click()
    expect(page).to_have_url(re.compile("lo=1&hi=100"))
    page.get_by_label("Next image").click()
    shown(page, 2)
    assert asked(page)["hi"] == "100"
    page.get_by_label("Percentile").fill("90")
    page.get_by_role("button", name="keep while playing").click()
    expect(page).to_have_url(re.compile("percentile=90"))
    # image 2 has 2 to 11 eleven times and 12 to 101 twelve times: nine tenths of 1,190 are 1,071, and 1,070
    # are at most 91
    expect(page.get_by_label("to", exact=True)).to_have_attribute("placeholder", "92")
    before = radius(page, "2.67")[0]
    page.get_by_label("Zoom in").click()
    assert radius(page, "2.67")[0] == pytest.approx(1.25 * before)
    page.get_by_label("Zoom out").click()
    page.get_by_role("button", name="1:1").click()
    assert radius(page, "2.67")[0] == pytest.approx(237.4, rel=1e-3)
    address = page.url
    page.mouse.move(300, 400)
    page.mouse.down()
    page.mouse.move(350, 420)
    page.mouse.up()
    expect(page).not_to_have_url(address)
    page.mouse.wheel(0, -100)
    assert radius(page, "2.67")[0] == pytest.approx(1.25 * 237.4, rel=1e-3)
    page.get_by_role("button", name="Fit").click()
    expect(page).not_to_have_url(re.compile("view="))
    assert "0.8 %" in page.inner_text("[data-is=masked]")
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("[data-of=copied]")).to_have_text(re.compile("Copied|The address above"))


def test_an_address_shows_the_same_again(one: Looker) -> None:
    page = one.page
    view = "100.0,200.0,40.0,30.0"
    address = f"/collections/1/images/3?map=magma&lo=2&hi=9&sum=2&rings=0&ice=0&masked=false&view={view}"
    assert one.open(address) == []
    expect(page).to_have_url(re.compile(r"sum=2&masked=false&rings=0&ice=0&view="))
    x, _, width, height = (float(part) for part in asked(page)["view"].split(","))
    assert x <= 100.1
    assert x + width >= 139.9
    assert height >= 29.9
    assert asked(page) | {"view": ""} == {
        "lo": "2",
        "hi": "9",
        "map": "magma",
        "sum": "2",
        "masked": "false",
        "rings": "0",
        "ice": "0",
        "view": "",
    }
    expect(page.get_by_label("Colour map")).to_have_value("magma")
    expect(page.locator("[name=rings]")).not_to_be_checked()


def test_a_plane_of_a_data_set_is_looked_at_closely(chromium: Browser, base: str) -> None:
    """The third image of the file: columns count from 3 to 102 again and again."""
    found = visitor(chromium, base)
    page = found.page
    assert found.open("/collections/1/file?path=/entry/data/data_000001&index=2") == []
    seen, read = page.locator("#plane svg"), page.locator("#plane .read")
    expect(page.get_by_label("to", exact=True)).to_have_attribute("placeholder", "102")
    box = page.locator("#plane").bounding_box()
    assert box is not None
    near = min(box["width"] / WIDTH, box["height"] / HEIGHT)
    left = box["x"] + (box["width"] - WIDTH * near) / 2
    top = box["y"] + (box["height"] - HEIGHT * near) / 2
    page.mouse.move(left + 650.5 * near, top + 100.5 * near)
    expect(read).to_have_text("row 100, column 650: 53")
    before = seen.get_attribute("viewBox") or ""
    with page.expect_response(re.compile("width=8192")):
        page.mouse.wheel(0, -100)
    width = float((seen.get_attribute("viewBox") or "").split()[2])
    assert width == pytest.approx(float(before.split()[2]) / 1.25, rel=1e-3)
    expect(read).to_have_text("row 100, column 650: 53")
    page.get_by_role("button", name="Fit").click()
    expect(seen).to_have_attribute("viewBox", before)
    # from 3 to 102: each in 12 columns of 900 pixels but the first ten, of which one is masked:
    # 40 - 38 ln 9901 / ln 10801
    expect(page.locator("[data-is=least]")).to_have_text("3")
    expect(page.locator("[data-is=most]")).to_have_text("103")
    heights = re.findall(r"V([\d.]+)H", page.locator("[data-is=bars]").get_attribute("d") or "")
    assert heights == ["2.4"] * 10 + ["2.0"] * 90
    with page.expect_response(re.compile(r"picture\?.*hi=50")):
        page.get_by_label("Upper limit").fill("50")
    expect(page).to_have_url(re.compile("hi=50"))
    with page.expect_response(re.compile(r"picture\?.*map=magma")):
        page.get_by_label("Colour map").select_option("magma")
    page.get_by_role("link", name="Next", exact=True).last.click()
    expect(page).to_have_url(re.compile("index=3.*hi=50.*map=magma"))
    expect(page.locator("[data-is=auto]")).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="auto").click()
    expect(page.get_by_label("to", exact=True)).to_have_attribute("placeholder", "103")
    assert found.complaints == []
    page.context.close()


def test_images_without_scripts_and_on_phones(chromium: Browser, base: str) -> None:
    found = visitor(chromium, base, scripts=False)
    page = found.page
    page.goto(base + FIRST)
    address = page.locator(".pic img").get_attribute("src")
    picture = page.request.get(f"{base}{address}", headers={"Sec-Fetch-Site": "same-origin"})
    assert (picture.status, picture.headers["content-type"]) == (200, "image/png")
    page.get_by_label("Next image").click()
    assert page.inner_text("h1") == "Image 2 of 20"
    page.get_by_label("Colour map").select_option("viridis")
    page.get_by_role("button", name="Show").click()
    assert page.url.endswith("/images/2?lo=&hi=&percentile=99.5&map=viridis&scale=sqrt&sum=1")
    assert "map=viridis" in (page.locator(".pic img").get_attribute("src") or "")
    page.locator("[name=number]").fill("4")
    page.locator("[name=number]").press("Enter")
    assert page.inner_text("h1") == "Image 4 of 20"
    page.goto(f"{base}/collections/1/images/99")
    assert "There is no image 99." in page.inner_text(".pic")
    page.goto(f"{base}/collections/2/images")
    assert "The file is not there, or not yet." in page.inner_text(".pic")
    page.context.close()
    small = visitor(chromium, base, NARROW)
    assert small.open(FIRST) == []
    shown(small.page, 1)
    assert small.page.evaluate(LOOK) == []
    small.page.context.close()
