"""Frames as pictures, tiles and values, against numbers that the tests wrote."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import h5py
import httpx
import numpy as np
import pytest
from PIL import Image

from starbeam.files import Files
from starbeam.settings import Files as Folders
from starbeam_data.protocol import Numbers
from starbeam_data.reader import frames as reading
from support.answers import refused, said
from support.detector import HEADER, MASKED, write_cbf, write_eiger, write_image, write_mrc

pytestmark = pytest.mark.anyio

NO_IMAGE = refused(404, "Image not found")
RED, PALE = (214, 40, 40), (226, 226, 206)
PLAIN = {"lo": 0, "hi": 253, "scale": "linear", "map": "grey"}
"""Each value below 254 has a grey of its own."""
NUMBERS = np.arange(24).reshape(4, 6) * 10


def grey(value: float) -> int:
    """That of a value with these limits: 254 greys from 0 to 255."""
    return round(value * 255 / 253)


async def ask(beamline: Any, key: int, what: str, number: int = 1, **query: Any) -> httpx.Response:
    """What there is of an image."""
    found: httpx.Response = await beamline.get(f"/data/frames/{key}/{number}/{what}", **query)
    return found


async def colours(beamline: Any, key: int, what: str = "picture", number: int = 1, **query: Any) -> Any:
    """Red, green and blue of the pixels of a picture."""
    answer = await ask(beamline, key, what, number, **query)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png"), answer.text
    with Image.open(io.BytesIO(answer.content)) as image:
        assert image.mode == "P"
        return np.asarray(image.convert("RGB"))


async def greys(beamline: Any, key: int, what: str = "picture", number: int = 1, **query: Any) -> Any:
    """The greys of a picture; of the colours that are none, -1 for red and -2 for pale."""
    found = (await colours(beamline, key, what, number, **{**PLAIN, **query})).astype(int)
    others = {RED: -1, PALE: -2}
    return [[others.get(tuple(one), one[0]) for one in row] for row in found.tolist()]


async def eiger(beamline: Any, images: Any, prefix: str = "run", **detector: Any) -> int:
    """A data collection of an Eiger's images; what is said of the detector is added."""
    master = write_eiger(beamline.folder, np.asarray(images), per_file=2, prefix=prefix)
    with h5py.File(master, "r+") as file:
        for name, value in detector.items():
            file[f"entry/instrument/detector/{name}"] = value
    key: int = await beamline.collect(master.name, len(images))
    return key


def _smv(path: Path, image: Any, more: str = "") -> None:
    text = (
        "{\nHEADER_BYTES=  512;\nDIM=2;\nBYTE_ORDER=little_endian;\nTYPE=unsigned_short;\n"
        f"SIZE1={image.shape[1]};\nSIZE2={image.shape[0]};\n{more}}}\f"
    )
    path.write_bytes(text.encode().ljust(512) + image.astype("<u2").tobytes())


def _nexus(path: Path, image: Any) -> None:
    """As NXmx and areaDetector have it: one data set, big-endian."""
    with h5py.File(path, "w") as file:
        file["entry/data/data"] = image[None].astype(">u2")


WRITTEN: dict[str, Any] = {
    "a.cbf": lambda path, image: write_cbf(path, image.astype("<i4")),
    "a.edf": lambda path, image: write_image(path, image.astype("<u4")),
    "f.edf": lambda path, image: write_image(path, image.astype("<f4")),
    "a.tif": lambda path, image: write_image(path, image.astype("<u2")),
    "p.tif": lambda path, image: Image.fromarray(image.astype("u1")).save(path, compression="tiff_lzw"),
    "a.img": _smv,
    "a.mrc": lambda path, image: write_mrc(path, image[None].astype("<f4"), 2),
    "i.mrc": lambda path, image: write_mrc(path, image[None].astype(">i2"), 1, ">"),
    "a.npy": lambda path, image: np.save(path, image),
    "a.nxs": _nexus,
    "e_master.h5": lambda path, image: write_eiger(path.parent, image[None].astype("<u4"), 1, "e"),
}


