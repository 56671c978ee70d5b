"""Parts of data sets: what a selection takes, and reading it in blocks that fit into shared memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np

from starbeam_data.protocol import SLOT, Part
from starbeam_data.reader.refusal import Refusal

Slab = tuple[range, ...]
"""What is taken along each axis."""


def chosen(selection: list[Part] | None, shape: tuple[int, ...]) -> tuple[Slab, tuple[int, ...]]:
    """What a selection takes of a shape, and the shape of what is taken: without the axes of an index.

    Raises `Refusal` where it does not fit.
    """
    parts = selection or []
    if len(parts) > len(shape):
        raise Refusal(422, f"The selection has more than the {len(shape)} dimensions of the data set")
    everything: list[Part] = [(None, None, None)] * (len(shape) - len(parts))
    slab, kept = list[range](), list[int]()
    for part, length in zip([*parts, *everything], shape, strict=True):
        if isinstance(part, int):
            if not -length <= part < length:
                raise Refusal(422, f"The index {part} is out of range for a length of {length}")
            slab.append(range(part % length, part % length + 1))
        else:
            slab.append(range(length)[slice(*part)])
            kept.append(len(slab[-1]))
    return tuple(slab), tuple(kept)


def blocks(slab: Slab, itemsize: int) -> Iterator[Slab]:
    """The same in the order of its values, in pieces of at most `SLOT` bytes."""
    axis = next((n for n, taken in enumerate(slab) if len(taken) > 1), None)
    if axis is None:
        yield slab
        return
    taken = slab[axis]
    row = math.prod(map(len, slab[axis + 1 :])) * itemsize
    step = max(SLOT // row, 1) if row else len(taken)
    for start in range(0, len(taken), step):
        piece = (*slab[:axis], taken[start : start + step], *slab[axis + 1 :])
        yield from blocks(piece, itemsize) if row > SLOT else (piece,)


def read(dataset: h5py.Dataset, slab: Slab, into: np.ndarray[Any, Any]) -> None:
    """Read a slab into an array of its size, in the array's type: as NumPy converts it, not as HDF5 does."""
    where = tuple(slice(taken.start, taken.stop, taken.step) for taken in slab)
    target = into.reshape(tuple(map(len, slab)))
    if dataset.dtype == into.dtype:
        dataset.read_direct(target, where)
    else:
        np.copyto(target, dataset[where], casting="unsafe")
