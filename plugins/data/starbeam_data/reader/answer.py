"""What a reader answers: headers, a size, and the parts that are written to shared memory one by one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import h5py
import numpy as np
from h5grove.encoders import orjson_default, orjson_encode

from starbeam_data.protocol import SLOT
from starbeam_data.reader import slabs
from starbeam_data.reader.refusal import TooLarge
from starbeam_data.reader.slabs import Slab

Write = Callable[[np.ndarray[Any, Any]], int]
"""Writes a part to the bytes of a slot, and says how many these are."""
BINARY = {"Content-Type": "application/octet-stream"}


@dataclass(frozen=True)
class Answer:
    """An answer that is not read yet."""

    headers: dict[str, str]
    size: int
    parts: Iterable[Write]


def small_enough(size: int, most: int) -> int:
    """A size in bytes. Raises `TooLarge` where it is more than an answer may have."""
    if size > most:
        raise TooLarge(f"The answer has {size} bytes; at most {most} are sent: ask for a part of it")
    return size


def content(body: bytes, headers: dict[str, str], most: int) -> Answer:
    """An answer that is there already."""
    size = small_enough(len(body), most)
    pieces = (body[start : start + SLOT] for start in range(0, size, SLOT))
    return Answer(headers, size, (partial(_copy, piece) for piece in pieces))


def json(value: Any, most: int) -> Answer:
    """A value as JSON: NaN and infinities as null, complex numbers as pairs."""
    return content(orjson_encode(_native(value), _plain), {"Content-Type": "application/json"}, most)


def values(dataset: h5py.Dataset, slab: Slab, dtype: np.dtype[Any], most: int) -> Answer:
    """The values of a slab in this type, one after the other, read while they are sent."""
    itemsize = max(dtype.itemsize, dataset.dtype.itemsize)
    count = math.prod(map(len, slab))
    small_enough(count * itemsize, most)
    pieces = slabs.blocks(slab, itemsize) if count else ()
    return Answer(BINARY, count * dtype.itemsize, (partial(_read, dataset, piece, dtype) for piece in pieces))


def _copy(piece: bytes, slot: np.ndarray[Any, Any]) -> int:
    slot[: len(piece)] = np.frombuffer(piece, np.uint8)
    return len(piece)


def _read(dataset: h5py.Dataset, slab: Slab, dtype: np.dtype[Any], slot: np.ndarray[Any, Any]) -> int:
    count = math.prod(map(len, slab))
    size = count * dtype.itemsize
    slabs.read(dataset, slab, slot[:size].view(dtype))
    return size


def _native(value: Any) -> Any:
    """The same in this machine's byte order: orjson takes no other."""
    if isinstance(value, dict):
        return {name: _native(one) for name, one in value.items()}
    if isinstance(value, np.ndarray) and not value.dtype.isnative:
        return value.astype(value.dtype.newbyteorder("="))
    return value


def _plain(value: Any) -> Any:
    """What orjson does not know by itself. Text that is not UTF-8 keeps what can be read."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, np.void) and not value.dtype.fields:
        return value.tobytes().decode(errors="replace")
    return orjson_default(value)
