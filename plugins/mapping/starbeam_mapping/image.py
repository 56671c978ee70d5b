"""From the stored values of a map to its image."""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

Values: TypeAlias = NDArray[np.float64]

UNMEASURED = -1.0
"""The value of points that are not measured yet, or whose value is no number."""
MOST_POINTS = 2048 * 2048
"""How many points a grid may have."""
SURPLUS = 65_536
"""How many values more than its grid has points a map may have. They are not shown."""
BYTES = 32
"""How many bytes of JSON there may be for each value: a double, a comma and blanks."""
MOST_BYTES = (MOST_POINTS + SURPLUS) * BYTES
"""How many bytes of data are read at most."""
_NO_NUMBER = re.compile(rb"[-+]?(?:nan|inf(?:inity)?)\b", re.IGNORECASE)
"""What programs write for quotients by nothing, which JSON itself does not have."""


class BrokenMap(Exception):
    """The map cannot be shown; says why."""


class BrokenData(BrokenMap):
    """The data of the map are not a list of numbers; says why."""


@dataclass(frozen=True)
class Stored:
    """A map as the database holds it."""

    data: bytes | None
    """None if these are more than `MOST_BYTES`."""
    format: str
    nx: int
    ny: int
    vertical: bool = False
    snaked: bool = False
    colours: str | None = None
    """Name of a colour map."""
    lowest: float | None = None
    """The value of its first colour."""
    highest: float | None = None
    """The value of its last colour."""


def values(stored: Stored) -> Values:
    """The stored numbers, in the order of collection; `UNMEASURED` where there is none. Raises BrokenMap."""
    if max(stored.nx, 1) * max(stored.ny, 1) > MOST_POINTS:
        raise BrokenMap(f"A map of more than {MOST_POINTS} points cannot be shown")
    if stored.format not in ("json", "json+gzip"):
        raise BrokenMap(f"Unknown data format of a map: {stored.format}")
    if stored.data == b"":
        return np.empty(0)
    most = stored.nx * stored.ny + SURPLUS
    text = _text(stored, most * BYTES)
    if text is None or len(text) > most * BYTES or text.count(b",") >= most:
        raise BrokenMap("The map has far more data than its grid has points")
    try:
        listed = msgspec.json.decode(_NO_NUMBER.sub(b"null", text), type=list[float | None])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BrokenData("The data of the map are not a list of numbers") from error
    found = np.array(listed, dtype=np.float64)  # null becomes NaN
    found[np.isnan(found)] = UNMEASURED
    return found


def image(stored: Stored, found: Values) -> Values:
    """The image, of `ny` rows and `nx` columns; points without a value are `UNMEASURED`."""
    flat = np.full(stored.nx * stored.ny, UNMEASURED)
    flat[: len(found)] = found[: len(flat)]
    if stored.vertical:
        made = flat.reshape(stored.nx, stored.ny).T.copy()
    else:
        made = flat.reshape(stored.ny, stored.nx)
    if stored.snaked:  # rows, of vertical grids too
        made[1::2] = made[1::2, ::-1].copy()
    return made


def _text(stored: Stored, most: int) -> bytes | None:
    """The JSON text; of what is compressed, at most one byte more than `most`, whatever it would become."""
    if stored.data is None or stored.format == "json":
        return stored.data
    try:
        with gzip.open(BytesIO(stored.data)) as file:
            return file.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise BrokenData("The data of the map are not compressed with gzip, or cut short") from error
