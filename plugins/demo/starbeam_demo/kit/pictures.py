"""What cameras and viewers show: crystals in their loops, diffraction images, micrographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from starbeam_demo.kit.drawing import save

THUMBNAIL = (176, 132)
"""How large a thumbnail is at most, in pixels."""


def crystal(rng: np.random.Generator, angle: float = 0.0, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A crystal in a loop, as the beamline's camera sees it when the goniometer stands at `angle` degrees."""
    width, height = size
    image = _lit(rng, size)
    draw = ImageDraw.Draw(image, "RGBA")
    centre = (width * 0.52, height * 0.5)
    narrow = 0.55 + 0.4 * abs(np.cos(np.radians(angle)))
    across, down = width * 0.2, height * 0.22 * narrow
    draw.line((0, centre[1], centre[0] - across, centre[1]), fill=(70, 70, 80, 255), width=9)
    loop = (centre[0] - across, centre[1] - down, centre[0] + across, centre[1] + down)
    draw.ellipse(loop, fill=(205, 215, 225, 90), outline=(80, 82, 92, 255), width=4)
    outline = _outline(rng, centre, width * 0.085, narrow)
    draw.polygon(outline, fill=(225, 228, 215, 200), outline=(95, 95, 85, 255))
    for corner in outline[::2]:
        draw.line((*centre, *corner), fill=(130, 130, 115, 140), width=2)
    draw.line((centre[0] - 12, centre[1], centre[0] + 12, centre[1]), fill=(220, 30, 30, 255))
    draw.line((centre[0], centre[1] - 12, centre[0], centre[1] + 12), fill=(220, 30, 30, 255))
    return image.filter(ImageFilter.GaussianBlur(1.1))


def micrograph(rng: np.random.Generator, side: int = 512) -> Image.Image:
    """Particles in vitreous ice, as an electron microscope's camera sees them."""
    values = 150 + 18 * (cells(rng, (12, 12), side) - 0.5)
    rows, columns = np.mgrid[:side, :side]
    for x, y, radius in zip(
        rng.uniform(0, side, 60), rng.uniform(0, side, 60), rng.normal(11, 0.8, 60), strict=True
    ):
        near = slice(max(int(y) - 20, 0), int(y) + 21), slice(max(int(x) - 20, 0), int(x) + 21)
        away = np.hypot(columns[near] - x, rows[near] - y)
        values[near] -= 22 / (1 + np.exp((away - radius) * 1.5))
    noisy = values + rng.normal(0, 14, values.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.8))


def thon_rings(rng: np.random.Generator, defocus: float, side: int = 256) -> Image.Image:
    """The power spectrum of a micrograph, with the rings of the contrast transfer; `defocus` in µm."""
    rows, columns = np.mgrid[:side, :side] - side / 2
    frequency = np.hypot(rows * 1.03, columns) / side * 0.6
    phase = np.pi * 0.0197 * frequency**2 * abs(defocus) * 1e4
    power = np.sin(phase) ** 2 * np.exp(-12 * frequency**2) + 0.25 * rng.random(frequency.shape)
    power[frequency < 0.01] = 1.0
    return Image.fromarray(np.clip(power / 1.2 * 255, 0, 255).astype(np.uint8))


def particle_class(rng: np.random.Generator, side: int = 128) -> Image.Image:
    """The average of a class of particles."""
    rows, columns = np.mgrid[:side, :side] - side / 2
    angle = np.arctan2(rows, columns)
    radius = np.hypot(rows, columns) / side
    lobes = int(rng.integers(3, 8))
    density = np.exp(-(((radius - 0.2) / 0.09) ** 2)) * (1 + 0.4 * np.cos(lobes * angle + rng.uniform(0, 6)))
    shown = 40 + 140 * density + rng.normal(0, 4, density.shape)
    return Image.fromarray(np.clip(shown, 0, 255).astype(np.uint8))


def diffraction(frame: NDArray[np.uint16], side: int = 800) -> Image.Image:
    """A detector frame as viewers show it: dark reflections on white, no larger than `side` pixels."""
    dead = frame == np.iinfo(frame.dtype).max
    shown = 255 - np.clip(frame.astype(np.float32) * 9, 0, 255)
    shown[dead] = 190
    image = Image.fromarray(shown.astype(np.uint8))
    image.thumbnail((side, side), Image.Resampling.BILINEAR)
    return image


def thumbnail(image: Image.Image, size: tuple[int, int] = THUMBNAIL) -> Image.Image:
    """A small copy."""
    small = image.copy()
    small.thumbnail(size)
    return small


def with_thumbnail(image: Image.Image, file: Path) -> list[Path]:
    """Write an image and, beside it, its thumbnail: `a/b.jpeg` and `a/bt.jpeg`."""
    small = file.with_name(f"{file.stem}t{file.suffix}")
    return [save(image, file), save(thumbnail(image), small)]


def cells(rng: np.random.Generator, shape: tuple[int, int], side: int = 0) -> NDArray[np.float64]:
    """Smooth random values from 0 to 1: rows by columns; with `side`, drawn out to a square."""
    small = Image.fromarray((rng.random(shape) * 255).astype(np.uint8))
    rows, columns = shape
    large = small.resize((side, side) if side else (columns, rows), Image.Resampling.BICUBIC)
    values: NDArray[np.float64] = np.asarray(large, dtype=np.float64) / 255
    return values


def _lit(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """A background, brighter in the middle, with the noise of the camera."""
    width, height = size
    rows, columns = np.mgrid[:height, :width]
    away = np.hypot((columns - width / 2) / width, (rows - height / 2) / height)
    grey = 178 - 70 * away**2 + rng.normal(0, 1.5, away.shape)
    channels = np.stack([grey, grey + 4, grey + 10], axis=-1)
    return Image.fromarray(np.clip(channels, 0, 255).astype(np.uint8))


def _outline(
    rng: np.random.Generator, centre: tuple[float, float], radius: float, narrow: float
) -> list[tuple[float, float]]:
    """The corners of a crystal."""
    corners = int(rng.integers(5, 8))
    angles = np.sort(rng.uniform(0, 0.5, corners) + np.arange(corners)) * 2 * np.pi / corners
    lengths = radius * rng.uniform(0.8, 1.25, corners)
    return [
        (centre[0] + float(length * np.cos(angle)), centre[1] + float(length * np.sin(angle) * narrow))
        for angle, length in zip(angles, lengths, strict=True)
    ]
