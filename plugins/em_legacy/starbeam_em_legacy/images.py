"""Images as a microscope and its programs write them, drawn for the demo."""

from __future__ import annotations

from collections.abc import Mapping
from math import cos
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw

SIDE = 256
"""Width and height, in pixels."""
PARTICLES = 60
RADIUS = 7


def draw(rng: Random, paths: Mapping[str, Path], number: int) -> None:
    """Write the images of a movie where `paths` says, by what they show; `number` tells them apart.

    Blocks: for threads. Raises OSError.
    """
    for kind, path in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        _IMAGES[kind](rng, number).save(path, optimize=True)


def _micrograph(rng: Random, number: int) -> Image.Image:
    """Particles in ice."""
    image = Image.linear_gradient("L").point(lambda value: 150 + value // 8)
    pen = ImageDraw.Draw(image)
    for _ in range(PARTICLES):
        x, y = rng.uniform(0, SIDE), rng.uniform(0, SIDE)
        pen.ellipse((x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS), fill=rng.randint(80, 130))
    return image


def _drift(rng: Random, number: int) -> Image.Image:
    """Where the stage went while the frames were taken."""
    image = Image.new("L", (SIDE, SIDE), 255)
    x = y = SIDE / 2
    points = [(x, y)]
    for step in range(40):
        x, y = x + rng.uniform(-4, 6) / (1 + step / 8), y + rng.uniform(-6, 4) / (1 + step / 8)
        points.append((x, y))
    ImageDraw.Draw(image).line(points, fill=0, width=2)
    return image


def _spectrum(rng: Random, number: int) -> Image.Image:
    """The rings of a power spectrum."""
    phase = number % 7
    return Image.radial_gradient("L").point(lambda value: int(127 + 120 * cos(value * value / 300 + phase)))


_IMAGES = {"micrograph": _micrograph, "corrected": _micrograph, "drift": _drift, "spectrum": _spectrum}
