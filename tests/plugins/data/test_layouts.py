"""Which file holds an image, and where in it: of other beamlines, detectors and programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fabio
import h5py
import numpy as np
import pytest
from PIL import Image

from support.answers import refused, said
from support.detector import frames, write_cbf, write_eiger, write_image

pytestmark = pytest.mark.anyio

IMAGES = "/data/images"
NO_IMAGE = refused(404, "Image not found")
STACK = np.arange(4 * 6 * 8, dtype="<u4").reshape(4, 6, 8)
"""Four images; the first pixel of image n is 48 (n - 1)."""


async def first_pixels(beamline: Any, key: int, numbers: range) -> list[float | None]:
    """The first pixel of each image, None where there is none."""
    found = list[float | None]()
    for number in numbers:
        answer = await beamline.get(IMAGES, dataCollectionId=key, imageNumber=number)
        assert answer.status_code == 200 or said(answer) == NO_IMAGE
        pixels = np.frombuffer(answer.content, "<f4") if answer.status_code == 200 else [None]
        found.append(pixels[0])
    return found


@pytest.mark.parametrize(
    "template", ["run_####.cbf", "run_%4.4d.cbf", "run_{0:04d}.cbf", "run_{frame:0>4}.cbf"]
)
async def test_templates_of_files_for_each_image(beamline: Any, template: str) -> None:
    for number in (1, 2, 4):
        write_cbf(beamline.folder / f"run_000{number}.cbf", np.full((2, 3), number, "<i4"))
    key = await beamline.collect(template, 3)
    assert await first_pixels(beamline, key, range(1, 5)) == [1, 2, None, None]


async def test_numbers_are_those_that_the_beamline_counts(beamline: Any) -> None:
    for number in (0, 1, 5, 6, 7, 8):
        write_cbf(beamline.folder / f"run_{number}.cbf", np.full((2, 3), number, "<i4"))
    from_5 = await beamline.collect("run_#.cbf", 3, startImageNumber=5)
    assert await first_pixels(beamline, from_5, range(5, 9)) == [5, 6, 7, None]
    assert await first_pixels(beamline, from_5, range(1, 5)) == [1, None, None, None]  # as it always was
    from_0 = await beamline.collect("run_%d.cbf", 1, startImageNumber=0)
    assert await first_pixels(beamline, from_0, range(2)) == [0, 1]
    for path in ("/header", "/histogram"):
        query = {"dataCollectionId": from_0, "imageNumber": 0}
        assert (await beamline.get(IMAGES + path, **query)).status_code == 200
    unknown = await beamline.collect("run_%d.cbf", startImageNumber=0)
    assert await first_pixels(beamline, unknown, range(2)) == [0, 1]
    for start in (None, 1):
        key = await beamline.collect("run_%d.cbf", 1, startImageNumber=start)
        refusal = await beamline.get(IMAGES, dataCollectionId=key, imageNumber=0)
        assert (refusal.status_code, refusal.json()["detail"][0]["loc"]) == (422, ["query", "imageNumber"])
        assert said(await beamline.get(f"{IMAGES}/header", dataCollectionId=key, imageNumber=0)) == NO_IMAGE


async def test_a_plain_name_is_that_of_the_only_file(beamline: Any) -> None:
    write_cbf(beamline.folder / "one.cbf", np.full((2, 3), 7, "<i4"))
    write_image(beamline.folder / "sample#2.tif", np.full((2, 3), 9, "<u2"))
    write_image(beamline.folder / "sample1.tif", np.full((2, 3), 8, "<u2"))
    one = await beamline.collect("one.cbf", 1)
    assert await first_pixels(beamline, one, range(1, 3)) == [7, None]
    later = await beamline.collect("one.cbf", None, startImageNumber=12)
    assert await first_pixels(beamline, later, range(11, 14)) == [None, 7, None]
    assert await first_pixels(beamline, later, range(1, 2)) == [None]
    hashed = await beamline.collect("sample#2.tif", 1)  # no number of an image
    assert await first_pixels(beamline, hashed, range(1, 2)) == [9]


def write_edf(path: Path, stack: Any) -> None:
    first, *others = stack
    made = fabio.edfimage.EdfImage(data=first)
    for image in others:
        made.append_frame(data=image)
    made.write(str(path))


def write_tiff(path: Path, stack: Any) -> None:
    first, *others = (Image.fromarray(image) for image in stack)
    first.save(path, save_all=True, append_images=others)


@pytest.mark.parametrize(("name", "write"), [("s.edf", write_edf), ("s.TIF", write_tiff), ("s.npy", np.save)])
async def test_several_images_in_one_file(beamline: Any, name: str, write: Any) -> None:
    write(beamline.folder / name, STACK.astype("<u2"))
    key = await beamline.collect(name, 4)
    assert await first_pixels(beamline, key, range(1, 6)) == [0, 48, 96, 144, None]
    whole = await beamline.get(IMAGES, dataCollectionId=key, imageNumber=3)
    assert whole.content == STACK[2].astype("<f4").tobytes()
    from_0 = await beamline.collect(name, startImageNumber=0)
    assert await first_pixels(beamline, from_0, range(5)) == [0, 48, 96, 144, None]


async def test_an_hdf5_file_for_each_image(beamline: Any) -> None:
    for number in (3, 4):
        with h5py.File(beamline.folder / f"one_0{number}.h5", "w") as file:
            file["entry/data/data"] = STACK[number - 1]
            file["entry/data/data"].attrs["image_nr_low"] = 1  # each file counts for itself
            file["entry/data/data"].attrs["image_nr_high"] = 1
    key = await beamline.collect("one_##.h5", 2, startImageNumber=3)
    assert await first_pixels(beamline, key, range(3, 6)) == [96, 144, None]


@pytest.mark.on("sqlite-union", "mariadb-community", "mariadb-diamond")
async def test_an_hdf5_file_keeps_its_own_numbers(beamline: Any) -> None:
    master = write_eiger(beamline.folder, STACK, per_file=3)
    key = await beamline.collect(master.name, 4, startImageNumber=3)
    assert await first_pixels(beamline, key, range(1, 6)) == [0, 48, 96, 144, None]


def virtual(file: h5py.File, folder: Path) -> None:
    """NXmx with a virtual data set beside the links to what it is put together of; a mask of their shape."""
    layout = h5py.VirtualLayout((4, 6, 8), "<u4")
    group = file.create_group("entry/data")
    for number, part in enumerate((STACK[:3], STACK[3:]), 1):
        with h5py.File(folder / f"part_{number}.h5", "w") as other:
            other["data"] = part
        source = h5py.VirtualSource(f"part_{number}.h5", "data", part.shape)
        layout[3 * (number - 1) : 3 * (number - 1) + len(part)] = source
        group[f"data_{number:06d}"] = h5py.ExternalLink(f"part_{number}.h5", "data")
    group.create_virtual_dataset("data", layout)
    file["entry/instrument/detector/pixel_mask"] = np.zeros((6, 8), "<u4")


def directly(file: h5py.File, folder: Path) -> None:
    """Links directly below the entry, of which the tenth comes after the ninth."""
    for number, image in ((9, STACK[:3]), (10, STACK[3:])):
        with h5py.File(folder / f"direct_{number}.h5", "w") as other:
            other["entry/data/data"] = image
        file[f"entry/data_{number}"] = h5py.ExternalLink(f"direct_{number}.h5", "/entry/data/data")
    file["entry/instrument/detector/detectorSpecific/flatfield"] = np.ones((6, 8), "<f4")
    file["entry/sample/orientation_matrix"] = np.zeros((9, 3, 3))


def area_detector(file: h5py.File, folder: Path) -> None:
    """As the HDF5 plugin of areaDetector writes."""
    file["entry/instrument/detector/data"] = STACK
    file["entry/data/data"] = h5py.SoftLink("/entry/instrument/detector/data")
    file["entry/instrument/NDAttributes/NDArrayUniqueId"] = np.arange(4)
    file["entry/instrument/performance/timestamp"] = np.zeros((4, 5))


def lima(file: h5py.File, folder: Path) -> None:
    """As Lima writes, linked as BLISS links it."""
    with h5py.File(folder / "lima_0000.h5", "w") as other:
        other["entry_0000/instrument/eiger/data"] = STACK
    file["1.1/instrument/eiger/data"] = h5py.ExternalLink("lima_0000.h5", "/entry_0000/instrument/eiger/data")
    file["1.1/measurement/eiger"] = h5py.SoftLink("/1.1/instrument/eiger/data")
    file["1.1/measurement/spectra"] = np.zeros((4, 2048))


def exchange(file: h5py.File, folder: Path) -> None:
    """As tomography writes: `data_white` and `data_dark` are no images of the scan."""
    file["exchange/data"] = STACK
    file["exchange/data_dark"] = file["exchange/data_white"] = np.ones((2, 6, 8), "<u4")
    file["exchange/theta"] = np.zeros(4)


def at_the_top(file: h5py.File, folder: Path) -> None:
    """No group at all."""
    file["frames"] = STACK
    file["frames_mask"] = np.zeros((9, 6, 8), "u1")


@pytest.mark.parametrize("layout", [virtual, directly, area_detector, lima, exchange, at_the_top])
@pytest.mark.parametrize("ending", ["h5", "NXS"])
async def test_images_of_files_that_do_not_count_them(beamline: Any, layout: Any, ending: str) -> None:
    name = f"{layout.__name__}.{ending}"
    with h5py.File(beamline.folder / name, "w") as file:
        layout(file, beamline.folder)
    key = await beamline.collect(name, 4)
    assert await first_pixels(beamline, key, range(1, 6)) == [0, 48, 96, 144, None]
    whole = await beamline.get(IMAGES, dataCollectionId=key, imageNumber=2)
    assert whole.content == STACK[1].astype("<f4").tobytes()
    from_10 = await beamline.collect(name, startImageNumber=10)
    assert await first_pixels(beamline, from_10, range(9, 15)) == [None, 0, 48, 96, 144, None]


async def test_images_after_a_file_that_is_missing_are_not_counted(beamline: Any) -> None:
    with h5py.File(beamline.folder / "gap.h5", "w") as file:
        for number in (1, 2, 3):
            file[f"entry/data/data_{number}"] = h5py.ExternalLink(f"gap_{number}.h5", "/data")
        file["entry/instrument/detector/detectorSpecific/pixel_mask"] = np.zeros((6, 8), "<u4")
    key = await beamline.collect("gap.h5", 9)
    assert await first_pixels(beamline, key, range(1, 3)) == [None, None]  # and no mask is taken for one
    for number in (1, 3):
        with h5py.File(beamline.folder / f"gap_{number}.h5", "w") as file:
            file["data"] = STACK[:2]
    assert await first_pixels(beamline, key, range(1, 4)) == [0, 48, None]


@pytest.mark.on("sqlite-union", "mariadb-community", "mariadb-diamond")
@pytest.mark.parametrize("own", [True, False])
async def test_an_image_without_an_axis_of_frames(beamline: Any, own: bool) -> None:
    with h5py.File(beamline.folder / "single.h5", "w") as file:
        data = file.create_dataset("entry/data/data_000001", data=STACK[2], chunks=(6, 8), compression="gzip")
        if own:
            data.attrs["image_nr_low"] = data.attrs["image_nr_high"] = 1
    key = await beamline.collect("single.h5", 2)
    assert await first_pixels(beamline, key, range(1, 3)) == [96, None]
    header = await beamline.get(f"{IMAGES}/header", dataCollectionId=key, imageNumber=1)
    assert header.json()["braggy_hdr"]["min"] == 96


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("own", [True, False])
async def test_the_first_channel_is_the_image(beamline: Any, channels: int, own: bool) -> None:
    """Thresholds of an Eiger2: images, channels, rows and columns."""
    with h5py.File(beamline.folder / "thresholds.h5", "w") as file:
        stacked = np.stack([STACK + 1000 * channel for channel in range(channels)], 1)
        data = file.create_dataset("entry/data/data_000001", data=stacked, chunks=(1, 1, 6, 8))
        if own:
            data.attrs["image_nr_low"], data.attrs["image_nr_high"] = 1, 4
    key = await beamline.collect("thresholds.h5", 5)
    assert await first_pixels(beamline, key, range(1, 6)) == [0, 48, 96, 144, None]
    query = {"dataCollectionId": key, "imageNumber": 4}
    whole = await beamline.get(IMAGES, **query)
    assert whole.content == STACK[3].astype("<f4").tobytes()
    header = (await beamline.get(f"{IMAGES}/header", **query)).json()["braggy_hdr"]
    assert (header["min"], header["max"]) == (144, 190)
    assert (await beamline.get(f"{IMAGES}/histogram", **query)).json()["bins"][0] == 144


UNITS = {
    # distance, size of a pixel, wavelength, centre: 0.2 m, 75 um, 0.9762 angstrom, 512 pixels
    "none": ((0.2, None), (7.5e-5, None), (0.9762, None), (512, None)),
    "metres": ((0.2, "m"), (7.5e-5, "metres"), (0.9762e-10, "m"), (512, "pixels")),
    "mm": ((200, "mm"), (0.075, "MM"), (0.9762, "Angstrom"), (512, "pixel")),
    "bytes": ((20, np.bytes_("cm")), (75, np.bytes_("um")), (0.09762, np.bytes_("nm")), (38.4, "mm")),
    "signs": ((2e5, "\u00b5m"), (75, b"\xb5m"), (97.62, "pm"), (38400, "microns")),
    "lists": ((200, ["mm"]), (75, [b"micron"]), (0.9762, ["\u212b"]), (512, "unknown")),
}


@pytest.mark.parametrize("case", UNITS)
async def test_lengths_follow_their_units(beamline: Any, case: str) -> None:
    master = write_eiger(beamline.folder, frames(1), per_file=1)
    places = (
        ("detector/detector_distance",),
        ("detector/x_pixel_size", "detector/y_pixel_size"),
        ("beam/incident_wavelength",),
        ("detector/beam_center_x", "detector/beam_center_y"),
    )
    with h5py.File(master, "r+") as file:
        for (value, unit), names in zip(UNITS[case], places, strict=True):
            for name in names:
                path = f"entry/instrument/{name}"
                del file[path]
                file[path] = np.float64(value)
                if unit is not None:
                    file[path].attrs["units"] = unit
    key = await beamline.collect(master.name)
    header = (await beamline.get(f"{IMAGES}/header", dataCollectionId=key, imageNumber=1)).json()[
        "braggy_hdr"
    ]
    wanted = {
        "detector_distance": 0.2,
        "pixel_size_x": 7.5e-5,
        "pixel_size_y": 7.5e-5,
        "pxxpm": 1 / 7.5e-5,
        "detector_radius": 8 * 7.5e-5 / 2,
        "wavelength": 0.9762,
        "beam_cx": 512,
        "beam_cy": 512,
        "beam_ocx": 4 - 512,
    }
    assert {name: header[name] for name in wanted} == pytest.approx(wanted)
