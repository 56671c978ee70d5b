"""Detector images: frames of HDF5 files, and those of files in the formats of detectors."""

from __future__ import annotations

import math
from typing import Any

import h5py
import numpy as np

from starbeam_data.protocol import Header, Histogram, Image, Pixels
from starbeam_data.reader import answer, headers, stacks, units
from starbeam_data.reader.answer import Answer
from starbeam_data.reader.pictures import Picture
from starbeam_data.reader.refusal import Refusal
from starbeam_data.reader.tree import Tree

Array = np.ndarray[Any, Any]

PIXEL = np.dtype("<f4")
BINS = 300
"""Bins of a histogram, at most."""
NEAR = 1 << 16
"""Whole numbers below this are counted in one pass."""
RARE = 10
"""Of so many pixels one may be above that; of more it would take longer than to look at each."""
SMALL = 1 << 8
"""Whole numbers below the last of so many are counted in pairs."""
PART = 1 << 18
"""Pixels that are counted at once: what is made of them stays in the processor's cache."""


def pixels(opened: Tree | Picture, job: Pixels, most: int) -> Answer:
    """The pixels as 32-bit floats, row after row."""
    if isinstance(opened, Picture):
        image, _ = opened.read(job.frame)
        return answer.content(image.astype(PIXEL).tobytes(), answer.BINARY, most)
    found = stacks.frame(opened, job)
    slab = (*(range(place, place + 1) for place in found.index), *map(range, found.shape))
    return answer.values(found.dataset, slab, PIXEL, most)


def header(opened: Tree | Picture, job: Header, most: int) -> Answer:
    """What viewers read about the image."""
    if isinstance(opened, Tree):
        return answer.json({"braggy_hdr": _eiger_header(opened, *_frame_array(opened, job, most))}, most)
    image, entries = opened.read(job.frame)
    said = headers.said(entries)
    valid = image[image >= 0]
    numbers = _numbers(valid if valid.size else image)
    return answer.json(
        {"parsed_ext_hdr": said, "braggy_hdr": headers.braggy(said, image.shape, numbers)}, most
    )


def histogram(opened: Tree | Picture, job: Histogram, most: int) -> Answer:
    """How often which values occur, without the few that are far above the others."""
    if isinstance(opened, Picture):
        image, _ = opened.read(job.frame)
    else:
        image, _ = _frame_array(opened, job, most)
    values, edges = counted(*tallied(image))
    largest = max(values, default=0)
    return answer.json({"bins": edges, "max": largest, "shape": [len(values)], "values": values}, most)


def tallied(image: Array) -> tuple[Array, Array | None]:
    """The values that were measured, and how often each occurs; None where each stands for itself."""
    if image.dtype.kind in "iu" and (found := different(image)) is not None:
        return found
    return measured(image).astype(PIXEL), None


def different(image: Array) -> tuple[Array, Array] | None:
    """The different whole numbers that were measured, and how often each occurs: None where no pixel was
    measured, or where many are far from 0. Read without a sign, negative ones lie above all others."""
    marked = np.iinfo(image.dtype).max
    near, far = min(NEAR, marked), list[Array]()
    plain = image.view(image.dtype.str.replace("i", "u")).ravel()
    counts, pairs = np.zeros(near + 1, np.int64), np.zeros(SMALL * SMALL, np.int64)
    for start in range(0, plain.size, PART):
        part = plain[start : start + PART]
        if (found := _in_pairs(part, marked)) is not None:
            pairs += found
            continue
        found = np.bincount(np.minimum(part, near).astype(np.intp), minlength=near + 1)
        counts += found
        if found[near] and near < marked and found[near] > np.count_nonzero(part >= marked):
            far.append(part[(part >= near) & (part < marked)])
    square = pairs.reshape(SMALL, SMALL)
    counts[: SMALL - 1] += (square.sum(0) + square.sum(1))[:-1][: near + 1]
    if sum(some.size for some in far) > plain.size / RARE:
        return None
    values = np.flatnonzero(counts[:near])
    others, times = np.unique(np.concatenate([plain[:0], *far]), return_counts=True)
    if not values.size + others.size:
        return None
    return np.concatenate([values, others]).astype(PIXEL), np.concatenate([counts[values], times])


def _in_pairs(part: Array, marked: int) -> Array | None:
    """How often two pixels side by side have which values, in half the time that each takes for itself: None
    unless all that were measured are small."""
    if part.size % 2:
        return None
    small = np.minimum(part, SMALL - 1).astype(np.uint8)
    large = np.count_nonzero(small == SMALL - 1)
    if large and large > np.count_nonzero(part >= marked):
        return None
    found: Array = np.bincount(small.view(np.uint16), minlength=SMALL * SMALL)
    return found


def measured(image: Array) -> Array:
    """The pixels without those that detectors mark as not measured: with the largest value of their type, or
    with a negative one. All of them where there are no others."""
    valid = image >= 0
    if image.dtype.kind in "iu":
        valid &= image != np.iinfo(image.dtype).max
    return image[valid] if valid.any() else image.ravel()


