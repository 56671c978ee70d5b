"""A map as a PNG, with the colours of matplotlib's colour maps."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from starbeam_mapping.image import UNMEASURED, BrokenMap, Stored, Values, image, values

DEFAULT = "viridis"


@cache
def colour_maps() -> dict[str, NDArray[np.uint8]]:
    """Red, green and blue of each colour, by the name of the colour map."""
    with files("starbeam_mapping").joinpath("colour_maps.npz").open("rb") as file, np.load(file) as tables:
        return {name: tables[name] for name in tables.files}


def png(stored: Stored) -> bytes:
    """The image, one pixel for each point. Raises BrokenMap."""
    made = image(stored, values(stored))
    if not made.size:
        raise BrokenMap("The grid of the map has no points")
    target = BytesIO()
    Image.fromarray(_coloured(made, stored)).save(target, "PNG")
    return target.getvalue()


def _coloured(made: Values, stored: Stored) -> NDArray[np.uint8]:
    """Red, green, blue and opacity of each pixel; what is not measured is transparent white."""
    tables = colour_maps()
    table = tables.get(stored.colours or DEFAULT, tables[DEFAULT])
    count = len(table)
    palette = np.full((count + 1, 4), 255, dtype=np.uint8)
    palette[:count, :3] = table
    palette[count, 3] = 0
    measured = made != UNMEASURED
    low, high = _range(made[measured], stored)
    index = np.zeros(made.shape, dtype=np.intp)
    if high != low:
        scaled = np.clip((made - low) / (high - low), 0.0, 1.0)
        index = np.minimum((scaled * count).astype(np.intp), count - 1)
    index[~measured] = count
    return palette[index]


def _range(measured: Values, stored: Stored) -> tuple[float, float]:
    """The values of the first and the last colour."""
    if not measured.size:
        return 0.0, 0.0
    low = measured.min() if stored.lowest is None else stored.lowest
    high = measured.max() if stored.highest is None else stored.highest
    return float(low), float(high)
