"""Frames in memory: which of their pixels were measured, and the values between which most of these lie."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from starbeam_data.reader.images import BINS, different

Array = np.ndarray[Any, Any]

ENOUGH = 1 << 20
"""Of so many numbers that are no counts, percentiles are as good as those of all."""

HISTOGRAM = 99.9
"""The percentile where histograms end; they begin at what is left of 100."""


@dataclass(frozen=True)
class Frame:
    """A frame as it was written: rows and columns, in this machine's byte order."""

    pixels: Array
    mask: Array | None = None
    """Where a mask says that nothing was measured."""
    negative: bool = True
    """Whole numbers below 0 say so too."""
    largest: bool = True
    """The largest value of a type of whole numbers says so too."""
    overload: float | None = None
    """From this value on, a pixel is overloaded."""
    overloaded: Array | None = None
    """Where else pixels are."""
    images: int = 1
    """How many were added."""

    @property
    def size(self) -> int:
        """Bytes of all of it."""
        arrays = (self.pixels, self.mask, self.overloaded)
        return sum(0 if one is None else one.nbytes for one in arrays)

    @property
    def counts(self) -> bool:
        """Whether the pixels are whole numbers with the marks that detectors write."""
        return self.pixels.dtype.kind in "iu" and self.negative and self.largest

    def raised(self, rows: slice = slice(None), columns: slice = slice(None)) -> Array:
        """The pixels of a part such that the largest of some is one that was measured: counts plus 1, with 0
        for what was not measured, or floating-point numbers with NaN."""
        part = self.pixels[rows, columns]
        mask = None if self.mask is None else self.mask[rows, columns]
        return _plus_one(part, mask) if self.counts else self._floating(part, mask)

    def _floating(self, part: Array, mask: Array | None) -> Array:
        found = part.astype(np.float32)
        found[~np.isfinite(found)] = np.nan
        if self.negative and part.dtype.kind == "i":
            found[part < 0] = np.nan
        if mask is not None:
            found[mask] = np.nan
        return found

    def over(self, raised: Array, rows: slice = slice(None), columns: slice = slice(None)) -> Array | None:
        """Which of the pixels of a part are overloaded; None where nothing says from which value on."""
        if self.overloaded is not None:
            return self.overloaded[rows, columns]
        if self.overload is None and self.mask is None:
            return None
        least = math.inf if self.overload is None else self.overload
        if self.counts:
            least = least + 1 if self.mask is None else min(least + 1, float(np.iinfo(raised.dtype).max))
        return raised >= least

    def limits(self, percentile: float) -> tuple[float, float]:
        """The values at what is left of 100 and at this percentile of the pixels that were measured: the
        smallest value that so many do not exceed. 0 and 1 where there are none."""
        values, upto, _ = self._sorted
        if not values.size:
            return 0.0, 1.0
        places = np.searchsorted(upto, [upto[-1] * of / 100 for of in (100 - percentile, percentile)])
        low, high = (float(values[min(place, values.size - 1)]) for place in places)
        return low, high

    @property
    def histogram(self) -> tuple[list[int], list[float]]:
        """Counts and edges: what was measured but the thousandths at both ends, in equal steps, or by 1 where
        few whole numbers occur. Of as many pixels as `limits` looks at."""
        values, upto, _ = self._sorted
        if not values.size:
            return [], []
        least, most = self.limits(HISTOGRAM)
        whole = self.pixels.dtype.kind != "f" and most - least < BINS
        most, steps = (most + 1, int(most - least) + 1) if whole else (most, BINS)
        counts, edges = np.histogram(values, steps, (least, most), weights=np.diff(upto, prepend=0))
        return counts.astype(int).tolist(), edges.tolist()

    @property
    def masked(self) -> float:
        """The share of pixels that were not measured."""
        _, upto, looked_at = self._sorted
        return 1 - (upto[-1] if upto.size else 0) / looked_at if looked_at else 0.0

    @cached_property
    def _sorted(self) -> tuple[Array, Array, int]:
        """The values that were measured, how many are at most that large, and of how many pixels."""
        plain = self.pixels if self.mask is None else self.pixels[~self.mask]
        if self.counts and (found := different(plain)) is not None:
            values, times = found
            return values, np.cumsum(times), self.pixels.size
        raised = self.raised(slice(None, None, max(self.pixels.size // ENOUGH, 1)))
        values = np.sort(measured(raised)[~unmeasured(raised)])
        return values, np.arange(1, values.size + 1), raised.size


def unmeasured(raised: Array) -> Array:
    """Where nothing was measured."""
    return np.isnan(raised) if raised.dtype.kind == "f" else raised == 0


def measured(raised: Array) -> Array:
    """The values again, as floating-point numbers; NaN where nothing was measured."""
    if raised.dtype.kind == "f":
        return raised
    found = raised.astype(np.float32) - 1
    found[raised == 0] = np.nan
    return found


def added(frames: Iterator[Frame]) -> Frame:
    """The sum of frames of one shape, of which there is one at least. What was not measured in one of them
    was not measured."""
    first = next(frames)
    counts, shape = first.counts, first.pixels.shape
    total: Array = np.zeros(shape, np.int64 if counts else np.float32)
    mask: Array = np.zeros(shape, bool)
    over, count = mask, 0
    for frame in chain([first], frames):
        raised = frame.raised()
        gaps = unmeasured(raised)
        full = frame.over(raised)
        over = over if full is None else over | (full & ~gaps)
        mask = mask | gaps
        total += np.where(gaps, 0, frame.pixels).astype(total.dtype, copy=False)
        count += 1
    return Frame(total, mask, negative=counts, largest=counts, overloaded=over, images=count)


def _plus_one(part: Array, mask: Array | None) -> Array:
    """Counts plus 1, without a sign. One that has none is 0 after its largest value; with a sign, what is
    negative is taken for that."""
    signed = part.dtype.kind == "i"
    plain = np.maximum(part, -1) if signed else part
    unsigned = part.dtype.str.replace("i", "u")
    found: Array = plain.view(unsigned) + np.ones(1, unsigned)
    if signed:
        found[part == np.iinfo(part.dtype).max] = 0
    if mask is not None:
        if not signed:  # a mask says which these are: the others are overloaded
            found[(found == 0) & ~mask] = np.iinfo(found.dtype).max
        found[mask] = 0
    return found
