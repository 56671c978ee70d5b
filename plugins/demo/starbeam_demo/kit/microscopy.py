"""Movies of an electron microscope, and what motion correction finds in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from starbeam_demo.kit.drawing import Line, plot


def drift(rng: np.random.Generator, frames: int = 40) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the specimen is at each frame of a movie, in Å: it moves fast at first and then settles."""
    settling = 2.2 * np.exp(-np.arange(frames) / 5) * rng.choice((-1, 1), (2, 1))
    steps = rng.normal(0, 0.25, (2, frames)) + settling
    x, y = np.cumsum(steps, axis=1)
    return x - x[0], y - y[0]


def write_movie(
    rng: np.random.Generator,
    specimen: Image.Image,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    file: Path,
) -> Path:
    """Write a movie of a specimen that moves so, in Å and pixels: the electrons that each frame counts, one
    page each of a TIFF."""
    expected = np.asarray(specimen, dtype=np.float64) / 128
    moved = (
        np.roll(expected, (round(down), round(across)), (0, 1)) for across, down in zip(x, y, strict=True)
    )
    frames = [Image.fromarray(rng.poisson(one).astype(np.uint8)) for one in moved]
    frames[0].save(file, save_all=True, append_images=frames[1:], compression="tiff_lzw")
    return file


def motion(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Total motion and its average per frame, in Å."""
    total = float(np.hypot(np.diff(x), np.diff(y)).sum())
    return total, total / (len(x) - 1)


def write_drift(x: NDArray[np.float64], y: NDArray[np.float64], file: Path) -> Path:
    """Draw the drift into an image file."""
    frame = np.arange(1, len(x) + 1, dtype=float)
    lines = [Line("x", frame, x), Line("y", frame, y)]
    return plot(file, "Specimen drift", ("frame", "Å"), lines, size=(480, 320))
