"""Pixels, headers and histograms of detector images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fabio
import h5py
import numpy as np
import pytest

from starbeam_data.numbering import numbered
from support.answers import refused, said
from support.detector import HEADER, MASKED, frames, write_cbf, write_eiger, write_image

pytestmark = pytest.mark.anyio

IMAGES = "/data/images"
NO_IMAGE = refused(404, "Image not found")
ALL = (IMAGES, f"{IMAGES}/header", f"{IMAGES}/histogram")
SMALL = np.array([[0, 1, 1, 2], [5, 3, -1, -2], [1, 0, 7, 400]], "<i4")


async def test_pixels_of_an_eiger_are_those_that_h5py_reads(beamline: Any) -> None:
    images = frames(5)
    master = write_eiger(beamline.folder, images, per_file=2)
    key = await beamline.collect(master.name, 5)
    for number in range(1, 6):
        answer = await beamline.get(IMAGES, dataCollectionId=key, imageNumber=number)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-length"] == str(6 * 8 * 4)
        with h5py.File(master) as file:
            part = file[f"entry/data/data_{(number + 1) // 2:06d}"][(number - 1) % 2]
        assert np.array_equal(part, images[number - 1])
        assert answer.content == part.astype("<f4").tobytes()
        assert np.frombuffer(answer.content, "<f4")[0] == np.float32(MASKED)


async def test_an_image_larger_than_a_block_is_sent_whole(beamline: Any) -> None:
    images = frames(2, 1300, 1100)
    master = write_eiger(beamline.folder, images, per_file=2)
    key = await beamline.collect(master.name)
    answer = await beamline.get(IMAGES, dataCollectionId=key, imageNumber=2)
    assert answer.content == images[1].astype("<f4").tobytes()


@pytest.mark.fix(76)
async def test_pixels_of_single_files_are_those_that_fabio_reads(beamline: Any) -> None:
    for ending, dtype in (("cbf", "<i4"), ("edf", "<f4"), ("tif", "<u2")):
        path, image = beamline.folder / f"scan_0007.{ending}", SMALL.astype(dtype)
        write_cbf(path, image) if ending == "cbf" else write_image(path, image)
        key = await beamline.collect(f"scan_%04d.{ending}", 10)
        answer = await beamline.get(IMAGES, dataCollectionId=key, imageNumber=7)
        with fabio.open(str(path)) as opened:
            assert np.array_equal(opened.data, image)
        assert answer.content == image.astype("<f4").tobytes()
        header = (await beamline.get(f"{IMAGES}/header", dataCollectionId=key, imageNumber=7)).json()
        assert set(header) == {"parsed_ext_hdr", "braggy_hdr"}
        assert (header["braggy_hdr"] == {}) == (ending != "cbf")


@pytest.mark.fix(77)
async def test_the_header_of_an_eiger(beamline: Any) -> None:
    image = np.array([[[MASKED, 0, 2], [4, 6, 0]]], "<u4")
    master = write_eiger(beamline.folder, image, per_file=1)
    key = await beamline.collect(master.name)
    query = {"dataCollectionId": key, "imageNumber": 1}
    found = (await beamline.get(f"{IMAGES}/header", **query)).json()
    assert found == {
        "braggy_hdr": {
            "wavelength": 0.5,
            "detector_distance": 0.125,
            "beam_cx": 3.5,
            "beam_cy": 2.25,
            "beam_ocx": 1.5 - 3.5,
            "beam_ocy": 1 - 2.25,
            "detector_radius": pytest.approx(3 * 75e-6 / 2),
            "img_width": 3,
            "img_height": 2,
            "pixel_size_x": pytest.approx(75e-6),
            "pixel_size_y": pytest.approx(80e-6),
            "pxxpm": pytest.approx(1 / 75e-6),
            "pxypm": pytest.approx(1 / 80e-6),
            "strict_positive_min": 2.0,
            "positive_min": 0.0,
            "min": 0.0,
            "max": 6.0,
            "mean": pytest.approx(12 / 5),
            "std": pytest.approx(np.std([0, 2, 4, 6, 0])),
        }
    }
    with h5py.File(master, "r+") as file:
        del file["entry/instrument"]
    poor = (await beamline.get(f"{IMAGES}/header", **query)).json()["braggy_hdr"]
    assert {name for name, value in poor.items() if value is None} == {
        *("wavelength", "detector_distance", "beam_cx", "beam_cy", "beam_ocx", "beam_ocy"),
        *("detector_radius", "img_width", "img_height", "pixel_size_x", "pixel_size_y", "pxxpm", "pxypm"),
    }
    assert poor["max"] == 6.0
    with h5py.File(master, "r+") as file:
        file.move("entry/data", "entry/other")
    for path in ALL:
        assert said(await beamline.get(path, **query)) == NO_IMAGE


async def test_pixels_that_all_have_the_largest_value_count(beamline: Any) -> None:
    master = write_eiger(beamline.folder, np.full((1, 2, 2), 3, "<u4"), per_file=1)
    key = await beamline.collect(master.name)
    header = await beamline.get(f"{IMAGES}/header", dataCollectionId=key, imageNumber=1)
    numbers = header.json()["braggy_hdr"]
    assert (numbers["min"], numbers["max"], numbers["mean"], numbers["std"]) == (3, 3, 3, 0)


async def test_the_header_of_a_cbf(beamline: Any) -> None:
    write_cbf(beamline.folder / "scan_0001.cbf", SMALL)
    key = await beamline.collect("scan_{:04d}.cbf")
    found = (await beamline.get(f"{IMAGES}/header", dataCollectionId=key, imageNumber=1)).json()
    assert found["parsed_ext_hdr"] == {
        "Detector": "PILATUS 6M, S/N 60-0001",
        "Pixel_size": "172e-6 m x 160e-6 m",
        "Wavelength": "0.9763 A",
        "Detector_distance": "0.2500 m",
        "Beam_xy": "(3.50, 2.25) pixels",
        "Start_angle": "12.0000 deg.",
    }
    valid = [0, 1, 1, 2, 5, 3, 1, 0, 7, 400]
    assert found["braggy_hdr"] == {
        "wavelength": 0.9763,
        "detector_distance": 0.25,
        "beam_cx": 3.5,
        "beam_cy": 2.25,
        "beam_ocx": 2 - 3.5,
        "beam_ocy": 1.5 - 2.25,
        "detector_radius": pytest.approx(((4 * 172e-6) ** 2 + (3 * 160e-6) ** 2) ** 0.5 / 2),
        "img_width": 4,
        "img_height": 3,
        "pixel_size_x": 172e-6,
        "pixel_size_y": 160e-6,
        "pxxpm": pytest.approx(1 / 172e-6),
        "pxypm": pytest.approx(1 / 160e-6),
        "strict_positive_min": 1,
        "positive_min": 0,
        "min": 0,
        "max": 400,
        "mean": 42,
        "std": pytest.approx(np.std(valid)),
    }


@pytest.mark.fix(79)
async def test_a_malformed_cbf_header_gives_no_braggy_header(beamline: Any) -> None:
    key = await beamline.collect("bad_%d.cbf")
    for number, (old, new) in enumerate(
        (
            ("# Beam_xy (3.50, 2.25) pixels", ""),
            ("(3.50, 2.25)", "(3.50)"),
            ("172e-6 m x 160e-6 m", "small"),
            ("172e-6", "0"),
            ("0.9763 A", "blue"),
        ),
        1,
    ):
        write_cbf(beamline.folder / f"bad_{number}.cbf", SMALL, HEADER.replace(old, new))
        found = await beamline.get(f"{IMAGES}/header", dataCollectionId=key, imageNumber=number)
        assert (found.status_code, found.json()["braggy_hdr"]) == (200, {})
        assert found.json()["parsed_ext_hdr"]["Detector"] == "PILATUS 6M, S/N 60-0001"
    # wavelength and distance may be missing
    lines = [line for line in HEADER.splitlines() if "Wavelength" not in line and "distance" not in line]
    write_cbf(beamline.folder / "scan_1.cbf", SMALL, "\n".join(lines))
    key = await beamline.collect("scan_%d.cbf")
    found = await beamline.get(f"{IMAGES}/header", dataCollectionId=key, imageNumber=1)
    assert [found.json()["braggy_hdr"][name] for name in ("wavelength", "detector_distance")] == [0, 0]


HISTOGRAMS = {
    # mean 5.5, deviation 2.87: all 10 below; edges 1 to 9, what is above 9 is left out
    "steps": ([*range(1, 11)], [1, 1, 1, 1, 1, 1, 1, 2], [*range(1, 10)]),
    # 1000 is above mean + 3 deviations of 99 zeros and it
    "outlier": ([0] * 99 + [1000], [99], [0, 1]),
    "constant": ([7] * 6, [6], [7, 8]),
    "zero and one": ([0, 1, 1], [3], [0, 1]),
    # what is not measured is negative
    "negative": ([-3, -1, -1, 0, 0, 1, 3], [2, 1], [0, 1, 2]),
    # 90000 is below mean + 3 deviations (33750 + 3 * 34163): steps of 300, 65000 is in that from 64800
    "one far": (
        [0] * 10 + [65000] * 9 + [90000],
        [10, *[0] * 215, 9, *[0] * 82, 1],
        [*range(0, 90001, 300)],
    ),
    "all far": ([70000] * 6, [6], [70000, 70001]),
    # edges -3 and -2; what is above is left out
    "nothing but negative": ([-3, -1, -1], [1], [-3, -2]),
}


async def test_a_histogram_leaves_out_what_is_not_measured(beamline: Any) -> None:
    """A tenth of the pixels and more have the largest value of their type: mean + 3 deviations lies above."""
    pixels = np.array([[5] * 6 + [7, 7, 8], [6] * 9])
    wanted = {"values": [6, 11], "bins": [5, 6, 7], "shape": [2], "max": 11}
    for dtype in ("<u1", "<u2", ">u2", "<u4", "<u8", "<i2", "<i4"):
        gaps = np.full((2, 3), np.iinfo(dtype).max)
        image = np.hstack([pixels.astype(dtype), gaps.astype(dtype)])
        master = write_eiger(beamline.folder, image[None], per_file=1, prefix=f"gaps{dtype[1:]}")
        key = await beamline.collect(master.name)
        found = await beamline.get(f"{IMAGES}/histogram", dataCollectionId=key, imageNumber=1)
        assert found.json() == wanted, dtype


@pytest.mark.fix(80)
async def test_histograms_have_steps_of_1_or_300_bins(beamline: Any) -> None:
    for case, (pixels, values, edges) in HISTOGRAMS.items():
        write_image(beamline.folder / "a_1.edf", np.array([pixels], "<i4"))
        key = await beamline.collect("a_%d.edf")
        found = await beamline.get(f"{IMAGES}/histogram", dataCollectionId=key, imageNumber=1)
        wanted = {"values": values, "bins": edges, "shape": [len(values)], "max": max(values)}
        assert found.json() == wanted, case
    pixels = np.arange(0, 3001, dtype="<u4").reshape(1, 1, -1)
    master = write_eiger(beamline.folder, pixels, per_file=1)
    key = await beamline.collect(master.name)
    found = await beamline.get(f"{IMAGES}/histogram", dataCollectionId=key, imageNumber=1)
    assert found.json() == {
        "values": [10] * 299 + [11],
        "bins": [*range(0, 3001, 10)],
        "shape": [300],
        "max": 11,
    }


@pytest.mark.fix(80)
async def test_an_image_without_a_number_has_an_empty_histogram(beamline: Any) -> None:
    write_image(beamline.folder / "a_1.edf", np.full((2, 2), np.nan, "<f4"))
    key = await beamline.collect("a_%d.edf")
    query = {"dataCollectionId": key, "imageNumber": 1}
    found = (await beamline.get(f"{IMAGES}/histogram", **query)).json()
    assert found == {"values": [], "bins": [], "shape": [0], "max": 0}
    assert (await beamline.get(f"{IMAGES}/header", **query)).json()["braggy_hdr"] == {}


@pytest.mark.fix(75, 5, 29, 78)
async def test_images_that_do_not_exist(beamline: Any) -> None:
    master = write_eiger(beamline.folder, frames(3), per_file=3)
    write_cbf(beamline.folder / "scan_0001.cbf", SMALL)
    (beamline.folder / "x_1.cbf").write_bytes(b"no image")
    (beamline.folder / "h_1.cbf").write_bytes(master.read_bytes())
    (beamline.folder / "y_1.txt").write_bytes(b"text")
    (beamline.folder / "broken.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + b"x" * 100)
    missing = [
        {"imageNumber": 1},  # the latest is not meant
        {"imageNumber": 1, "dataCollectionId": 0},
        {"imageNumber": 1, "dataCollectionId": 99},
        {"imageNumber": 3, "dataCollectionId": await beamline.collect(master.name, 2)},
        {"imageNumber": 4, "dataCollectionId": await beamline.collect(master.name, None)},
        {"imageNumber": 2, "dataCollectionId": await beamline.collect("scan_%04d.cbf")},
    ]
    templates = (
        *(None, "", "missing.h5", "broken.h5", "scan.cbf", "scan_%04d_%04d.cbf", "scan_%s.cbf", "{0.x}.cbf"),
        *("scan_%999d.cbf", "x_%d.cbf", "h_%d.cbf", "y_%d.txt", "%d", "scan_{}{}.cbf", "a\0_%d.cbf"),
    )
    for template in templates:
        key = await beamline.collect(template)
        missing.append({"imageNumber": 1, "dataCollectionId": key})
    key = await beamline.collect(master.name, folder=None)
    missing.append({"imageNumber": 1, "dataCollectionId": key})
    for query in missing:
        for path in ALL:
            assert said(await beamline.get(path, **query)) == NO_IMAGE, query
    good = await beamline.collect(master.name, None)
    for path in ALL[1:]:
        assert said(await beamline.get(path, dataCollectionId=good, imageNumber=0)) == NO_IMAGE
    for query in ({"imageNumber": 0, "dataCollectionId": good}, {"dataCollectionId": good}):
        assert (await beamline.get(IMAGES, **query)).status_code == 422


@pytest.mark.fix(78)
@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("a_%04d.cbf", "a_0012.cbf"),
        ("a_%d.cbf", "a_12.cbf"),
        ("a_%3d.cbf", "a_ 12.cbf"),
        ("a_{}.cbf", "a_12.cbf"),
        ("a_{:05d}.cbf", "a_00012.cbf"),
        ("a_{:05}.cbf", "a_00012.cbf"),
        ("a_{0:04d}.cbf", "a_0012.cbf"),
        ("a_{number:0>4}.cbf", "a_0012.cbf"),
        ("a_{image_number}.cbf", "a_12.cbf"),
        ("a_%4.4d.cbf", "a_0012.cbf"),
        ("a_%.5d.cbf", "a_00012.cbf"),
        ("a_%05u.cbf", "a_00012.cbf"),
        ("a_%03i.cbf", "a_012.cbf"),
        ("a_%-4d.cbf", "a_12  .cbf"),
        ("a_####.cbf", "a_0012.cbf"),
        ("a_#.cbf", "a_12.cbf"),
        ("crystal#3_#####.cbf", "crystal#3_00012.cbf"),
        ("crystal#3_%04d.cbf", "crystal#3_0012.cbf"),
        ("a.cbf", None),
        ("a_%04d_%d.cbf", None),
        ("a_%s.cbf", None),
        ("a_%100d.cbf", None),
    ],
)
def test_a_template_has_one_field_for_the_number(template: str, name: str | None) -> None:
    assert numbered(template, 12) == name


@pytest.mark.fix(28, 30)
async def test_images_lie_below_the_roots_with_the_path_map_in_front(
    make_beamline: Any, tmp_path: Path
) -> None:
    beamline = await make_beamline(**{"files.path_map": str(tmp_path / "data")})
    images = frames(2)
    write_eiger(beamline.folder / "visit", images, per_file=1)
    write_eiger(tmp_path / "secret", images, per_file=1)
    (beamline.folder / "visit" / "link_master.h5").symlink_to(tmp_path / "secret" / "run_1_master.h5")
    key = await beamline.collect("run_1_master.h5", folder="/visit")
    query = {"imageNumber": 2}
    answer = await beamline.get(IMAGES, dataCollectionId=key, **query)
    assert answer.content == images[1].astype("<f4").tobytes()
    for template, folder in (
        ("link_master.h5", "/visit"),
        ("../../secret/run_1_master.h5", "/visit"),
        ("run_1_master.h5", "/../secret"),
    ):
        key = await beamline.collect(template, folder=folder)
        assert said(await beamline.get(IMAGES, dataCollectionId=key, **query)) == NO_IMAGE


async def test_a_data_file_that_the_master_names_outside_of_the_roots_is_missing(
    beamline: Any, tmp_path: Path
) -> None:
    images = frames(2)
    master = write_eiger(beamline.folder, images, per_file=1)
    (tmp_path / "outside").mkdir()
    inside = beamline.folder / "run_1_data_000001.h5"
    inside.rename(tmp_path / "outside" / "data.h5")
    inside.symlink_to(tmp_path / "outside" / "data.h5")
    key = await beamline.collect(master.name)
    for path in ALL:
        assert said(await beamline.get(path, dataCollectionId=key, imageNumber=1)) == NO_IMAGE
        assert (await beamline.get(path, dataCollectionId=key, imageNumber=2)).status_code == 200
