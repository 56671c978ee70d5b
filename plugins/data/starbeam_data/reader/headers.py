"""Headers of files of one image: what they say, and what viewers need of it."""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

MILLIMETRE, ANGSTROM = 1e-3, 1e-10
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_BEAM = re.compile(rf"\(\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\)")
_SIZE = re.compile(rf"({_NUMBER})\s*m\s*x\s*({_NUMBER})\s*m")


class _Geometry(NamedTuple):
    """Wavelength in Å, lengths in metres, the centre of the beam in pixels."""

    wavelength: float
    distance: float
    centre: tuple[float, float]
    size: tuple[float, float]


def said(header: dict[str, Any]) -> dict[str, str]:
    """What a header says: the lines of the text of a CBF, else its entries."""
    text: Any = header.get("_array_data.header_contents")
    if isinstance(text, bytes):  # not ASCII
        try:
            text = text.decode()
        except UnicodeDecodeError:
            text = text.decode("latin-1")
    if text:
        return _lines(text)
    return {str(name): " ".join(str(value).split()) for name, value in header.items()}


def braggy(said: dict[str, str], shape: tuple[int, ...], numbers: dict[str, float | None]) -> dict[str, Any]:
    """The fields of `braggy_hdr`, lengths in metres; none where the header lacks what they need."""
    try:
        geometry = _geometry(said)
        (centre_x, centre_y), (size_x, size_y) = geometry.centre, geometry.size
        height, width = shape
        found = {
            "wavelength": geometry.wavelength,
            "detector_distance": geometry.distance,
            "beam_cx": centre_x,
            "beam_cy": centre_y,
            "beam_ocx": width / 2 - centre_x,
            "beam_ocy": height / 2 - centre_y,
            "detector_radius": math.hypot(width * size_x, height * size_y) / 2,
            "img_width": width,
            "img_height": height,
            "pixel_size_x": size_x,
            "pixel_size_y": size_y,
            "pxxpm": 1 / size_x,
            "pxypm": 1 / size_y,
        }
    except (KeyError, ValueError, ZeroDivisionError, OverflowError):
        return {}
    return {**found, **numbers}


def saturation(said: dict[str, str]) -> float | None:
    """The value from which on a pixel is overloaded; None where the header says none."""
    found = re.match(_NUMBER, said.get("Count_cutoff", said.get("CCD_IMAGE_SATURATION", "")))
    return float(found[0]) if found else None


def _lines(text: str) -> dict[str, str]:
    """The lines of a header: the first word of each, without `#` and a colon, and the rest of it."""
    lines = (line.replace("#", " ").split() for line in text.splitlines())
    return {words[0].removesuffix(":"): " ".join(words[1:]) for words in lines if words}


def _geometry(said: dict[str, str]) -> _Geometry:
    """By the dialect whose word for the centre is there. Raises KeyError and ValueError."""
    if "BEAM_CENTER_X" in said:
        return _smv(said)
    if "Center_1" in said:
        return _edf(said)
    return _Geometry(
        float(said.get("Wavelength", "0").removesuffix("A")),
        float(said.get("Detector_distance", "0").removesuffix("m")),
        _two(_BEAM, said["Beam_xy"]),
        _two(_SIZE, said["Pixel_size"]),
    )


def _smv(said: dict[str, str]) -> _Geometry:
    """SMV, as ADSC writes it: in millimetres, the centre of the beam too."""
    pixel = float(said["PIXEL_SIZE"])
    centre = float(said["BEAM_CENTER_X"]) / pixel, float(said["BEAM_CENTER_Y"]) / pixel
    size = pixel * MILLIMETRE
    distance = float(said.get("DISTANCE", "0")) * MILLIMETRE
    return _Geometry(float(said.get("WAVELENGTH", "0")), distance, centre, (size, size))


def _edf(said: dict[str, str]) -> _Geometry:
    """EDF, with the words of the ESRF: in metres, the wavelength too."""
    centre_x, centre_y, size_x, size_y = (
        float(said[f"{of}_{axis}"].removesuffix("m")) for of in ("Center", "PSize") for axis in (1, 2)
    )
    distance = float(said.get("SampleDistance", "0").removesuffix("m"))
    wavelength = float(said.get("WaveLength", "0").removesuffix("m")) / ANGSTROM
    return _Geometry(wavelength, distance, (centre_x, centre_y), (size_x, size_y))


def _two(pattern: re.Pattern[str], text: str) -> tuple[float, float]:
    found = pattern.search(text)
    if found is None:
        raise ValueError(text)
    return float(found[1]), float(found[2])
