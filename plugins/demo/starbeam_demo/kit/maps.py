"""Fluorescence maps: how much of an element is at each point of a grid."""

from __future__ import annotations

import gzip
import json

import numpy as np
from numpy.typing import NDArray

from starbeam_demo.kit.pictures import cells

NOT_MEASURED = -1
"""The value of a point that the scan has not reached."""


def element_map(rng: np.random.Generator, columns: int, rows: int, peak: float = 2000.0) -> NDArray[np.int64]:
    """Counts of an element: rows by columns, smooth, with a few hot grains."""
    base = cells(rng, (max(rows // 6, 2), max(columns // 6, 2)), max(rows, columns))[:rows, :columns]
    down, across = np.mgrid[:rows, :columns]
    grains = np.zeros((rows, columns))
    for _ in range(5):
        away = np.hypot((down - rng.uniform(0, rows)) / rows, (across - rng.uniform(0, columns)) / columns)
        grains += rng.uniform(0.3, 1.0) * np.exp(-((away / rng.uniform(0.03, 0.09)) ** 2))
    counts: NDArray[np.int64] = rng.poisson(peak * (0.25 * base**2 + grains) + 5)
    return counts


def collected(
    image: NDArray[np.int64], *, vertical: bool = False, snaked: bool = False, measured: int | None = None
) -> list[int]:
    """The image's values in the order in which a scan collects them: the first `measured`, the others as
    `NOT_MEASURED`."""
    ordered = image.copy()
    if snaked:
        ordered[1::2] = ordered[1::2, ::-1]
    values: list[int] = (ordered.T if vertical else ordered).reshape(-1).tolist()
    if measured is None:
        return values
    return values[:measured] + [NOT_MEASURED] * (len(values) - measured)


def packed(values: list[int]) -> bytes:
    """The values in the data format `json+gzip`; the same values always give the same bytes."""
    return gzip.compress(json.dumps(values).encode(), mtime=0)
