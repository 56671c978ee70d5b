"""How the values of a map are distributed."""

from __future__ import annotations

import numpy as np

from starbeam_mapping.image import UNMEASURED, Stored, image, values

BINS = 50


def histogram(stored: Stored) -> tuple[list[int], list[float], list[float]]:
    """Counts, centres and widths of the bins, which are empty for a map without values. Raises BrokenMap."""
    found = values(stored)
    made = image(stored, found)
    if not len(found) or not made.size:
        return [], [], []
    made = np.where(made == UNMEASURED, 0.0, made)
    try:
        counts, edges = np.histogram(made, BINS)
    except ValueError:  # a range that is too wide or too narrow for bins
        return [], [], []
    return counts.tolist(), ((edges[:-1] + edges[1:]) / 2).tolist(), np.diff(edges).tolist()