async def test_pixels_of_every_format_have_their_values_and_places(beamline: Any) -> None:
    wanted = [[grey(value) for value in row] for row in NUMBERS.tolist()]
    window = {
        "x": 1,
        "y": 2,
        "width": 6,
        "height": 4,
        "values": [[130, 140, 150], [190, 200, 210]],
        "masked": [[False] * 3] * 2,
    }
    for name, write in WRITTEN.items():
        write(beamline.folder / name, NUMBERS)
        key = await beamline.collect(name)
        assert await greys(beamline, key, width=6) == wanted, name
        assert await greys(beamline, key, "tiles/0/0/0") == wanted, name
        assert (await ask(beamline, key, "values", x=1, y=2, w=3, h=2)).json() == window, name
        pixels = (await beamline.get("/data/images", dataCollectionId=key, imageNumber=1)).content
        assert np.frombuffer(pixels, "<f4").reshape(4, 6).tolist() == NUMBERS.tolist(), name


async def test_limits_lie_at_percentiles_of_what_was_measured(beamline: Any) -> None:
    """Of 200 values from 0 to 199, 198 are at most 197, and 2 at most 1."""
    counts = np.arange(200).reshape(10, 20)
    gaps = np.full((10, 20), MASKED)
    key = await eiger(beamline, [np.hstack([counts, gaps]).astype("<u4")])
    wanted = {99: ("1", "197"), 100: ("0", "199"), 50: ("99", "100"), 99.5: ("0", "198")}
    for percentile, limits in wanted.items():
        picture = await ask(beamline, key, "picture", percentile=percentile)
        assert (picture.headers["frame-low"], picture.headers["frame-high"]) == limits
    size = {name: picture.headers[f"frame-{name}"] for name in ("width", "height", "step", "images")}
    assert size == {"width": "40", "height": "10", "step": "1", "images": "1"}
    picture = await ask(beamline, key, "picture", lo=-2.5, percentile=99)
    assert (picture.headers["frame-low"], picture.headers["frame-high"]) == ("-2.5", "197")
    picture = await ask(beamline, key, "tiles/0/0/0", hi=7.25, percentile=99)
    assert (picture.headers["frame-low"], picture.headers["frame-high"]) == ("1", "7.25")
    key = await eiger(beamline, [np.full((2, 3), MASKED, "<u4")], "none")
    picture = await ask(beamline, key, "picture")
    assert (picture.headers["frame-low"], picture.headers["frame-high"]) == ("0", "1")
    assert await greys(beamline, key) == [[-2] * 3] * 2


async def test_negative_numbers_are_measurements_where_electrons_are_counted(beamline: Any) -> None:
    micrograph = np.linspace(-99, 100, 200).reshape(10, 20)
    write_mrc(beamline.folder / "m.mrc", micrograph[None].astype("<f4"), 2)
    write_mrc(beamline.folder / "i.mrc", micrograph[None].astype("<i2"), 1)
    micrograph[0, 0], micrograph[0, 1] = np.nan, np.inf
    write_image(beamline.folder / "f.edf", micrograph.astype("<f4"))
    for name, low, high in (("m.mrc", "-98", "98"), ("i.mrc", "-98", "98"), ("f.edf", "-96", "99")):
        key = await beamline.collect(name)
        picture = await ask(beamline, key, "picture", percentile=99)
        assert (picture.headers["frame-low"], picture.headers["frame-high"]) == (low, high)
    assert (await greys(beamline, key))[0][:3] == [-2, -2, 0]
    values = (await ask(beamline, key, "values", x=0, y=0, w=3)).json()
    assert values["values"] == [[None, None, -97]]
    assert values["masked"] == [[True, True, False]]


async def test_what_was_not_measured_and_what_is_overloaded_has_a_colour_of_its_own(beamline: Any) -> None:
    image = np.array([[0, 10, 20], [30, 253, 40], [MASKED, MASKED, 50]], "<u4")
    key = await eiger(beamline, [image], saturation_value=40)
    assert await greys(beamline, key) == [[0, grey(10), grey(20)], [grey(30), -1, -1], [-2, -2, -1]]
    hidden = await greys(beamline, key, masked=False, overloads=False)
    assert hidden == [[0, grey(10), grey(20)], [grey(30), 255, grey(40)], [0, 0, grey(50)]]
    mask = np.array([[[1, 0, 0], [0, 0, 8], [1, 0, 0]]], "<u4")
    key = await eiger(beamline, [image], "masked", pixel_mask=mask)
    # what has the largest value though no mask says that it measures nothing is full
    assert await greys(beamline, key) == [
        [-2, grey(10), grey(20)],
        [grey(30), 255, -2],
        [-2, -1, grey(50)],
    ]
    found = (await ask(beamline, key, "values", x=1, y=1, w=2, h=2)).json()
    assert found["values"] == [[253, 40], [MASKED, 50]]
    assert found["masked"] == [[False, True], [False, False]]


