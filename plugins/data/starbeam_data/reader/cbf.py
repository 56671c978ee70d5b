"""Headers of files of one image: of CBF, and of what else fabio reads."""

from __future__ import annotations

import math
import re
from typing import Any

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_BEAM = re.compile(rf"\(\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\)")
_SIZE = re.compile(rf"({_NUMBER})\s*m\s*x\s*({_NUMBER})\s*m")


def text(header: dict[str, Any]) -> str:
    """The text of a header: of a CBF as it stands, else a line for each entry."""
    found = header.get("_array_data.header_contents")
    if isinstance(found, bytes):  # not ASCII
        try:
            return found.decode()
        except UnicodeDecodeError:
            return found.decode("latin-1")
    return found or "\n".join(f"{name} {value}" for name, value in header.items())


def parsed(text: str) -> dict[str, str]:
    """The lines of a header: the first word of each, without `#` and a colon, and the rest of it."""
    lines = (line.replace("#", " ").split() for line in text.splitlines())
    return {words[0].removesuffix(":"): " ".join(words[1:]) for words in lines if words}


def braggy(said: dict[str, str], shape: tuple[int, ...], numbers: dict[str, float | None]) -> dict[str, Any]:
    """The fields of `braggy_hdr`, lengths in metres; none where the header lacks what they need."""
    try:
        wavelength = float(said.get("Wavelength", "0").removesuffix("A"))
        distance = float(said.get("Detector_distance", "0").removesuffix("m"))
        centre_x, centre_y = map(float, _two(_BEAM, said["Beam_xy"]))
        size_x, size_y = map(float, _two(_SIZE, said["Pixel_size"]))
        height, width = shape
        found = {
            "wavelength": wavelength,
            "detector_distance": distance,
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


def _two(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    found = pattern.search(text)
    if found is None:
        raise ValueError(text)
    return found[1], found[2]
