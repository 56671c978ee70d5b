"""Frames as they are asked for: read once, and kept while there is room."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import closing
from typing import Any, NamedTuple

import h5py
import msgspec
import numpy as np

from starbeam.api.files import Files
from starbeam_data import protocol
from starbeam_data.identity import identity
from starbeam_data.reader import answer, headers, stacks
from starbeam_data.reader.decoded import Array, Frame, added
from starbeam_data.reader.images import Instrument
from starbeam_data.reader.pictures import Picture
from starbeam_data.reader.refusal import Refusal
from starbeam_data.reader.tree import Tree

KEPT = 96 << 20
"""Bytes of frames and masks that are kept, the latest: one frame of 16 million pixels, or five of 4."""
WORK = 8
"""Bytes that one pixel of a sum takes."""
MASKS = "pixel_mask", "detectorSpecific/pixel_mask"
SATURATED = (
    "saturation_value",
    "detectorSpecific/saturation_value",
    "detectorSpecific/countrate_correction_count_cutoff",
)
"""Where HDF5 files say, of a detector, what is masked, and from which value on it is overloaded."""
PLAIN = {"mrc", "jpeg", "jpeg2k", "pnm"}
"""Formats in which no value is a mark."""
FILLS_UP = {"tif", "marccd", "mar345", "dtrek", "raxis", "bruker", "bruker100", "oxd", "hipic", "kcd", "ge"}
"""Formats of detectors whose largest value is that of a pixel that is full."""

Origins = dict[str, str]
"""Files, and what they were before they were read."""


class _Kept(NamedTuple):
    what: Any
    size: int
    origins: Origins


class Frames:
    """The frames of a reader process."""

    def __init__(self, files: Files, most: int) -> None:
        self._files, self._most = files, most
        self._kept = OrderedDict[Hashable, _Kept]()
        self._size = 0

    def get(self, job: protocol.Frame) -> tuple[Frame, Origins]:
        """A frame, or a sum of frames, and the files that it comes from beside the job's own. Raises
        `Refusal`."""
        key = job.file, job.in_hdf5, job.number, job.frame, job.sum, *job.following
        if (kept := self._unchanged(key)) is None:
            origins = {job.file: identity(job.file)}
            frame = self._read(job, origins)
            kept = self._keep(key, frame, frame.size, origins)
        return kept.what, {file: was for file, was in kept.origins.items() if file != job.file}

    def _unchanged(self, key: Hashable) -> _Kept | None:
        kept = self._kept.get(key)
        if kept is None or any(identity(file) != was for file, was in kept.origins.items()):
            return None
        self._kept.move_to_end(key)
        return kept

    def _keep(self, key: Hashable, what: Any, size: int, origins: Origins) -> _Kept:
        kept = _Kept(what, size, origins)
        if key in self._kept:
            self._size -= self._kept.pop(key).size
        if size <= KEPT:
            self._kept[key] = kept
            self._size += size
        while self._size > KEPT:
            _, oldest = self._kept.popitem(last=False)
            self._size -= oldest.size
        return kept

    def _read(self, job: protocol.Frame, origins: Origins) -> Frame:
        found = self._in_hdf5(job, origins) if job.in_hdf5 else self._in_pictures(job, origins)
        return added(found) if job.sum > 1 else next(found)

    def _in_hdf5(self, job: protocol.Frame, origins: Origins) -> Iterator[Frame]:
        """The frames of a sum, up to the first that is missing."""
        with closing(Tree(self._files, job.file)) as tree:
            for number in range(job.sum):
                try:
                    found = stacks.frame(tree, _later(job, number))
                except Refusal:
                    if not number:
                        raise
                    return
                self._check(found.shape)
                pixels = native(found.dataset[found.index])
                mask, overload = self._detector(tree, f"{found.entry}/instrument/detector", job.file)
                origins |= tree.others
                fits = mask is not None and mask.shape == pixels.shape
                yield Frame(pixels, mask if fits else None, overload=overload)

    def _in_pictures(self, job: protocol.Frame, origins: Origins) -> Iterator[Frame]:
        if job.following:
            origins |= {file: identity(file) for file in job.following}
            jobs = [job, *(msgspec.structs.replace(job, file=file) for file in job.following)]
        else:
            jobs = [_later(job, number) for number in range(job.sum)]
        for number, one in enumerate(jobs):
            with closing(Picture(self._files, one.file, self._most)) as picture:
                try:
                    pixels, entries = picture.read(one.frame)
                except Refusal:
                    if not number:
                        raise
                    return
                self._check(pixels.shape)
                yield _of_picture(native(pixels), picture.kind, entries)

    def _check(self, shape: tuple[int, ...]) -> None:
        answer.small_enough(math.prod(shape) * WORK, self._most)

    def _detector(self, tree: Tree, path: str, file: str) -> tuple[Array | None, float | None]:
        """The mask of a detector, and from which value on it is overloaded."""
        key = file, path
        if (kept := self._unchanged(key)) is None:
            own = identity(file)
            mask, of = _mask(tree, path, self._most), Instrument(tree, path)
            limits = (of.number(name) for name in SATURATED)
            found = mask, next((one for one in limits if one is not None), None)
            kept = self._keep(key, found, 0 if mask is None else mask.nbytes, {file: own, **tree.others})
        mask, overload = kept.what
        return mask, overload


def _later(job: protocol.Frame, count: int) -> protocol.Frame:
    """The image so many after this one in the same file."""
    number = None if job.number is None else job.number + count
    return msgspec.structs.replace(job, number=number, frame=job.frame + count)


def native(pixels: Array) -> Array:
    """The same in this machine's byte order; truth values as numbers."""
    found = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    return found.view(np.uint8) if found.dtype == bool else found


def _mask(tree: Tree, path: str, most: int) -> Array | None:
    """Where the mask of a detector is not 0; None where there is no mask of one frame."""
    for name in MASKS:
        try:
            found = tree.find(f"{path}/{name}")
            if not isinstance(found, h5py.Dataset) or found.dtype.kind not in "biu" or found.ndim < 2:
                continue
            tree.check(found, name)
            answer.small_enough(math.prod(found.shape[-2:]) * WORK, most)
        except (Refusal, TypeError):
            continue
        return np.asarray(found[(0,) * (found.ndim - 2)] != 0)
    return None


def _of_picture(pixels: Array, kind: str | None, entries: dict[str, Any]) -> Frame:
    """A frame of a file in the format of a detector."""
    whole = pixels.dtype.kind in "iu"
    plain, fills_up = kind in PLAIN, kind in FILLS_UP or pixels.dtype == np.uint8
    overload = headers.saturation(headers.said(entries))
    if overload is None and whole and fills_up and not plain and pixels.dtype.itemsize > 1:
        overload = float(np.iinfo(pixels.dtype).max)
    return Frame(pixels, negative=not plain, largest=not (plain or fills_up), overload=overload)