async def test_overloads_are_those_that_the_format_knows(beamline: Any) -> None:
    image = np.array([[0, 100, 200], [250, 251, 65535]])
    folder, said_so = beamline.folder, f"{HEADER}\n# Count_cutoff 251 counts"
    write_cbf(folder / "a.cbf", np.where(image == 0, -1, image).astype("<i4"), said_so)
    _smv(folder / "a.img", image, "CCD_IMAGE_SATURATION=250;\n")
    _smv(folder / "b.img", image)
    for name in ("a.tif", "a.edf"):
        write_image(folder / name, image.astype("<u2"))
    wanted = {
        "a.cbf": [[-2, grey(100), grey(200)], [grey(250), -1, -1]],
        "a.img": [[0, grey(100), grey(200)], [-1, -1, -1]],
        "b.img": [[0, grey(100), grey(200)], [grey(250), grey(251), -1]],
        "a.tif": [[0, grey(100), grey(200)], [grey(250), grey(251), -1]],
        "a.edf": [[0, grey(100), grey(200)], [grey(250), grey(251), -2]],
    }
    assert {name: await greys(beamline, await beamline.collect(name)) for name in wanted} == wanted


async def test_binning_keeps_the_largest_value_that_was_measured(beamline: Any) -> None:
    image = np.arange(35).reshape(5, 7).astype("<u4")
    image[0, 1] = image[4, 6] = MASKED
    image[0, 4:6] = image[1, 4:6] = MASKED
    key = await eiger(beamline, [image])
    wanted = [[8, 10, -2, 13], [22, 24, 26, 27], [29, 31, 33, -2]]
    for width, step in ((6, "2"), (4, "2"), (7, "1")):
        picture = await ask(beamline, key, "picture", width=width)
        assert picture.headers["frame-step"] == step
    expected = [[one if one < 0 else grey(one) for one in row] for row in wanted]
    assert await greys(beamline, key, width=4) == expected
    assert await greys(beamline, key, "tiles/1/0/0") == expected
    assert await greys(beamline, key, width=3) == [
        [grey(16), grey(19), grey(20)],
        [grey(30), grey(33), grey(27)],
    ]
    overloaded = await eiger(beamline, [image], "over", saturation_value=33)
    assert (await greys(beamline, overloaded, width=4))[2] == [grey(29), grey(31), -1, -2]


async def test_more_than_4_by_4_pixels_are_the_mean_of_the_largest_of_such(beamline: Any) -> None:
    """Else the background of a thumbnail would be as bright as its brightest pixels."""
    image = np.zeros((8, 16), "<u4")
    image[1, 1], image[6, 2], image[5, 7] = 200, 100, 20
    image[:, 8:12] = MASKED
    image[3, 13], image[4:8, 12:] = 50, MASKED
    key = await eiger(beamline, [image])
    # largest of 4 by 4: 200, 0, none, 50 above 100, 20, none, none
    for width in (2, 3):
        assert await greys(beamline, key, width=width) == [[grey(80), grey(50)]]
    assert (await ask(beamline, key, "picture", width=3)).headers["frame-step"] == "8"
    assert await greys(beamline, key, width=4) == [
        [grey(200), 0, -2, grey(50)],
        [grey(100), grey(20), -2, -2],
    ]


SCALES = {
    # 16 of 0 to 64 is a quarter, 63.25 of 253; its root a half; log1p(16) / log1p(64) is 0.6787
    "linear": 63,
    "sqrt": 127,
    "log": 172,
}


async def test_limits_may_lie_beyond_what_a_pixel_can_hold(beamline: Any) -> None:
    WRITTEN["p.tif"](beamline.folder / "p.tif", NUMBERS)
    key = await beamline.collect("p.tif")
    wanted = [[grey(int(value * 253 / 1000 + 0.5)) for value in row] for row in NUMBERS.tolist()]
    assert await greys(beamline, key, hi=1000) == wanted
    assert await greys(beamline, key, lo=-3, hi=-1) == [[255] * 6] * 4
    assert await greys(beamline, key, lo=70_000, hi=70_100) == [[0] * 6] * 4


