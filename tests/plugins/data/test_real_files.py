"""Files of real microscopes, a camera and a spectrometer, as packages ship them, beside what others read."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from support.clean import UV
from support.detector import write_cbf

pytestmark = [pytest.mark.anyio, pytest.mark.long]

MRCFILE, NEXUSFORMAT, DARFIX = "mrcfile==1.5.4", "nexusformat==2.1.0", "darfix==7.0.2"
EXAMPLES = "mrcfile-1.5.4/tests/test_data"
CHOPPER = "nexusformat/examples/chopper.nxs"
STRAINED = "orangecontrib/darfix/tutorials/edf_dataset/strain_{:04}.edf"


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the packages hold: mrcfile its source with micrographs of EPU and SerialEM and maps of EMDB,
    nexusformat a measurement, darfix frames of a beamline's camera."""
    folder = tmp_path_factory.mktemp("shipped")
    for package, how in (
        (MRCFILE, "--no-binary"),
        (NEXUSFORMAT, "--only-binary"),
        (DARFIX, "--only-binary"),
    ):
        name = package.partition("=")[0]
        words = ("tool", "run", "pip", "download", "--quiet", "--no-deps", how, name, package)
        subprocess.run([UV, *words, "--dest", str(folder)], check=True, timeout=300)
    with tarfile.open(next(folder.glob("mrcfile*.tar.gz"))) as packed:
        packed.extractall(folder, filter="data")
    with zipfile.ZipFile(next(folder.glob("nexusformat*.whl"))) as packed:
        packed.extract(CHOPPER, folder)
    with zipfile.ZipFile(next(folder.glob("darfix*.whl"))) as packed:
        for number in (0, 1):
            packed.extract(STRAINED.format(number), folder)
    return folder


