"""Values of virtual data sets, read source by source.

HDF5 would open the sources itself, by their names and in more places than one, whenever it is asked for
values or a shape. So it is not asked: each source here is a data set that was found, checked and opened.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple, TypeAlias

import h5py
import numpy as np

from starbeam_data.protocol import Part
from starbeam_data.reader.refusal import Refusal
from starbeam_data.reader.slabs import Slab, chosen

Space: TypeAlias = Any
"""A data space of h5py, with what is selected in it."""
Array = np.ndarray[Any, Any]
Source: TypeAlias = Any
"""A data set of h5py, or a `Virtual`."""
Find = Callable[[str, str], Source | None]
"""The data set of a file and a path in it that a source names; None where there is none."""

MOST_SOURCES = 10_000
"""Data sets that one virtual data set may be put together of."""
BLOCK = "%b"
"""Stands in the name of a source for the number of a block."""
UNLIMITED = h5py.h5s.UNLIMITED

_project = ctypes.CDLL(h5py.h5s.__file__).H5Sselect_project_intersection  # h5py has no function for it
_project.argtypes, _project.restype = [ctypes.c_int64] * 3, ctypes.c_int64


class Virtual:
    """A virtual data set, as far as it is read: values by integers and slices."""

    def __init__(self, dataset: h5py.Dataset, find: Find) -> None:
        layout = dataset.id.get_create_plist()
        pieces = list(_pieces(layout, find))
        self.dtype: np.dtype[Any] = dataset.dtype
        self.shape = _shape(layout, pieces) if grows(dataset) else dataset.shape
        self.ndim, self.size = len(self.shape), math.prod(self.shape)
        self._fill = dataset.fillvalue
        self._pieces = [(piece, _selected(self.shape, piece.here)) for piece in pieces]

    def __getitem__(self, key: Any) -> Any:
        """Values as h5py gives them."""
        keys = key if isinstance(key, tuple) else (key,)
        parts: list[Part] = [one if isinstance(one, int) else (one.start, one.stop, one.step) for one in keys]
        slab, shape = chosen(parts, self.shape)
        return self._values(slab).reshape(shape)[()]

    def read_direct(self, target: Array, where: tuple[slice, ...]) -> None:
        """Read a part into an array of its shape."""
        target[...] = self[where]

    def read(self, where: Space, memory: Space, into: Array) -> None:
        """Read what is selected here to what is selected in the memory, in this order."""
        for piece, here in self._pieces:
            there = _common(here, piece.there, where)
            if there.get_select_npoints():
                target = _common(where, memory, here)
                if isinstance(piece.source, Virtual):
                    piece.source.read(there, target, into)
                else:
                    piece.source.id.read(target, there, into)

    def _values(self, slab: Slab) -> Array:
        into = np.full(tuple(map(len, slab)), self._fill, self.dtype)
        if into.size:
            start, stride = (tuple(getattr(taken, of) for taken in slab) for of in ("start", "step"))
            where = _selected(self.shape, [Hyperslab(start, stride, into.shape, (1,) * into.ndim)])
            self.read(where, h5py.h5s.create_simple(into.shape), into)
        return into


def grows(dataset: h5py.Dataset) -> bool:
    """Whether the shape depends on sources."""
    if not dataset.is_virtual:
        return False
    layout = dataset.id.get_create_plist()
    spaces = (layout.get_virtual_vspace(number) for number in range(layout.get_virtual_count()))
    return any(_unlimited(space) is not None for space in spaces)


class Hyperslab(NamedTuple):
    """Blocks at regular distances, by axis."""

    start: Any
    stride: Any
    count: Any
    block: Any


Selection = list[Hyperslab] | Space
"""Hyperslabs, or a space that cannot be told so; None is all."""


@dataclass(frozen=True)
class _Piece:
    """A part of a virtual data set, and the part of its source that lies there."""

    here: Selection
    there: Space
    source: Source
    axis: int | None = None
    """The axis along which it grows."""
    end: int = 0
    """How far it reaches there."""


def _pieces(layout: Any, find: Find) -> Iterator[_Piece]:
    """All pieces whose sources are there."""
    found = dict[tuple[str, str], Source | None]()

    def source(file: str, path: str, number: int) -> Source | None:
        named = _filled(file, number), _filled(path, number)
        if named not in found:
            if len(found) == MOST_SOURCES:
                raise Refusal(422, "This data set is put together of too many others")
            found[named] = find(*named)
        return found[named]

    for number in range(layout.get_virtual_count()):
        here, there = layout.get_virtual_vspace(number), layout.get_virtual_srcspace(number)
        file, path = _text(layout.get_virtual_filename(number)), _text(layout.get_virtual_dsetname(number))
        axis = _unlimited(here)
        if axis is not None and BLOCK in file + path:
            for block in count():  # HDF5 takes none after one that is missing
                if (one := source(file, path, block)) is None:
                    break
                yield _block(here, there, one, axis, block)
        elif (one := source(file, path, 0)) is not None:
            yield (
                _Piece(_hyperslabs(here), _refitted(there, one), one)
                if axis is None
                else _grown(here, there, one, axis)
            )


def _block(here: Space, there: Space, source: Source, axis: int, number: int) -> _Piece:
    """The piece of the block of this number."""
    slab = Hyperslab(*here.get_regular_hyperslab())
    start = slab.start[axis] + number * slab.stride[axis]
    one = slab._replace(start=_with(slab.start, axis, start), count=_with(slab.count, axis, 1))
    return _Piece([one], _refitted(there, source), source, axis, start + slab.block[axis])


def _grown(here: Space, there: Space, source: Source, axis: int) -> _Piece:
    """The piece of a source without limit, as long as this is now."""
    slab, other = Hyperslab(*here.get_regular_hyperslab()), Hyperslab(*there.get_regular_hyperslab())
    along = _unlimited(there)
    if along is None:
        raise ValueError("a part without limit of a source with one")
    length = _length(other, along, source.shape[along])
    taken = _cut(slab, axis, length)
    there = _selected(source.shape, _cut(other, along, length))
    return _Piece(taken, there, source, axis, max((_end(one, axis) for one in taken), default=0))


def _end(slab: Hyperslab, axis: int) -> int:
    return int(slab.start[axis] + (slab.count[axis] - 1) * slab.stride[axis] + slab.block[axis])


def _length(slab: Hyperslab, axis: int, size: int) -> int:
    """How many places of a hyperslab without limit there are along an axis of this size."""
    left = max(size - slab.start[axis], 0)
    if slab.block[axis] == UNLIMITED:
        return int(left)
    whole, rest = divmod(left, slab.stride[axis])
    return int(whole * slab.block[axis] + min(rest, slab.block[axis]))


def _cut(slab: Hyperslab, axis: int, length: int) -> list[Hyperslab]:
    """As much of a hyperslab without limit as has this many places along its axis."""
    block = length if slab.block[axis] == UNLIMITED else slab.block[axis]
    whole, rest = divmod(length, block) if length else (0, 0)
    start = slab.start[axis] + whole * slab.stride[axis]
    pieces = [
        slab._replace(count=_with(slab.count, axis, whole), block=_with(slab.block, axis, block)),
        slab._replace(
            start=_with(slab.start, axis, start),
            count=_with(slab.count, axis, 1),
            block=_with(slab.block, axis, rest),
        ),
    ]
    return [piece for piece, places in zip(pieces, (whole, rest), strict=True) if places]


def _shape(layout: Any, pieces: list[_Piece]) -> tuple[int, ...]:
    """The shape of a virtual data set that grows: as far as its pieces reach."""
    shape = list(layout.get_virtual_vspace(0).get_simple_extent_dims())
    spaces = (layout.get_virtual_vspace(number) for number in range(layout.get_virtual_count()))
    growing = {axis for space in spaces if (axis := _unlimited(space)) is not None}
    for axis in growing:
        shape[axis] = max((piece.end for piece in pieces if piece.axis == axis), default=0)
    return tuple(shape)


def _common(first: Space, second: Space, wanted: Space) -> Space:
    """Of two selections that belong together place by place: what of the second belongs to the places of the
    first that are wanted."""
    number = _project(first.id, second.id, wanted.id)
    if number < 0:
        raise ValueError("selections that do not belong together")
    return h5py.h5s.SpaceID(number)


def _selected(shape: tuple[int, ...], selection: Selection) -> Space:
    """A space of this shape with a selection."""
    space = h5py.h5s.create_simple(shape)
    if selection is None:
        return space
    if not isinstance(selection, list):
        return selection
    space.select_none()
    for slab in selection:
        space.select_hyperslab(slab.start, slab.count, slab.stride, slab.block, op=h5py.h5s.SELECT_OR)
    return space


def _refitted(space: Space, source: Source) -> Space:
    """What is selected of a source, which may have grown since it was selected."""
    return _selected(source.shape, _hyperslabs(space))


def _hyperslabs(space: Space) -> Selection:
    kind = space.get_select_type()
    if kind == h5py.h5s.SEL_ALL:
        return None
    if kind == h5py.h5s.SEL_HYPERSLABS and space.is_regular_hyperslab():
        return [Hyperslab(*space.get_regular_hyperslab())]
    return space


def _unlimited(space: Space) -> int | None:
    """The axis along which a selection has no limit."""
    if space.get_select_type() != h5py.h5s.SEL_HYPERSLABS or not space.is_regular_hyperslab():
        return None
    slab = Hyperslab(*space.get_regular_hyperslab())
    axes = zip(slab.count, slab.block, strict=True)
    return next((axis for axis, one in enumerate(axes) if UNLIMITED in one), None)


def _filled(name: str, number: int) -> str:
    """A name with the number of a block in it. HDF5 writes a percent sign as two."""
    return "%".join(part.replace(BLOCK, str(number)) for part in name.split("%%"))


def _with(values: Any, axis: int, value: int) -> tuple[int, ...]:
    return (*values[:axis], value, *values[axis + 1 :])


def _text(name: Any) -> str:
    return name if isinstance(name, str) else bytes(name).decode(errors="surrogateescape")
