"""How the values of a map are distributed."""

from __future__ import annotations

import numpy as np

from starbeam_mapping.image import UNMEASURED, BrokenData, Stored, Values, image, values

BINS = 50

Histogram = tuple[list[int], list[float], list[float]]
"""Counts, centres and widths of the bins, which are empty where there is nothing to put into bins."""


def histogram(stored: Stored) -> Histogram:
    """The histogram of a map; what is not measured counts as 0. Raises BrokenMap."""
    try:
        found = values(stored)
    except BrokenData:
        return [], [], []
    made = image(stored, found)
    if not found.size or not made.size:
        return [], [], []
    return _binned(np.where(made == UNMEASURED, 0.0, made))


def _binned(made: Values) -> Histogram:
    try:
        with np.errstate(over="raise"):
            counts, edges = np.histogram(made, BINS)
    except (ValueError, FloatingPointError):  # values too close to each other for bins, or too far apart
        return [], [], []
    return counts.tolist(), ((edges[:-1] + edges[1:]) / 2).tolist(), np.diff(edges).tolist()