def counted(values: Array, times: Array | None = None) -> tuple[list[int], list[int]]:
    """Counts and edges of a histogram of the values below mean + 3 standard deviations. Each occurs as often
    as `times` says.

    Steps of 1 where the largest of these is at most `BINS`, else `BINS` equal steps. Edges are cut to
    integers.
    """
    finite = np.isfinite(values)
    values, times = _where(finite, values, times)
    if not values.size:
        return [], []
    near = values < _usual(values, times)
    if near.any():  # or all are equal
        values, times = _where(near, values, times)
    least, most = float(values.min()), float(values.max())
    if most <= BINS:
        edges = np.arange(least, most) if most - least > 1 else np.array([least, math.floor(least) + 1])
        return _by_steps(values, times, edges), edges.astype(int).tolist()
    if least == most:
        return [values.size if times is None else int(times.sum())], [int(least), math.floor(least) + 1]
    counts, edges = np.histogram(values, BINS, weights=times)
    return counts.tolist(), edges.astype(int).tolist()


def _usual(values: Array, times: Array | None) -> float:
    """Mean + 3 standard deviations."""
    if times is None:
        return float(np.mean(values, dtype=np.float64) + 3 * np.std(values, dtype=np.float64))
    mean = np.average(values.astype(np.float64), weights=times)
    return float(mean + 3 * np.sqrt(np.average((values - mean) ** 2, weights=times)))


def _where(some: Array, values: Array, times: Array | None) -> tuple[Array, Array | None]:
    return values[some], None if times is None else times[some]


def _by_steps(values: Array, times: Array | None, edges: Array) -> list[int]:
    """Counts between edges that are 1 apart; the last edge belongs to the last bin."""
    last = len(edges) - 2
    values, times = _where(values <= edges[-1], values, times)
    bins = np.minimum((values - edges[0]).astype(np.int64), last)
    counts: list[int] = np.bincount(bins, times, minlength=last + 1).astype(int).tolist()
    return counts


def _frame_array(tree: Tree, job: Image, most: int) -> tuple[Array, str]:
    """The image, and the path of its entry."""
    found = stacks.frame(tree, job)
    answer.small_enough(math.prod(found.shape) * found.dataset.dtype.itemsize, most)
    return found.dataset[found.index], found.entry


def _number(value: Any) -> float | int | None:
    """The one number of a value, or None."""
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "iuf" or not np.isfinite(array).all():
        return None
    number: float | int = array.reshape(-1)[0].item()
    return number


class Instrument:
    """What a file says of the instrument; None where it says nothing."""

    def __init__(self, tree: Tree, path: str) -> None:
        self._tree, self._path = tree, path

    def number(self, path: str) -> float | int | None:
        """A number as it stands."""
        return self._read(path)[0]

    def length(self, path: str, unit: int) -> float | int | None:
        """A length in this unit, which is that of the number where the file names none."""
        number, own = self._read(path)
        return number if number is None or own is None else number * 10.0 ** (own - unit)

    def pixels(self, path: str, size: float | None) -> float | int | None:
        """A place in pixels of this size, which some write as a length."""
        number, own = self._read(path)
        return number if number is None or own is None or not size else number * 10.0**own / size

    def _read(self, path: str) -> tuple[float | int | None, int | None]:
        """A number, and the unit of a length."""
        try:
            found = self._tree.find(f"{self._path}/{path}")
            if not isinstance(found, h5py.Dataset) or found.size != 1:
                return None, None
            self._tree.check(found, path)
        except Refusal:
            return None, None
        return _number(found[()]), units.length(found)


def _eiger_header(tree: Tree, image: Array, entry: str) -> dict[str, Any]:
    """The fields of `braggy_hdr`; null where the file does not have them."""
    of = Instrument(tree, f"{entry}/instrument")
    width, height = (of.number(f"detector/detectorSpecific/{axis}_pixels_in_detector") for axis in "xy")
    size_x, size_y = (of.length(f"detector/{axis}_pixel_size", units.METRE) for axis in "xy")
    centre_x = of.pixels("detector/beam_center_x", size_x)
    centre_y = of.pixels("detector/beam_center_y", size_y)
    unmasked = image[image != image.max()] if image.size else image
    return {
        "wavelength": of.length("beam/incident_wavelength", units.ANGSTROM),
        "detector_distance": of.length("detector/detector_distance", units.METRE),
        "beam_cx": centre_x,
        "beam_cy": centre_y,
        "beam_ocx": None if width is None or centre_x is None else width / 2 - centre_x,
        "beam_ocy": None if height is None or centre_y is None else height / 2 - centre_y,
        "detector_radius": None if width is None or size_x is None else width * size_x / 2,
        "img_width": width,
        "img_height": height,
        "pixel_size_x": size_x,
        "pixel_size_y": size_y,
        "pxxpm": 1 / size_x if size_x else None,
        "pxypm": 1 / size_y if size_y else None,
        **_numbers(unmasked if unmasked.size else image),
    }


def _numbers(pixels: Array) -> dict[str, float | None]:
    """Least, largest and mean of the finite pixels; null where there are none."""
    finite = pixels[np.isfinite(pixels)]
    positive = finite[finite >= 0]
    strictly = positive[positive > 0]

    def of(found: Array, what: Any) -> float | None:
        return float(what(found)) if found.size else None

    return {
        "strict_positive_min": of(strictly, np.min),
        "positive_min": of(positive, np.min),
        "min": of(finite, np.min),
        "max": of(finite, np.max),
        "mean": of(finite, lambda found: np.mean(found, dtype=np.float64)),
        "std": of(finite, lambda found: np.std(found, dtype=np.float64)),
    }