@pytest.mark.parametrize("shape", [(0, 6), (4, 0)])
async def test_a_frame_without_pixels_is_no_image(beamline: Any, shape: tuple[int, int]) -> None:
    WRITTEN["a.nxs"](beamline.folder / "a.nxs", np.zeros(shape))
    key = await beamline.collect("a.nxs")
    for what in ("picture", "tiles/0/0/0"):
        answer = await ask(beamline, key, what)
        assert said(answer) == NO_IMAGE, what


async def test_parts_in_which_a_large_frame_is_drawn_do_not_show(beamline: Any) -> None:
    """Its first rows hold small counts, the last ones large counts too, and gaps go through all."""
    chance = np.random.default_rng(7)
    image = chance.poisson(3, (701, 999)).astype("<u4")
    image[400:] += chance.integers(0, 90_000, (301, 999)).astype("<u4")
    image[:, 100:107] = MASKED
    key = await eiger(beamline, [image])
    measured = image[image != MASKED]
    for percentile in (60, 90, 99):
        picture = await ask(beamline, key, "picture", percentile=percentile)
        wanted = np.percentile(measured, [100 - percentile, percentile], method="inverted_cdf")
        found = float(picture.headers["frame-low"]), float(picture.headers["frame-high"])
        assert found == tuple(wanted), percentile
    raised = np.pad(np.where(image == MASKED, 0, image + 1), ((0, 1), (0, 1)))
    largest = raised.reshape(351, 2, 500, 2).max(axis=(1, 3)).tolist()
    shown = [[-2 if not one else grey(min(one - 1, 253)) for one in row] for row in largest]
    assert await greys(beamline, key, width=500) == shown


async def test_scales_and_colour_maps(beamline: Any) -> None:
    key = await eiger(beamline, [np.array([[0, 16, 64, 100]], "<u4")])
    limits = {"lo": 0, "hi": 64}
    for scale, colour in SCALES.items():
        (row,) = await greys(beamline, key, scale=scale, **limits)
        assert row == [0, grey(colour), 255, 255], scale
    ends = {
        "grey": ((0, 0, 0), (255, 255, 255)),
        "grey_r": ((255, 255, 255), (0, 0, 0)),
        "viridis": ((68, 1, 84), (253, 231, 36)),
        "magma": ((0, 0, 3), (251, 252, 191)),
    }
    for name, (first, last) in ends.items():
        (row,) = (await colours(beamline, key, map=name, **limits)).tolist()
        assert (tuple(row[0]), tuple(row[3])) == (first, last), name


async def test_images_are_added(beamline: Any) -> None:
    """In one file and in several, as far as there are any."""
    images = np.arange(1, 5)[:, None, None] * np.array([[1, 2], [3, 4]])
    images[1, 0, 0], images[3, 1, 1] = MASKED, 30
    key = await eiger(beamline, images.astype("<u4"), saturation_value=30)
    images[1, 0, 0] = -1
    for number, image in enumerate(images, 1):
        write_cbf(beamline.folder / f"s_{number}.cbf", image.astype("<i4"), "# Count_cutoff 30 counts")
    several = await beamline.collect("s_%d.cbf", 10)
    write_mrc(beamline.folder / "movie.mrc", images.astype("<f4"), 2)
    for which in (key, several):
        for number, count, wanted, there in (
            (1, 3, [[-2, 12], [18, 24]], "3"),
            (3, 2, [[7, 14], [21, -1]], "2"),
            (3, 10, [[7, 14], [21, -1]], "2"),
        ):
            assert await greys(beamline, which, number=number, sum=count) == [
                [one if one < 0 else grey(one) for one in row] for row in wanted
            ]
            picture = await ask(beamline, which, "picture", number, sum=count)
            assert picture.headers["frame-images"] == there
        values = (await ask(beamline, which, "values", 3, x=0, y=0, w=2, h=2, sum=2)).json()["values"]
        assert values == [[7, 14], [21, 42]]
    movie = await beamline.collect("movie.mrc")
    values = (await ask(beamline, movie, "values", x=0, y=0, w=2, h=2, sum=4)).json()["values"]
    assert values == [[7, 20], [30, 54]]


