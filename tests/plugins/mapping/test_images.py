"""Maps as images, histograms and pixels, worked out by hand.

In the colours of `gray`, from 0 to 255, a value is its own grey.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pytest

from starbeam_mapping import queries

if TYPE_CHECKING:
    from plugins.mapping.conftest import Maps

pytestmark = pytest.mark.anyio

WITH_MAPS = pytest.mark.on("sqlite-union", "mariadb-diamond")
SIX = [10, 20, 30, 40, 50, 60]
ITSELF = {"min": 0, "max": 255}
"""A value is its own grey."""
NOTHING: dict[str, Any] = {"hist": [], "bins": [], "width": []}


async def values(maps: Maps, key: int, nx: int, ny: int) -> list[list[float]]:
    """The rows of the image, asked for one by one."""
    return [
        [(await maps.get(f"/mapping/pixel/{key}", x=x, y=y))["value"] for x in range(nx)] for y in range(ny)
    ]


@WITH_MAPS
async def test_the_order_of_collection(maps: Maps) -> None:
    """Row by row, or column by column; then every second row backwards, of vertical grids too."""
    expected = {
        ("horizontal", 0): [[10, 20, 30], [40, 50, 60]],
        ("horizontal", 1): [[10, 20, 30], [60, 50, 40]],
        ("vertical", 0): [[10, 30, 50], [20, 40, 60]],
        ("vertical", 1): [[10, 30, 50], [60, 40, 20]],
    }
    for key, ((orientation, snaked), rows) in enumerate(expected.items(), 1):
        await maps.add(key, SIX, orientation=orientation, snaked=snaked, **ITSELF)
        assert await maps.greys(key) == rows
        assert await values(maps, key, 3, 2) == rows
    await maps.add(9, SIX, 2.9, 3, snaked=1, **ITSELF)  # three rows of two
    assert await maps.greys(9) == [[10, 20], [40, 30], [50, 60]]


async def test_a_pixel_is_told_with_its_place(maps: Maps) -> None:
    await maps.add(1, [0.5, 1.25])
    pixel = {"xrfFluorescenceMappingId": 1, "x": 1, "y": 0, "value": 1.25}
    assert await maps.get("/mapping/pixel/1", x=1, y=0) == pixel


@pytest.mark.fix(45)
async def test_data_need_not_be_compressed(maps: Maps) -> None:
    await maps.add(1, b"[10, 20.0, 3e1, 40, 50, 60]", dataFormat="json", **ITSELF)
    await maps.add(2, b"<1 2 3>", dataFormat="xml")
    assert await maps.greys(1) == [[10, 20, 30], [40, 50, 60]]
    refusal = (422, "Unknown data format of a map: xml")
    assert [await maps.get(f"/mapping/{of}2", x=0, y=0) for of in ("", "histogram/", "pixel/")] == [
        refusal
    ] * 3


@pytest.mark.fix(46)
@pytest.mark.fix(47)
async def test_a_map_that_is_not_finished(maps: Maps) -> None:
    """What is missing, or -1, is transparent white, -1 as a pixel, 0 in the histogram. What is too much is
    dropped."""
    await maps.add(1, [10, -1, 30, 40], snaked=1, **ITSELF)
    await maps.add(2, [*SIX, 70, 80], **ITSELF)
    await maps.add(3, [])
    await maps.add(4, b"", dataFormat="json")
    assert await maps.greys(1) == [[10, None, 30], [None, None, 40]]
    assert await values(maps, 1, 3, 2) == [[10, -1, 30], [-1, -1, 40]]
    histogram = await maps.get("/mapping/histogram/1")
    assert (histogram["hist"][0], sum(histogram["hist"])) == (3, 6)
    assert await maps.greys(2) == [[10, 20, 30], [40, 50, 60]]
    for empty in (3, 4):
        assert await maps.greys(empty) == [[None] * 3] * 2
        assert await values(maps, empty, 3, 2) == [[-1] * 3] * 2
        assert await maps.get(f"/mapping/histogram/{empty}") == {"xrfFluorescenceMappingId": empty, **NOTHING}


async def test_points_whose_value_is_no_number_are_empty(maps: Maps) -> None:
    """As Python and C write quotients by nothing, and as JavaScript does."""
    texts = (
        b"[10, NaN, 30, Infinity, -Infinity, 60]",
        b"[10,nan,30,inf,-inf,60]",
        b"[10, -NAN, 30, null, +Inf, 60]",
    )
    for key, text in enumerate(texts, 1):
        kind = "json" if key == 1 else "json+gzip"
        data = text if key == 1 else gzip.compress(text)
        await maps.add(key, data, dataFormat=kind, **ITSELF)
        assert await maps.greys(key) == [[10, None, 30], [None, None, 60]]
        assert await values(maps, key, 3, 2) == [[10, -1, 30], [-1, -1, 60]]
        assert sum((await maps.get(f"/mapping/histogram/{key}"))["hist"]) == 6
    # the ends of the colours are those of the numbers
    await maps.add(9, b"[100, NaN, 150, 200]", 4, 1, dataFormat="json")
    assert await maps.greys(9) == [[0, None, 128, 255]]


@pytest.mark.fix(49)
async def test_values_and_colours(maps: Maps) -> None:
    """From the first of 256 colours at `min` to the last at `max`; without these, of what is measured."""
    ends: list[tuple[int | None, int | None, list[float], list[int | None]]] = [
        (50, 200, [0, 50, 100, 150, 200, 250], [0, 0, 85, 170, 255, 255]),  # 50 / 150 * 256 = 85.33
        (None, None, [-1, 100, 150, 200], [None, 0, 128, 255]),
        (100, None, [0, 100, 150, 200], [0, 0, 128, 255]),
        (None, 200, [100, 150, 300], [0, 128, 255]),
        (-5, -3, [-5, -4, -1, -3], [0, 128, None, 255]),
        (200, 100, [100, 150, 200, 0], [255, 128, 0, 255]),  # the other way round
        (100, 100, [0, 100, 300], [0, 0, 0]),
        (None, None, [7, 7], [0, 0]),
        (None, None, [-1e308, 0, 1e308], [0, 128, 255]),
        (None, None, [0, 5e-324], [0, 0]),
    ]
    for key, (low, high, data, expected) in enumerate(ends, 1):
        await maps.add(key, data, len(data), 1, min=low, max=high)
        assert await maps.greys(key) == [expected], (low, high)


@pytest.mark.fix(50)
async def test_colour_maps_are_known_by_their_registered_names(maps: Maps) -> None:
    """`bwr` goes from blue to red. Opacity is for the client to apply."""
    viridis = [(68, 1, 84, 255), (253, 231, 36, 255)]
    names = [None, "", "Viridis", "Normalize", "get_cmap", "file", "ScalarMappable"]
    for key, name in enumerate(names, 1):
        await maps.add(key, [0, 1], 2, 1, colourMap=name, opacity=0.25)
        assert await maps.pixels(key) == [viridis], name
    await maps.add(9, [0, 1], 2, 1, colourMap="bwr", opacity=0.0)
    assert await maps.pixels(9) == [[(0, 0, 255, 255), (255, 0, 0, 255)]]


async def test_a_histogram_has_fifty_bins(maps: Maps) -> None:
    """The last has its upper edge in it."""
    await maps.add(1, [0, 1, 1.5, 50, -1, 49])
    assert await maps.get("/mapping/histogram/1") == {
        "xrfFluorescenceMappingId": 1,
        "hist": [2, 2, *[0] * 46, 0, 2],
        "bins": [n + 0.5 for n in range(50)],
        "width": [1.0] * 50,
    }
    await maps.add(2, [7, 7], 2, 1)
    same = await maps.get("/mapping/histogram/2")
    assert (len(same["hist"]), sum(same["hist"])) == (50, 2)
    assert (same["bins"][0], same["bins"][-1]) == pytest.approx((6.51, 7.49))
    assert same["width"] == pytest.approx([0.02] * 50)


@pytest.mark.fix(48)
async def test_pixels_that_are_not_there(maps: Maps) -> None:
    await maps.add(1, SIX)
    for place in ({"x": 3, "y": 0}, {"x": 0, "y": 2}, {"x": 2**63 - 1, "y": 0}):
        assert await maps.get("/mapping/pixel/1", **place) == (404, "Pixel not found")
    for place, wrong in [({}, "x"), ({"y": 0}, "x"), ({"x": 0}, "y"), ({"x": -1, "y": 0}, "x")]:
        status, detail = await maps.get("/mapping/pixel/1", **place)
        assert (status, detail[0]["loc"]) == (422, ["query", wrong]), place
    assert (await maps.get("/mapping/pixel/1", "stranger", x=-1, y=0))[0] == 422


@pytest.mark.fix(47)
async def test_data_that_are_no_numbers_are_refused_and_have_no_histogram(maps: Maps) -> None:
    not_gzip = "The data of the map are not compressed with gzip, or cut short"
    no_list = "The data of the map are not a list of numbers"
    broken = [
        (b"[1, 2, 3]", not_gzip),
        (b"[", not_gzip),
        (gzip.compress(b"[1, 2, 3]")[:-12], not_gzip),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xff\xff", not_gzip),
        (gzip.compress(b"[1, 2"), no_list),
        (gzip.compress(b"[[1, 2], [3, 4]]"), no_list),
        (gzip.compress(b'[1, "2"]'), no_list),
        (gzip.compress(b"[1, nanometre]"), no_list),
        (gzip.compress(b'[1, "NaN"]'), no_list),
        (gzip.compress(b"[1e999]"), no_list),
        (gzip.compress(b"\xff\xfe"), no_list),
    ]
    for key, (data, sentence) in enumerate(broken, 1):
        await maps.add(key, data)
        assert await maps.get(f"/mapping/{key}") == (422, sentence), data
        assert await maps.get(f"/mapping/pixel/{key}", x=0, y=0) == (422, sentence), data
        assert await maps.get(f"/mapping/histogram/{key}") == {"xrfFluorescenceMappingId": key, **NOTHING}
    for key, data in ((20, [-1e308, 1e308]), (21, [0, 5e-324])):  # too far apart for bins, and too close
        await maps.add(key, data, 2, 1)
        assert await maps.get(f"/mapping/histogram/{key}") == {"xrfFluorescenceMappingId": key, **NOTHING}


async def test_what_is_too_large_is_refused(maps: Maps) -> None:
    """Grids, data that become far more than their grid needs, and numbers that are short but many."""
    await maps.add(1, [1], 2049, 2048)
    await maps.add(2, [1], 1e200, 1e200)
    await maps.add(3, gzip.compress(b"[1" + b" " * 3_000_000 + b"]"))
    await maps.add(4, gzip.compress(b"[" + b"0," * 70_000 + b"0]"))
    await maps.add(5, b"[" + b"0," * 70_000 + b"0]", dataFormat="json")
    await maps.add(7, [1], 1e38, 0)
    large = (422, "A map of more than 4194304 points cannot be shown")
    much = (422, "The map has far more data than its grid has points")
    expected = {1: large, 2: large, 7: large, 3: much, 4: much, 5: much}
    for of in ("", "histogram/", "pixel/"):
        assert {key: await maps.get(f"/mapping/{of}{key}", x=0, y=0) for key in expected} == expected
    await maps.add(6, [1, 2] * 30_000, **ITSELF)  # a surplus that is bearable
    assert await maps.greys(6) == [[1, 2, 1], [2, 1, 2]]


@WITH_MAPS
async def test_data_beyond_all_measure_stay_in_the_database(
    maps: Maps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST_BYTES", 10)
    await maps.add(1, b"[1, 2, 34]", dataFormat="json")
    await maps.add(2, b"[1, 2, 345]", dataFormat="json")
    assert (await maps.get("/mapping/pixel/1", x=2, y=0))["value"] == 34
    much = (422, "The map has far more data than its grid has points")
    assert await maps.get("/mapping/2") == much


async def test_a_grid_without_points_has_no_image(maps: Maps) -> None:
    for key, (nx, ny) in enumerate([(0, 2), (3, None), (-1, 2), (0.9, 2), (-2, -2)], 1):
        await maps.add(key, SIX, nx, ny)
        assert await maps.get(f"/mapping/{key}") == (422, "The grid of the map has no points")
        assert await maps.get(f"/mapping/pixel/{key}", x=0, y=0) == (404, "Pixel not found")
        assert await maps.get(f"/mapping/histogram/{key}") == {"xrfFluorescenceMappingId": key, **NOTHING}
    assert (await maps.get("/mapping"))["results"][1]["GridInfo"]["steps_y"] is None


async def test_text_is_data_too(maps: Maps) -> None:
    await maps.add(1, b"", dataFormat="json", **ITSELF)
    await maps.db.sql("UPDATE XRFFluorescenceMapping SET data = '[10, 20]'")
    assert await maps.greys(1) == [[10, 20, None], [None] * 3]


@WITH_MAPS
async def test_an_image_that_the_client_has_is_not_made_again(
    maps: Maps, monkeypatch: pytest.MonkeyPatch
) -> None:
    await maps.add(1, SIX, 3, 2)
    client, headers = maps.app.client, await maps.app.as_user("root", "all_proposals")
    tag = (await client.get("/mapping/1", headers=headers)).headers["etag"]
    headers["If-None-Match"] = f'"other", {tag}'
    with monkeypatch.context() as patched:
        patched.setattr("starbeam_mapping.routes.png", None)
        again = await client.get("/mapping/1", headers=headers)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    await maps.db.sql("UPDATE XRFFluorescenceMapping SET min = 5")
    changed = await client.get("/mapping/1", headers=headers)
    assert (changed.status_code, changed.headers["etag"] != tag) == (200, True)
