"""Detector frames of a crystal that rotates in an X-ray beam: reflections of a lattice on the Ewald sphere,
over the scattering of air and water."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MODULE, GAP = 256, 8
"""Rows of pixels of a detector module, and of the gap to the next."""
DEAD = 65535
"""The value of pixels that do not count: gaps between modules."""
_THICKNESS = 0.0035
"""How far from the Ewald sphere a reflection still shows, in 1/Å: mosaicity and bandwidth together."""
_LOW, HIGH = 40.0, 1.8
"""The resolution range of reflections, in Å."""


@dataclass(frozen=True)
class Geometry:
    """A flat detector in the beam."""

    width: int
    height: int
    """In pixels."""
    pixel_size: float
    """In m."""
    distance: float
    """From sample to detector, in m."""
    wavelength: float
    """In Å."""
    beam: tuple[float, float]
    """Where the direct beam hits, in pixels."""

    @classmethod
    def centred(
        cls, width: int, height: int, *, pixel_size: float, distance: float, wavelength: float
    ) -> Geometry:
        """The beam hits the middle of the detector."""
        return cls(width, height, pixel_size, distance, wavelength, (width / 2, height / 2))


@dataclass(frozen=True)
class Rotation:
    """A series of frames."""

    start: float
    width: float
    """In degrees."""
    images: int


def frames(
    rng: np.random.Generator,
    geometry: Geometry,
    rotation: Rotation,
    cell: tuple[float, float, float] = (78.9, 78.9, 37.1),
    counts: float = 900.0,
) -> Iterator[NDArray[np.uint16]]:
    """The frames: rows by columns, photons in each pixel. `cell` is in Å, `counts` the strongest reflection's
    photons."""
    background, dead = _background(geometry), _gaps(geometry)
    reflections, intensities = _lattice(rng, cell)
    for number in range(rotation.images):
        angle = np.radians(rotation.start + (number + 0.5) * rotation.width)
        expected = background.copy()
        _add_spots(expected, geometry, _turned(reflections, angle), intensities * counts)
        frame = np.minimum(rng.poisson(expected), DEAD - 1).astype(np.uint16)
        frame[dead] = DEAD
        yield frame


def _lattice(
    rng: np.random.Generator, cell: tuple[float, float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Reciprocal vectors of a randomly oriented orthogonal lattice in 1/Å, and their intensities up to 1."""
    highest = [int(length / HIGH) for length in cell]
    axes = [np.arange(-n, n + 1) for n in highest]
    vectors = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3) / np.asarray(cell)
    length = np.linalg.norm(vectors, axis=1)
    kept = (length > 1 / _LOW) & (length < 1 / HIGH)
    strength = rng.exponential(0.25, kept.sum()) * np.exp(-8.0 * length[kept] ** 2)
    orientation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return vectors[kept] @ orientation, strength


def _turned(vectors: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    """Turned about the vertical axis."""
    cosine, sine = np.cos(angle), np.sin(angle)
    x, y, z = vectors.T
    return np.stack([cosine * x + sine * z, y, cosine * z - sine * x], axis=1)


def _add_spots(
    image: NDArray[np.float64],
    geometry: Geometry,
    vectors: NDArray[np.float64],
    intensities: NDArray[np.float64],
) -> None:
    """Add the reflections that lie on the Ewald sphere, each spread over 5 by 5 pixels."""
    radius = 1 / geometry.wavelength
    scattered = vectors + np.array([0.0, 0.0, radius])
    off = np.linalg.norm(scattered, axis=1) - radius
    shown = (np.abs(off) < 2 * _THICKNESS) & (scattered[:, 2] > 0.1 * radius)
    hit, weight = scattered[shown], intensities[shown] * np.exp(-((off[shown] / _THICKNESS) ** 2))
    scale = geometry.distance / geometry.pixel_size / hit[:, 2]
    x, y = geometry.beam[0] + hit[:, 0] * scale, geometry.beam[1] + hit[:, 1] * scale
    inside = (x > 3) & (x < geometry.width - 4) & (y > 3) & (y < geometry.height - 4)
    x, y, weight = x[inside], y[inside], weight[inside]
    column, row = np.rint(x).astype(int), np.rint(y).astype(int)
    for across in range(-2, 3):
        for down in range(-2, 3):
            distance = (column + across - x) ** 2 + (row + down - y) ** 2
            np.add.at(image, (row + down, column + across), weight * np.exp(-distance / 1.2))


def resolution(geometry: Geometry) -> NDArray[np.float64]:
    """The resolution in Å at each pixel: rows by columns."""
    rows, columns = np.ogrid[: geometry.height, : geometry.width]
    away = np.hypot(columns - geometry.beam[0], rows - geometry.beam[1]) * geometry.pixel_size
    angle = np.arctan2(np.maximum(away, 1e-9), geometry.distance)
    spacing: NDArray[np.float64] = geometry.wavelength / (2 * np.sin(angle / 2))
    return spacing


def _background(geometry: Geometry) -> NDArray[np.float64]:
    """Photons of air, a diffuse ring of water at 3.3 Å, and the shadow of the beam stop."""
    s = 1 / resolution(geometry)
    scattered = 9 * np.exp(-3.5 * s) + 7 * np.exp(-(((s - 1 / 3.3) / 0.05) ** 2)) + 0.4
    return np.where(s < 1 / _LOW, 0.05, scattered)


def _gaps(geometry: Geometry) -> NDArray[np.bool_]:
    """Which pixels lie between modules."""
    rows = np.arange(geometry.height) % (MODULE + GAP) >= MODULE
    return np.broadcast_to(rows[:, None], (geometry.height, geometry.width))
