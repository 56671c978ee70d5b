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
LIGHTS = ("red", "green", "blue")
"""From black to a light, of which three make every colour: for maps that are laid over each other."""
COMPRESSION = 3
"""Half the time of pillow's own choice, 6, for files as small: noise does not compress."""


@cache
def colour_maps() -> dict[str, NDArray[np.uint8]]:
    """Red, green and blue of each colour, by the name of the colour map."""
    with files("starbeam_mapping").joinpath("colour_maps.npz").open("rb") as file, np.load(file) as tables:
        return {name: tables[name] for name in tables.files}


def _table(name: str) -> NDArray[np.uint8]:
    """The colours of a map; those of one that is not known are `DEFAULT`'s."""
    if name not in LIGHTS:
        tables = colour_maps()
        return tables.get(name, tables[DEFAULT])
    table = np.zeros((256, 3), dtype=np.uint8)
    table[:, LIGHTS.index(name)] = np.arange(256)
    return table


def png(stored: Stored) -> bytes:
    """The image, one pixel for each point. Raises BrokenMap."""
    made = image(stored, values(stored))
    if not made.size:
        raise BrokenMap("The grid of the map has no points")
    target = BytesIO()
    Image.fromarray(_coloured(made, stored)).save(target, "PNG", compress_level=COMPRESSION)
    return target.getvalue()


def _coloured(made: Values, stored: Stored) -> NDArray[np.uint8]:
    """Red, green, blue and opacity of each pixel; what is not measured is transparent white."""
    table = _table(stored.colours or DEFAULT)
    count = len(table)
    palette = np.full((count + 1, 4), 255, dtype=np.uint8)
    palette[:count, :3] = table
    palette[count, 3] = 0
    measured = made != UNMEASURED
    index = np.minimum((_scaled(made, measured, stored) * count).astype(np.intp), count - 1)
    index[~measured] = count
    return palette[index]


def _scaled(made: Values, measured: NDArray[np.bool_], stored: Stored) -> Values:
    """From 0 for the map's `min` to 1 for its `max`. Without one, the smallest or the largest value
    measured."""
    present = made[measured] if measured.any() else np.zeros(1)
    low = float(present.min() if stored.lowest is None else stored.lowest)
    high = float(present.max() if stored.highest is None else stored.highest)
    span = high / 2 - low / 2  # halves: the largest doubles are further apart than any double
    if not span:
        return np.zeros(made.shape)
    return (made.clip(min(low, high), max(low, high)) / 2 - low / 2) / span
