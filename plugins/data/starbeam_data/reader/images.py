"""Detector images: frames of HDF5 files as an Eiger writes them, and files of one image that fabio reads."""

from __future__ import annotations

import math
from typing import Any

import h5py
import numpy as np

from starbeam_data.protocol import Header, Histogram, Image, Pixels
from starbeam_data.reader import answer, cbf
from starbeam_data.reader.answer import Answer
from starbeam_data.reader.refusal import MISSING_IMAGE, Refusal
from starbeam_data.reader.tree import Tree

Array = np.ndarray[Any, Any]

PIXEL = np.dtype("<f4")
BINS = 300
"""Bins of a histogram, at most."""


def pixels(tree: Tree | None, job: Pixels, most: int) -> Answer:
    """The pixels as 32-bit floats, row after row."""
    if tree is None:
        image, _ = cbf.read(job.file)
        return answer.content(image.astype(PIXEL).tobytes(), answer.BINARY, most)
    dataset, frame = _frame(tree, job)
    slab = (range(frame, frame + 1), *map(range, dataset.shape[1:]))
    return answer.values(dataset, slab, PIXEL, most)


def header(tree: Tree | None, job: Header, most: int) -> Answer:
    """What viewers read about the image."""
    if tree is not None:
        return answer.json({"braggy_hdr": _eiger_header(tree, _frame_array(tree, job, most))}, most)
    image, text = cbf.read(job.file)
    said = cbf.parsed(text)
    valid = image[image >= 0]
    numbers = _numbers(valid if valid.size else image)
    return answer.json({"parsed_ext_hdr": said, "braggy_hdr": cbf.braggy(said, image.shape, numbers)}, most)


def histogram(tree: Tree | None, job: Histogram, most: int) -> Answer:
    """How often which values occur, without the few that are far above the others."""
    image = cbf.read(job.file)[0] if tree is None else _frame_array(tree, job, most)
    values, edges = counted(image.astype(PIXEL).ravel())
    largest = max(values, default=0)
    return answer.json({"bins": edges, "max": largest, "shape": [len(values)], "values": values}, most)


def counted(image: Array) -> tuple[list[int], list[int]]:
    """Counts and edges of a histogram of the pixels below mean + 3 standard deviations.

    Steps of 1 where the largest of these is at most `BINS`, else `BINS` equal steps. Edges are cut to
    integers.
    """
    image = image[np.isfinite(image)]
    if not image.size:
        return [], []
    mean, deviation = np.mean(image, dtype=np.float64), np.std(image, dtype=np.float64)
    below = image[image < mean + 3 * deviation]
    if not below.size:  # all are equal
        below = image
    least, most = float(below.min()), float(below.max())
    if most <= BINS:
        edges = np.arange(least, most) if most - least > 1 else np.array([least, math.floor(least) + 1])
        return _by_steps(below, edges), edges.astype(int).tolist()
    if least == most:
        return [int(below.size)], [int(least), math.floor(least) + 1]
    values, edges = np.histogram(below, BINS)
    return values.tolist(), edges.astype(int).tolist()


def _by_steps(pixels: Array, edges: Array) -> list[int]:
    """Counts between edges that are 1 apart; the last edge belongs to the last bin."""
    last = len(edges) - 2
    taken = pixels[pixels <= edges[-1]]
    bins = np.minimum((taken - edges[0]).astype(np.int64), last)
    counts: list[int] = np.bincount(bins, minlength=last + 1).tolist()
    return counts


def _frame(tree: Tree, job: Image) -> tuple[h5py.Dataset, int]:
    """The data set that holds an image, and its frame in it. Raises `Refusal`."""
    group = tree.find("/entry/data")
    if not isinstance(group, h5py.Group) or job.number is None:
        raise Refusal(404, MISSING_IMAGE)
    for name in group:
        dataset = tree.child(group, name, name)
        if not isinstance(dataset, h5py.Dataset) or dataset.ndim != 3:
            continue
        low, high = (_integer(dataset.attrs.get(f"image_nr_{end}")) for end in ("low", "high"))
        if low is None or high is None or not low <= job.number <= high:
            continue
        if job.number - low < dataset.shape[0] and dataset.dtype.kind in "biuf":
            tree.check(dataset)
            return dataset, job.number - low
    raise Refusal(404, MISSING_IMAGE)


def _frame_array(tree: Tree, job: Image, most: int) -> Array:
    dataset, frame = _frame(tree, job)
    answer.small_enough(math.prod(dataset.shape[1:]) * dataset.dtype.itemsize, most)
    image: Array = dataset[frame]
    return image


def _integer(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _number(value: Any) -> float | int | None:
    """The one number of a value, or None."""
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "iuf" or not np.isfinite(array).all():
        return None
    number: float | int = array.reshape(-1)[0].item()
    return number


def _eiger_header(tree: Tree, image: Array) -> dict[str, Any]:
    """The fields of `braggy_hdr`; null where the file does not have them."""

    def value(path: str) -> float | int | None:
        try:
            found = tree.find("/entry/instrument/" + path)
        except Refusal:
            return None
        return _number(found[()]) if isinstance(found, h5py.Dataset) and found.size == 1 else None

    width, height = (value(f"detector/detectorSpecific/{axis}_pixels_in_detector") for axis in "xy")
    size_x, size_y = (value(f"detector/{axis}_pixel_size") for axis in "xy")
    centre_x, centre_y = (value(f"detector/beam_center_{axis}") for axis in "xy")
    unmasked = image[image != image.max()] if image.size else image
    return {
        "wavelength": value("beam/incident_wavelength"),
        "detector_distance": value("detector/detector_distance"),
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
