"""Grid scans: which cell an image is of, and maps of what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import msgspec

from starbeam_ispyb.snapshots import Box, Frame, Placed, around, frame

VIRIDIS = ("#440154", "#46327e", "#365c8d", "#277f8e", "#1fa187", "#4ac16d", "#a0da39", "#fde725")
"""The levels of a map, the least first: the same in every theme."""
COLOURS = {
    "viridis": VIRIDIS,
    "grey": ("#000000", "#242424", "#494949", "#6d6d6d", "#929292", "#b6b6b6", "#dbdbdb", "#ffffff"),
    "magma": ("#000003", "#221150", "#5e177f", "#972c7f", "#d3426d", "#f8755c", "#febb80", "#fbfcbf"),
    "cividis": ("#00224d", "#213b6e", "#4c546c", "#6c6d72", "#8d8978", "#b1a570", "#d8c45b", "#fde737"),
}
MOST_CELLS = 20_000
"""Larger grids are not drawn."""
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


class Kind(NamedTuple):
    """A kind of value."""

    name: str
    of: Callable[[Look], float | None]
    unit: str
    digits: int
    less_is_better: bool = False
    """Such values are above 0, or there is none."""

    def value(self, look: Look) -> float | None:
        """What was found on an image."""
        value = self.of(look)
        return None if value is None or (self.less_is_better and value <= 0) else value


KINDS = {
    kind.name: kind
    for kind in (
        Kind("spots", lambda look: look.spots, "", 0),
        Kind("resolution", lambda look: look.resolution, "Å", 2, less_is_better=True),
        Kind("signal", lambda look: look.signal, "", 0),
    )
}


class Shades(NamedTuple):
    """How values are coloured: from the first colour at `low`, else the worst, to the last at `high`."""

    colours: Sequence[str] = VIRIDIS
    low: float | None = None
    high: float | None = None


_USUAL = Shades()


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
    microns: float | None = None
    """Of one pixel of it."""


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


def cells_of(grid: Grid, looks: Sequence[Look], kind: Kind | None) -> list[tuple[int, float | None]]:
    """The number of the image and the value of each cell, row by row."""
    columns = grid.columns or 0
    found: list[tuple[int, float | None]] = [(0, None)] * grid.cells
    values = {look.number: kind.value(look) for look in looks} if kind else {}
    for number in range(1, grid.cells + 1):
        if cell := cell_of(grid, number):
            found[cell[1] * columns + cell[0]] = number, values.get(number)
    return found


def draw(grid: Grid, looks: Sequence[Look], size: tuple[int, int] | None, shades: Shades = _USUAL) -> Drawing:
    """A grid with what was found in its cells."""
    places = {cell: look for look in looks if (cell := cell_of(grid, look.number)) is not None}
    maps = [_map(places, kind, shades) for kind in KINDS.values()]
    columns, rows = grid.columns or 0, grid.rows or 0
    every = ((column, row) for row in range(rows) for column in range(columns))
    hatched = _path(cell for cell in every if cell not in places)
    known = [one for one in maps if one]
    placed = frame(grid, size)
    view = around(placed, grid, size) if placed and size else None
    microns = (grid.across or 0) * 1000 / placed.across if placed else None
    return Drawing(columns, rows, known, hatched, _best(places), placed, size, view, microns)


def _best(places: Mapping[Cell, Look]) -> tuple[int, int, int, int] | None:
    found = max(places.items(), key=lambda place: place[1].spots or 0, default=None)
    if found is None or not found[1].spots:
        return None
    (column, row), look = found
    return look.spots or 0, column + 1, row + 1, look.number


def _map(places: Mapping[Cell, Look], kind: Kind, shades: Shades) -> Map | None:
    """The values of one kind."""
    values = {cell: value for cell, look in places.items() if (value := kind.value(look)) is not None}
    if not values:
        return None
    least, most = min(values.values()), max(values.values())
    worst, best = (most, least) if kind.less_is_better else (least, most)
    dark = worst if shades.low is None else shades.low
    bright = best if shades.high is None else shades.high
    by_level: dict[int, list[Cell]] = {}
    for cell, value in values.items():
        share = (value - dark) / (bright - dark) if bright != dark else float(kind.less_is_better)
        level = round(min(max(share, 0), 1) * (len(shades.colours) - 1))
        by_level.setdefault(level, []).append(cell)
    levels = [(shades.colours[level], _path(cells)) for level, cells in sorted(by_level.items())]
    return Map(kind.name, dark, bright, kind.unit, kind.digits, levels)


def _path(cells: Iterable[Cell]) -> str:
    """Cells as rectangles, neighbours in a row as one."""
    return "".join(f"M{column} {row}h{length}v1h-{length}z" for column, row, length in _runs(cells))


def _runs(cells: Iterable[Cell]) -> Iterator[tuple[int, int, int]]:
    in_order = sorted(cells, key=lambda cell: (cell[1], cell[0]))
    for (row, _), some in groupby(enumerate(in_order), lambda one: (one[1][1], one[1][0] - one[0])):
        run = [cell for _, cell in some]
        yield run[0][0], row, len(run)
