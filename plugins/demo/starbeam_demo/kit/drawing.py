"""Plots, drawn with Pillow: axes, lines, labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd")
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 16, 28, 40
_INK, _GRID = "#333333", "#dddddd"


@dataclass(frozen=True)
class Line:
    """One curve of a plot."""

    label: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]


@dataclass(frozen=True)
class Mark:
    """A place on the axis that has a name."""

    label: str
    x: float


def plot(
    file: Path,
    title: str,
    axes: tuple[str, str],
    lines: Sequence[Line],
    marks: Sequence[Mark] = (),
    size: tuple[int, int] = (640, 420),
) -> Path:
    """Draw lines over axes into an image file; the format is that of the file's ending."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=11)
    across = _range([line.x for line in lines])
    up = _range([line.y for line in lines], margin=0.06)
    box = (_LEFT, _TOP, size[0] - _RIGHT, size[1] - _BOTTOM)

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            box[0] + (x - across[0]) / (across[1] - across[0]) * (box[2] - box[0]),
            box[3] - (y - up[0]) / (up[1] - up[0]) * (box[3] - box[1]),
        )

    for tick in _ticks(*across):
        x, _ = place(tick, up[0])
        draw.line((x, box[1], x, box[3]), fill=_GRID)
        draw.text((x, box[3] + 5), f"{tick:g}", fill=_INK, font=font, anchor="ma")
    for tick in _ticks(*up):
        _, y = place(across[0], tick)
        draw.line((box[0], y, box[2], y), fill=_GRID)
        draw.text((box[0] - 5, y), f"{tick:g}", fill=_INK, font=font, anchor="rm")
    for mark in marks:
        x, _ = place(mark.x, up[0])
        draw.line((x, box[1] + 14, x, box[3]), fill="#999999")
        draw.text((x, box[1] + 2), mark.label, fill=_INK, font=font, anchor="ma")
    for number, line in enumerate(lines):
        colour = COLOURS[number % len(COLOURS)]
        points = [place(x, y) for x, y in zip(line.x.tolist(), line.y.tolist(), strict=True)]
        draw.line(points, fill=colour, width=2)
        if len(lines) > 1:
            draw.text((box[2] - 4, box[1] + 4 + 14 * number), line.label, fill=colour, font=font, anchor="ra")
    draw.rectangle(box, outline=_INK)
    draw.text((size[0] / 2, 8), title, fill=_INK, font=font, anchor="ma")
    draw.text(((box[0] + box[2]) / 2, size[1] - 6), axes[0], fill=_INK, font=font, anchor="md")
    draw.text((6, 8), axes[1], fill=_INK, font=font)
    save(image, file)
    return file


def save(image: Image.Image, file: Path) -> Path:
    """Write an image in the format of the file's ending."""
    if file.suffix.lower() in (".jpg", ".jpeg"):
        image.convert("RGB").save(file, quality=82)
    else:
        image.save(file)
    return file


def _range(values: Sequence[NDArray[np.float64]], margin: float = 0.0) -> tuple[float, float]:
    low = min(float(one.min()) for one in values)
    high = max(float(one.max()) for one in values)
    room = (high - low or 1.0) * margin
    return low - room, (high if high > low else low + 1.0) + room


def _ticks(low: float, high: float) -> list[float]:
    """About six round numbers in between."""
    rough = (high - low) / 6
    power = 10 ** np.floor(np.log10(rough))
    step = float(next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough))
    first = int(np.ceil(low / step))
    return [round(step * number, 10) for number in range(first, int(high / step) + 1) if low <= step * number]
