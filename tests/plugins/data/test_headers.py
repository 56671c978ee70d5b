"""Files of one image whose header is odd, or not that of a CBF."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from support.answers import refused, said
from support.detector import HEADER, write_cbf, write_mrc

pytestmark = pytest.mark.anyio

IMAGES = "/data/images"
NO_IMAGE = refused(404, "Image not found")
PIXELS = np.arange(24, dtype="<i4").reshape(4, 6)


async def ask(beamline: Any, name: str, number: int = 1, **columns: Any) -> tuple[bytes, dict[str, Any]]:
    """The pixels and the header of an image of a file."""
    query = {"dataCollectionId": await beamline.collect(name, **columns), "imageNumber": number}
    pixels = await beamline.get(IMAGES, **query)
    header = await beamline.get(f"{IMAGES}/header", **query)
    assert (pixels.status_code, header.status_code) == (200, 200)
    return pixels.content, header.json()


ODD = {
    "one word": b"# CrysalisPro",
    "a path that wraps": b"# Image_path: /beamline/projects/\r\n# Sample-with-a-name-that-does-not-fit/",
    "no number": b"# N_excluded_pixels many\r\n# Exposure_time soon",
    "not ASCII": b"# Comment 20 \xb0C, 3 \xb5m",
    "quotes": b"# Comment it's \"half a quote",
    "an empty comment": b"#\r\n# \r\n#",
    "a long one": b"# Comment " + b"x" * 9000,
}


@pytest.mark.parametrize("case", ODD)
async def test_pixels_and_what_can_be_read_of_an_odd_header(beamline: Any, case: str) -> None:
    path = beamline.folder / "odd.cbf"
    write_cbf(path, PIXELS, HEADER.replace("\n", "\r\n") + "\r\n# PLACE")
    written = path.read_bytes()
    assert b"# PLACE" in written
    convention = b'_array_data.header_convention "PILATUS_1.2"\r\n_array_data.header_contents'
    written = written.replace(b"_array_data.header_contents", convention, 1)
    path.write_bytes(written.replace(b"# PLACE", ODD[case], 1))
    pixels, header = await ask(beamline, "odd.cbf")
    assert pixels == PIXELS.astype("<f4").tobytes()
    assert header["braggy_hdr"]["beam_cx"] == 3.5
    assert header["braggy_hdr"]["wavelength"] == 0.9763
    assert header["braggy_hdr"]["mean"] == 11.5


async def test_a_cbf_that_is_cut_short_is_no_image(beamline: Any) -> None:
    path = beamline.folder / "cut.cbf"
    write_cbf(path, np.arange(2400, dtype="<i4").reshape(40, 60) * 300, HEADER)
    path.write_bytes(path.read_bytes()[:2500])
    key = await beamline.collect("cut.cbf")
    assert said(await beamline.get(IMAGES, dataCollectionId=key, imageNumber=1)) == NO_IMAGE


async def test_the_header_of_smv(beamline: Any) -> None:
    """As ADSC writes it, in millimetres."""
    text = (
        "{\nHEADER_BYTES=  512;\nDIM=2;\nBYTE_ORDER=little_endian;\nTYPE=unsigned_short;\nSIZE1=6;\n"
        "SIZE2=4;\n"
        "PIXEL_SIZE=0.1;\nBEAM_CENTER_X=0.25;\nBEAM_CENTER_Y=0.15;\nDISTANCE=250.0;\nWAVELENGTH=0.9795;\n"
        "DATE=Sat Nov 28 2026;\n}\f"
    )
    (beamline.folder / "adsc.img").write_bytes(text.encode().ljust(512) + PIXELS.astype("<u2").tobytes())
    pixels, header = await ask(beamline, "adsc.img")
    assert pixels == PIXELS.astype("<f4").tobytes()
    assert header["parsed_ext_hdr"]["DATE"] == "Sat Nov 28 2026"
    wanted = {
        "wavelength": 0.9795,
        "detector_distance": 0.25,
        "pixel_size_x": 1e-4,
        "pixel_size_y": 1e-4,
        "beam_cx": 2.5,
        "beam_cy": 1.5,
        "beam_ocx": 0.5,
        "img_width": 6,
        "img_height": 4,
        "max": 23,
    }
    assert {name: header["braggy_hdr"][name] for name in wanted} == pytest.approx(wanted)


async def test_the_header_of_edf(beamline: Any) -> None:
    """With the words of the ESRF, in metres."""
    text = (
        "{\nHeaderID = EH:000001:000000:000000 ;\nByteOrder = LowByteFirst ;\nDataType = SignedInteger ;\n"
        "Dim_1 = 6 ;\nDim_2 = 4 ;\nSize = 96 ;\nCenter_1 = 2.5 ;\nCenter_2 = 1.5 ;\nPSize_1 = 7.5e-05 m ;\n"
        "PSize_2 = 8e-05 ;\nSampleDistance = 1.25 ;\nWaveLength = 9.795e-11 ;\nTitle = lysozyme, 20 mg ;\n"
    )
    (beamline.folder / "saxs.edf").write_bytes((text.ljust(510) + "}\n").encode() + PIXELS.tobytes())
    pixels, header = await ask(beamline, "saxs.edf")
    assert pixels == PIXELS.astype("<f4").tobytes()
    assert header["parsed_ext_hdr"]["Title"] == "lysozyme, 20 mg"
    wanted = {
        "wavelength": 0.9795,
        "detector_distance": 1.25,
        "pixel_size_x": 7.5e-5,
        "pixel_size_y": 8e-5,
        "beam_cx": 2.5,
        "beam_ocy": 0.5,
    }
    assert {name: header["braggy_hdr"][name] for name in wanted} == pytest.approx(wanted)


MODES = [(0, "<i1", "<"), (1, ">i2", ">"), (2, "<f4", "<"), (6, "<u2", "<"), (12, "<f2", "<")]


@pytest.mark.parametrize(("mode", "dtype", "order"), MODES)
@pytest.mark.parametrize("name", ["movie.mrc", "movie.mrcs"])
async def test_images_and_headers_of_mrc(beamline: Any, name: str, mode: int, dtype: str, order: str) -> None:
    stack = np.stack([PIXELS, PIXELS + 30, PIXELS + 60]).astype(dtype)
    write_mrc(beamline.folder / name, stack, mode, order, extended=96)
    for number in (1, 3):
        pixels, header = await ask(beamline, name, number)
        assert pixels == stack[number - 1].astype("<f4").tobytes()
        told = header["parsed_ext_hdr"]
        names = ("nx", "ny", "nz", "mode", "cell_a", "cell_alpha", "dmean", "nsymbt", "rms")
        assert [told[one] for one in names] == ["6", "4", "3", str(mode), "9.0", "90.0", "11.5", "96", "6.5"]
        assert told["label_1"] == "20 Ångström"
        assert header["braggy_hdr"] == {}
    key = await beamline.collect(name)
    assert said(await beamline.get(IMAGES, dataCollectionId=key, imageNumber=4)) == NO_IMAGE


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", None])
async def test_several_images_in_one_tiff(beamline: Any, compression: str | None) -> None:
    first, *others = (Image.fromarray((PIXELS + 30 * n).astype("<u2")) for n in range(3))
    first.save(beamline.folder / "s.tif", save_all=True, append_images=others, compression=compression)
    for number in (1, 2, 3):
        pixels, _ = await ask(beamline, "s.tif", number)
        assert pixels == (PIXELS + 30 * (number - 1)).astype("<f4").tobytes()
    key = await beamline.collect("s.tif")
    assert said(await beamline.get(IMAGES, dataCollectionId=key, imageNumber=4)) == NO_IMAGE
