"""From the stored values of a map to its image."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

Values: TypeAlias = NDArray[np.float64]

UNMEASURED = -1.0
"""The value of points that are not measured yet."""
MOST_POINTS = 4096 * 1024
"""How many points a grid may have."""
TEXT_PER_POINT = 24
"""How many characters of JSON a point may take: a double and its comma."""
MOST_TEXT = 64 * 1024 * 1024
"""How many bytes of JSON are decompressed at most."""


class BrokenMap(Exception):
    """The map cannot be decoded; says why."""


@dataclass(frozen=True)
class Stored:
    """A map as the database holds it."""

    data: bytes
    format: str
    nx: int
    ny: int
    vertical: bool
    snaked: bool
    colours: str | None = None
    lowest: float | None = None
    highest: float | None = None


def values(stored: Stored) -> Values:
    """The stored numbers, in the order of collection. Raises BrokenMap."""
    if stored.nx * stored.ny > MOST_POINTS:
        raise BrokenMap(f"A map of more than {MOST_POINTS} points cannot be shown")
    if stored.format not in ("json", "json+gzip"):
        raise BrokenMap(f"Unknown data format of a map: {stored.format}")
    if not stored.data:
        return np.empty(0)
    most = min(MOST_TEXT, 65536 + TEXT_PER_POINT * stored.nx * stored.ny)
    text = _unzipped(stored.data, most) if stored.format == "json+gzip" else stored.data
    if len(text) > most:
        raise BrokenMap("The map has far more data than its grid has points")
    try:
        return np.array(msgspec.json.decode(text, type=list[float]), dtype=np.float64)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BrokenMap("The data of the map are not a list of numbers") from error


def image(stored: Stored, found: Values) -> Values:
    """The image, of `ny` rows and `nx` columns; points without a value are `UNMEASURED`."""
    flat = np.full(stored.nx * stored.ny, UNMEASURED)
    flat[: len(found)] = found[: len(flat)]
    if stored.vertical:
        made = flat.reshape(stored.nx, stored.ny).T.copy()
    else:
        made = flat.reshape(stored.ny, stored.nx)
    if stored.snaked:
        made[1::2] = made[1::2, ::-1].copy()
    return made


def _unzipped(data: bytes, most: int) -> bytes:
    """At most one byte more than `most`, whatever the data would become."""
    unzip = zlib.decompressobj(wbits=31)
    try:
        text = unzip.decompress(data, most + 1)
    except zlib.error as error:
        raise BrokenMap("The data of the map are not compressed with gzip") from error
    if not unzip.eof and len(text) <= most:
        raise BrokenMap("The compressed data of the map are cut short")
    return text