async def test_tiles_are_squares_of_the_whole(beamline: Any) -> None:
    image = np.random.default_rng(1).integers(0, 250, (600, 1100)).astype("<u4")
    key = await eiger(beamline, [image])
    whole = (await colours(beamline, key, width=1100, **PLAIN))[:, :, 0]
    assert whole[599, 1099] == grey(image[599, 1099])
    for column, row in ((0, 0), (1, 0), (2, 1)):
        tile = (await colours(beamline, key, f"tiles/0/{column}/{row}", **PLAIN))[:, :, 0]
        part = whole[row * 512 : row * 512 + 512, column * 512 : column * 512 + 512]
        assert np.array_equal(tile, part)
    half = (await colours(beamline, key, width=550, **PLAIN))[:, :, 0]
    assert half[0, 0] == grey(image[:2, :2].max())
    tile = (await colours(beamline, key, "tiles/1/1/0", **PLAIN))[:, :, 0]
    assert np.array_equal(tile, half[:, 512:])
    for beyond in ("0/3/0", "0/0/2", "2/1/0"):
        assert said(await ask(beamline, key, f"tiles/{beyond}")) == NO_IMAGE
    edge = (await ask(beamline, key, "values", x=1098, y=598, w=64, h=64)).json()
    assert edge["values"] == image[598:, 1098:].tolist()
    outside = (await ask(beamline, key, "values", x=5000, y=0)).json()
    assert (outside["values"], outside["width"], outside["height"]) == ([[]], 1100, 600)


async def test_a_picture_is_sent_again_only_where_something_has_changed(beamline: Any) -> None:
    images = np.arange(8).reshape(2, 2, 2).astype("<u4")
    key = await eiger(beamline, images)
    first = await ask(beamline, key, "picture", **PLAIN)
    tag = {"headers": {"if-none-match": first.headers["etag"]}}
    unchanged = await ask(beamline, key, "picture", **PLAIN, **tag)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["etag"] == first.headers["etag"]
    assert (await ask(beamline, key, "picture", **{**PLAIN, "scale": "log"}, **tag)).status_code == 200
    assert (await ask(beamline, key, "picture", 2, **PLAIN, **tag)).status_code == 200
    write_eiger(beamline.folder / "other", images[::-1], per_file=2, prefix="run")
    (beamline.folder / "other" / "run_data_000001.h5").replace(beamline.folder / "run_data_000001.h5")
    changed = await ask(beamline, key, "picture", **PLAIN, **tag)
    assert changed.status_code == 200
    assert await greys(beamline, key) == [[grey(4), grey(5)], [grey(6), grey(7)]]
    for number in (1, 2):
        write_cbf(beamline.folder / f"s_{number}.cbf", np.array([[1, 2]], "<i4"))
    several = await beamline.collect("s_%d.cbf", 2)
    assert await greys(beamline, several, sum=2) == [[grey(2), grey(4)]]
    write_cbf(beamline.folder / "s_2.cbf", np.array([[10, 20]], "<i4"))
    assert await greys(beamline, several, sum=2) == [[grey(11), grey(22)]]


def noise(shape: tuple[int, int], most: int) -> Any:
    """Numbers that no encoding makes much smaller."""
    return np.random.default_rng(1).integers(0, most, shape)


FRAMES = {
    "few counts": np.random.default_rng(1).poisson(0.3, (1100, 1030)),
    "noise": noise((1000, 1400), 1000),
    "noise of its own size": noise((280, 280), 1000),
    "gaps": np.where(noise((560, 560), 2) == 1, MASKED, noise((560, 560), 1000)),
    "tall": noise((5000, 60), 1000),
    "one row": noise((1, 3000), 5),
}


