"""What a reader answers: headers, a size, and the parts that are written to shared memory one by one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import h5py
import numpy as np
from h5grove.encoders import orjson_encode

from starbeam_data.protocol import SLOT
from starbeam_data.reader import slabs
from starbeam_data.reader.refusal import Refusal, TooLarge
from starbeam_data.reader.slabs import Slab
from starbeam_data.reader.text import readable

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
    """A value as JSON: NaN, infinities and missing dates as null, complex numbers as pairs, spans of time as
    numbers. Raises `Refusal` where JSON has no words for it."""
    try:
        encoded = orjson_encode(_sayable(value))
    except TypeError as error:
        raise Refusal(422, "These values cannot be written as JSON") from error
    return content(encoded, {"Content-Type": "application/json"}, most)


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


def _sayable(value: Any) -> Any:
    """The same as orjson takes it: in this machine's byte order, texts in UTF-8, dates all known."""
    if isinstance(value, dict):
        return {readable(name): _sayable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_sayable(one) for one in value]
    if isinstance(value, str | bytes):
        return readable(value)
    if isinstance(value, np.ndarray | np.generic):
        return _sayable_array(value)
    return value


def _sayable_array(value: Any) -> Any:
    kind = value.dtype.kind
    if kind == "m":
        return _known(value, value.astype(np.int64))
    if kind == "M" and not _has_years(value):
        return _known(value, value.astype(str))  # orjson takes years of four digits, and no date that is none
    if kind in "OSUV":
        return _sayable(value.tolist())
    return value if value.dtype.isnative else value.astype(value.dtype.newbyteorder("="))


def _has_years(dates: Any) -> bool:
    """Whether all years have at most four digits; that of no date has more."""
    years = dates.astype("M8[Y]").astype(np.int64) + 1970
    return bool(((years > 0) & (years < 10_000)).all())


def _known(times: Any, words: Any) -> Any:
    """What is said of times, and None of those that are none."""
    said = np.asarray(words).astype(object)
    said[np.isnat(times)] = None
    return said.tolist()
