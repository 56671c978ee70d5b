"""Grid scans: which cell an image is of, and maps of what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import msgspec

from starbeam_ispyb.snapshots import Box, Frame, Placed, around, frame

VIRIDIS = ("#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725")
"""The levels of a map, the least first: the same in every theme."""
Cell = tuple[int, int]
"""Column and row, counted from 0."""


class Grid(Placed):
    """A grid as the database has it."""

    orientation: str | None
    """Along what images follow each other: `horizontal` or `vertical`."""
    snaked: bool | None


class Look(NamedTuple):
    """What a quick look at an image found."""

    number: int
    spots: int | None
    resolution: float | None
    signal: float | None


class Map(msgspec.Struct):
    """One kind of value in all cells, drawn in units of cells."""

    name: str
    dark: float
    bright: float
    """The values of the first colour and of the last: the worst and the best."""
    unit: str
    digits: int
    levels: list[tuple[str, str]]
    """Colours, with what a path of SVG is drawn by: the cells of each."""


class Drawing(msgspec.Struct):
    """What is drawn of a grid."""

    columns: int
    rows: int
    maps: list[Map]
    """Spots, resolution, signal: those that are known."""
    open: str
    """The cells that were not analysed."""
    best: tuple[int, int, int, int] | None
    """Most spots: how many, column and row counted from 1, and the number of the image."""
    frame: Frame | None
    """Nothing where the place on the snapshot is not known."""
    size: tuple[int, int] | None
    """Width and height of the snapshot, in pixels."""
    view: Box | None
    """The part of it around the grid that is shown: left, top, width, height."""


def cell_of(grid: Grid, number: int) -> Cell | None:
    """The cell that an image is of, by its number."""
    columns, rows = grid.columns or 0, grid.rows or 0
    if not 1 <= number <= columns * rows:
        return None
    down = (grid.orientation or "").lower() == "vertical"
    length = rows if down else columns
    line, place = divmod(number - 1, length)
    if grid.snaked and line % 2:
        place = length - 1 - place
    return (line, place) if down else (place, line)


def draw(grid: Grid, looks: Sequence[Look], size: tuple[int, int] | None) -> Drawing:
    """A grid with what was found in its cells."""
    places = {cell: look for look in looks if (cell := cell_of(grid, look.number)) is not None}
    maps = [
        _map(places, "spots", lambda look: look.spots, "", 0),
        _map(places, "resolution", lambda look: look.resolution, "Å", 2),
        _map(places, "signal", lambda look: look.signal, "", 0),
    ]
    columns, rows = grid.columns or 0, grid.rows or 0
    every = ((column, row) for row in range(rows) for column in range(columns))
    hatched = _path(cell for cell in every if cell not in places)
    known = [one for one in maps if one]
    placed = frame(grid, size)
    view = around(placed, grid, size) if placed and size else None
    return Drawing(columns, rows, known, hatched, _best(places), placed, size, view)


def _best(places: Mapping[Cell, Look]) -> tuple[int, int, int, int] | None:
    found = max(places.items(), key=lambda place: place[1].spots or 0, default=None)
    if found is None or not found[1].spots:
        return None
    (column, row), look = found
    return look.spots or 0, column + 1, row + 1, look.number


def _map(
    places: Mapping[Cell, Look], name: str, of: Callable[[Look], float | None], unit: str, digits: int
) -> Map | None:
    """The values of one kind; 0 and less is no resolution."""
    is_resolution = name == "resolution"
    values = {cell: value for cell, look in places.items() if (value := of(look)) is not None}
    if is_resolution:
        values = {cell: value for cell, value in values.items() if value > 0}
    if not values:
        return None
    least, most = min(values.values()), max(values.values())
    by_level: dict[int, list[Cell]] = {}
    for cell, value in values.items():
        share = (value - least) / (most - least) if most > least else 0.0
        level = round((1 - share if is_resolution else share) * (len(VIRIDIS) - 1))
        by_level.setdefault(level, []).append(cell)
    levels = [(VIRIDIS[level], _path(cells)) for level, cells in sorted(by_level.items())]
    dark, bright = (most, least) if is_resolution else (least, most)
    return Map(name, dark, bright, unit, digits, levels)


def _path(cells: Iterable[Cell]) -> str:
    """Cells as rectangles, neighbours in a row as one."""
    return "".join(f"M{column} {row}h{length}v1h-{length}z" for column, row, length in _runs(cells))


def _runs(cells: Iterable[Cell]) -> Iterator[tuple[int, int, int]]:
    in_order = sorted(cells, key=lambda cell: (cell[1], cell[0]))
    for (row, _), some in groupby(enumerate(in_order), lambda one: (one[1][1], one[1][0] - one[0])):
        run = [cell for _, cell in some]
        yield run[0][0], row, len(run)