@pytest.mark.parametrize("name", FRAMES)
async def test_thumbnails_are_small(beamline: Any, name: str) -> None:
    """At most 280 pixels along an axis, and 15 kB, whatever is on them."""
    key = await eiger(beamline, FRAMES[name][None].astype("<u4"))
    answer = await ask(beamline, key, "thumbnail")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert len(answer.content) <= 15_000
    with Image.open(io.BytesIO(answer.content)) as image:
        assert max(image.size) <= 280
    again = await ask(beamline, key, "thumbnail", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_a_thumbnail_is_the_picture_of_its_size(beamline: Any) -> None:
    """The same greys, but for what JPEG loses."""
    image = np.add.outer(np.arange(560) // 4, np.arange(840) // 4)
    key = await eiger(beamline, [image.astype("<u4")])
    wanted = await colours(beamline, key, width=280)
    with Image.open(io.BytesIO((await ask(beamline, key, "thumbnail")).content)) as shown:
        found = np.asarray(shown)
    assert found.shape == wanted.shape == (187, 280, 3)
    assert np.abs(found.astype(int) - wanted).mean() < 2


async def test_the_thumbnail_of_a_file_that_cannot_be_read_says_so(beamline: Any) -> None:
    """Until it can: nothing keeps it. What is not there at all is missing."""
    key = await beamline.collect("x_%d.cbf", 3)
    (beamline.folder / "x_1.cbf").write_bytes(b"no image")
    answer = await ask(beamline, key, "thumbnail")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert "The image cannot be read" in answer.text
    assert "etag" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    write_cbf(beamline.folder / "x_1.cbf", np.array([[1, 2]], "<i4"))
    assert (await ask(beamline, key, "thumbnail")).headers["content-type"] == "image/jpeg"
    assert said(await ask(beamline, key, "thumbnail", 2)) == NO_IMAGE
    assert said(await ask(beamline, 99, "thumbnail")) == NO_IMAGE


async def test_what_cannot_be_asked(beamline: Any) -> None:
    key = await eiger(beamline, np.arange(8).reshape(2, 2, 2).astype("<u4"))
    wrong: list[dict[str, Any]] = [
        *({"width": width} for width in (0, 8193, "wide")),
        *({"sum": count} for count in (0, 101)),
        *({"percentile": one} for one in (49, 101, "nan")),
        *({"lo": one} for one in ("nan", "inf", "low")),
        {"lo": 5, "hi": 5},
        {"map": "rainbow"},
        {"scale": "cubic"},
    ]
    for query in wrong:
        assert (await ask(beamline, key, "picture", **query)).status_code == 422, query
    for query in ({}, {"x": -1, "y": 0}, {"x": 0, "y": 0, "w": 65}, {"x": 0, "y": 0, "h": 0}):
        assert (await ask(beamline, key, "values", **query)).status_code == 422, query
    for tile in ("9/0/0", "0/-1/0", "0/0/a"):
        assert (await ask(beamline, key, f"tiles/{tile}")).status_code == 422, tile
    for what, query in (("picture", {}), ("tiles/0/0/0", {}), ("values", {"x": 0, "y": 0})):
        assert said(await ask(beamline, key, what, 3, **query)) == NO_IMAGE
        assert said(await ask(beamline, 99, what, **query)) == NO_IMAGE
    small = await beamline.collect("x_%d.cbf")
    (beamline.folder / "x_1.cbf").write_bytes(b"no image")
    assert said(await ask(beamline, small, "picture")) == NO_IMAGE


async def test_a_frame_that_is_too_large_is_refused(make_beamline: Any) -> None:
    beamline = await make_beamline(**{"plugin.data.max_answer": 100_000})
    key = await eiger(beamline, np.zeros((1, 120, 120), "<u4"))
    write_image(beamline.folder / "a.edf", np.zeros((120, 120), "<u2"))
    for which in (key, await beamline.collect("a.edf")):
        found = await ask(beamline, which, "picture")
        assert found.status_code == 422
        assert "115200 bytes" in found.json()["detail"]


def test_a_frame_is_read_once_while_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = list[int]()
    whole = reading.Picture.read
    monkeypatch.setattr(
        reading.Picture, "read", lambda self, frame: (read.append(frame), whole(self, frame))[1]
    )
    monkeypatch.setattr(reading, "KEPT", 3 * 400)
    path = tmp_path / "movie.mrc"
    write_mrc(path, np.zeros((5, 10, 10), "<f4"), 2)
    frames = reading.Frames(Files(Folders(roots=[str(tmp_path)])), 1 << 20)

    def get(frame: int) -> None:
        frames.get(Numbers(str(path), False, None, frame, 1, [], 0, 0, 1, 1))

    for frame in (0, 1, 2, 0, 1, 2):
        get(frame)
    assert read == [0, 1, 2]
    get(3)  # there is no room for 0, which was used first
    get(1)
    get(0)
    assert read == [0, 1, 2, 3, 0]
    write_mrc(path, np.ones((5, 10, 11), "<f4"), 2)
    get(1)
    assert read == [0, 1, 2, 3, 0, 1]