@pytest.fixture
def mrcfile(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The library, from its source."""
    monkeypatch.syspath_prepend(str(shipped / EXAMPLES.partition("/")[0]))
    import mrcfile  # type: ignore[import-not-found, unused-ignore]

    yield mrcfile
    for name in [one for one in sys.modules if one.partition(".")[0] == "mrcfile"]:
        del sys.modules[name]


async def ask(beamline: Any, address: str, **query: Any) -> Any:
    """An answer, which there is."""
    answer = await beamline.get(address, **query)
    assert answer.status_code == 200, answer.text
    return answer


def greys(answer: Any) -> Any:
    """The greys of a picture."""
    with Image.open(io.BytesIO(answer.content)) as image:
        return np.asarray(image.convert("RGB"))[:, :, 0].astype(int)


@pytest.mark.parametrize(
    ("name", "shape"), [("epu2.9_example.mrc", (4096, 4096)), ("fei-extended.mrc", (3838, 3710))]
)
async def test_micrographs_of_real_cameras(
    beamline: Any, shipped: Path, mrcfile: Any, name: str, shape: tuple[int, int]
) -> None:
    """Of 16 and of 14 million pixels, behind large headers of their microscopes."""
    shutil.copy(shipped / EXAMPLES / name, beamline.folder)
    wanted = mrcfile.read(shipped / EXAMPLES / name)
    assert wanted.shape == shape
    key = await beamline.collect(name)
    pixels = (await ask(beamline, "/data/images", dataCollectionId=key, imageNumber=1)).content
    assert np.array_equal(np.frombuffer(pixels, "<f4").reshape(shape), wanted.astype("<f4"))
    for x, y in ((0, 0), (shape[1] - 5, 0), (0, shape[0] - 3), (1700, 2300)):
        found = (await ask(beamline, f"/data/frames/{key}/1/values", x=x, y=y, w=5, h=3)).json()
        assert found["values"] == wanted[y : y + 3, x : x + 5].tolist()
    answer = await ask(beamline, f"/data/frames/{key}/1/picture", width=1024, scale="linear", map="grey")
    low, high = (float(answer.headers[f"frame-{end}"]) for end in ("low", "high"))
    # of many pixels only some are looked at for the limits
    assert (np.mean(wanted <= low), np.mean(wanted <= high)) == pytest.approx((0.005, 0.995), abs=5e-4)
    assert answer.headers["frame-step"] == "4"
    rows, columns = (length // 4 for length in shape)
    most = wanted[: rows * 4, : columns * 4].reshape(rows, 4, columns, 4).max(axis=(1, 3)).astype(float)
    shown = np.clip((most - low) / (high - low), 0, 1) * 255
    assert np.abs(greys(answer)[:rows, :columns] - shown).max() <= 1  # a palette has 254 greys


async def test_sections_of_a_real_map(beamline: Any, shipped: Path, mrcfile: Any) -> None:
    """EMD-3197: twenty sections of 20 by 20 numbers, of which many are below 0, are images 1 to 20."""
    name = "EMD-3197.map"
    shutil.copy(shipped / EXAMPLES / name, beamline.folder / "emd.mrc")
    wanted = mrcfile.read(shipped / EXAMPLES / name)
    key = await beamline.collect("emd.mrc", 20)
    for number in (1, 11, 20):
        found = (await ask(beamline, f"/data/frames/{key}/{number}/values", x=0, y=0, w=20, h=20)).json()
        assert np.array_equal(np.array(found["values"], "<f4"), wanted[number - 1])
        assert not np.any(found["masked"])


HEADER = 3072
"""Bytes before the pixels, whose size the header itself tells."""


@pytest.mark.parametrize(("number", "most", "mean"), [(0, 2935, 101.388), (1, 49135, 169.022)])
async def test_frames_of_a_real_camera(
    beamline: Any, shipped: Path, number: int, most: int, mean: float
) -> None:
    """EDF of a diffraction microscope, with its motors in the header; behind the second image lies a piece
    of something else."""
    file = shipped / STRAINED.format(number)
    said = re.findall(r"(\w+)\s*=\s*(.*?)\s*;", file.read_bytes()[:HEADER].decode("latin-1"))
    told = dict(said)
    assert (told["Dim_1"], told["Dim_2"]) == ("2048", "2048")
    assert (told["DataType"], told["ByteOrder"]) == ("UnsignedShort", "LowByteFirst")
    wanted = np.fromfile(file, "<u2", 2048 * 2048, offset=HEADER).reshape(2048, 2048)
    assert (wanted.min(), wanted.max(), wanted.mean()) == (57, most, pytest.approx(mean, abs=5e-4))
    shutil.copy(file, beamline.folder / "strain.edf")
    key = await beamline.collect("strain.edf")
    pixels = (await ask(beamline, "/data/images", dataCollectionId=key, imageNumber=1)).content
    assert np.array_equal(np.frombuffer(pixels, "<f4").reshape(2048, 2048), wanted.astype("<f4"))
    peak = np.unravel_index(wanted.argmax(), wanted.shape)
    y, x = (int(min(place, 2040)) for place in peak)
    found = (await ask(beamline, f"/data/frames/{key}/1/values", x=x, y=y, w=8, h=8)).json()
    assert found["values"] == wanted[y : y + 8, x : x + 8].tolist()
    asked = {"width": 512, "lo": 57, "hi": 311, "scale": "linear", "map": "grey"}
    answer = await ask(beamline, f"/data/frames/{key}/1/picture", **asked)
    assert answer.headers["frame-step"] == "4"
    most_of = wanted.reshape(512, 4, 512, 4).max(axis=(1, 3)).astype(float)
    assert np.abs(greys(answer) - np.clip((most_of - 57) / 254, 0, 1) * 255).max() <= 1


async def test_a_real_measurement_of_neutrons(beamline: Any, shipped: Path) -> None:
    """148 detectors by 750 times of flight, in NeXus."""
    shutil.copy(shipped / CHOPPER, beamline.folder)
    with h5py.File(shipped / CHOPPER) as file:
        wanted = file["entry/data/data"][()]
        title = file["entry/title"][0].decode()
    key = await beamline.collect("chopper.nxs")
    asked = {"dataCollectionId": key, "path": "/entry/data/data"}
    answer = await ask(
        beamline, "/data/h5grove/picture", **asked, width=750, lo=0, hi=253, scale="linear", map="grey"
    )
    assert np.array_equal(greys(answer), np.round(np.clip(wanted, 0, 253) * 255 / 253).astype(int))
    values = (await ask(beamline, f"/data/frames/{key}/1/values", x=700, y=140, w=50, h=8)).json()
    assert values["values"] == wanted[140:, 700:].tolist()
    said = await ask(beamline, "/data/h5grove/data", dataCollectionId=key, path="/entry/title", format="json")
    assert said.json() == [title]


PYCBF = """
import json, sys, pycbf
file = pycbf.cbf_handle_struct()
file.read_widefile(sys.argv[1].encode(), pycbf.MSG_DIGEST)
file.find_category(b"array_data")
file.find_column(b"data")
bits = file.get_integerarrayparameters_wdims()
values = memoryview(file.get_integerarray_as_string()).cast("i")
print(json.dumps([bits[9:11], values.tolist()]))
"""


def read_by_pycbf(path: Path) -> Any:
    """Columns and rows, and all values."""
    words = (UV, "run", "--quiet", "--no-project", "--with", "pycbf==0.9.6.7", "python", "-c", PYCBF)
    return json.loads(subprocess.run([*words, path], capture_output=True, check=True, timeout=300).stdout)


async def test_what_pycbf_reads_of_the_file_of_a_pilatus(beamline: Any) -> None:
    """Gaps of -1, a dead pixel of -2, and an overload, packed by byte offset."""
    image = np.random.default_rng(1).poisson(20, (195, 487)).astype("<i4")
    image[:, 240:247] = -1
    image[3, 5], image[100, 400] = -2, 1_048_575
    write_cbf(beamline.folder / "a.cbf", image)
    size, values = read_by_pycbf(beamline.folder / "a.cbf")
    assert size == [487, 195]
    wanted = np.array(values).reshape(195, 487)
    key = await beamline.collect("a.cbf")
    pixels = (await ask(beamline, "/data/images", dataCollectionId=key, imageNumber=1)).content
    assert np.frombuffer(pixels, "<f4").reshape(195, 487).tolist() == wanted.tolist()
    found = (await ask(beamline, f"/data/frames/{key}/1/values", x=236, y=2, w=12, h=4)).json()
    assert found["values"] == wanted[2:6, 236:248].tolist()
    assert found["masked"] == (wanted[2:6, 236:248] < 0).tolist()
