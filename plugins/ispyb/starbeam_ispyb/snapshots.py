"""Where grids lie on the snapshots of data collections."""

from __future__ import annotations

from typing import Any

import msgspec
from PIL import Image, UnidentifiedImageError

from starbeam.api.files import Files
from starbeam_ispyb.models import DataCollection, GridInfo


class Placed(msgspec.Struct):
    """A grid as the database has it."""

    across: float | None
    down: float | None
    """Size of a cell, in mm."""
    columns: int | None
    rows: int | None
    microns_per_pixel: float | None
    pixels_per_micron: float | None
    left: float | None
    top: float | None
    """Where the grid begins on the snapshot, in pixels."""
    snapshot: str | None
    """Its path."""

    @property
    def cells(self) -> int:
        """How many there are."""
        return (self.columns or 0) * (self.rows or 0)


PLACED: dict[str, Any] = {
    "across": GridInfo.dx_mm,
    "down": GridInfo.dy_mm,
    "columns": GridInfo.steps_x,
    "rows": GridInfo.steps_y,
    "microns_per_pixel": GridInfo.micronsPerPixelX,
    "pixels_per_micron": GridInfo.pixelspermicronX,
    "left": GridInfo.snapshot_offsetXPixel,
    "top": GridInfo.snapshot_offsetYPixel,
    "snapshot": DataCollection.xtalSnapshotFullPath1,
}
"""The columns of what is in `Placed`, of a grid and its data collection."""


class Frame(msgspec.Struct):
    """Where a grid lies on a snapshot, in its pixels."""

    left: float
    top: float
    across: float
    down: float
    """Of one cell."""


Box = tuple[float, float, float, float]
"""A part of a snapshot: left, top, width, height."""


def frame(grid: Placed, size: tuple[int, int] | None) -> Frame | None:
    """Where the grid lies. Sites mix up microns per pixel and pixels per micron: what does not fit on the
    snapshot is read the other way round."""
    scale = grid.pixels_per_micron
    if grid.microns_per_pixel:
        scale = 1 / grid.microns_per_pixel
    if size is None or not scale or not grid.cells or not grid.across or not grid.down:
        return None
    for pixels in (scale, 1 / scale):
        found = Frame(grid.left or 0, grid.top or 0, grid.across * 1000 * pixels, grid.down * 1000 * pixels)
        if _fits(found, grid, size):
            return found
    return None


def _fits(frame: Frame, grid: Placed, size: tuple[int, int]) -> bool:
    right = frame.left + frame.across * (grid.columns or 0)
    bottom = frame.top + frame.down * (grid.rows or 0)
    return frame.left >= 0 and frame.top >= 0 and right <= size[0] and bottom <= size[1]


def around(frame: Frame, grid: Placed, size: tuple[int, int]) -> Box:
    """Three times the grid, as wide for its height as the snapshot, and within that."""
    across, down = frame.across * (grid.columns or 0), frame.down * (grid.rows or 0)
    share = min(1, 3 * max(across / size[0], down / size[1]))
    width, height = share * size[0], share * size[1]
    left = min(max(0, frame.left + (across - width) / 2), size[0] - width)
    top = min(max(0, frame.top + (down - height) / 2), size[1] - height)
    return left, top, width, height


async def size(files: Files, path: str | None) -> tuple[int, int] | None:
    """Width and height of a picture, in pixels; nothing where it is not there, or is none."""
    return await files.run(_size, files, path) if path else None


def _size(files: Files, path: str) -> tuple[int, int] | None:
    place = files.locate(path)
    if place is None:
        return None
    try:
        with files.open(place) as opened, Image.open(opened, formats=("PNG", "JPEG")) as picture:
            return picture.size
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError):
        return None
