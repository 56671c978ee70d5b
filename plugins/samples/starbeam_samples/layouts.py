"""Where the positions of a container are drawn, in a square of 320 by 320."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians, sin

MIDDLE = 160


@dataclass(frozen=True)
class Spot:
    """A position: its number, and where its circle is."""

    number: int
    x: float
    y: float


@dataclass(frozen=True)
class Layout:
    """A kind of container."""

    spots: tuple[Spot, ...]
    radius: float
    """Of a position's circle."""
    letters: str = ""
    """Of the rows of a plate, from the top."""


def _ring(first: int, number: int, radius: float) -> list[Spot]:
    """Positions counter-clockwise, the first at the notch, which is at the top."""
    angles = [radians(360 / number * one) for one in range(number)]
    places = [(MIDDLE - radius * sin(angle), MIDDLE - radius * cos(angle)) for angle in angles]
    return [Spot(first + one, round(x, 1), round(y, 1)) for one, (x, y) in enumerate(places)]


def _wells(rows: int, columns: int) -> list[Spot]:
    """Positions of a plate, row by row from A1."""
    return [
        Spot(row * columns + column + 1, 44 + column * 24, 34 + row * 24)
        for row in range(rows)
        for column in range(columns)
    ]


UNIPUCK = Layout((*_ring(1, 5, 58), *_ring(6, 11, 122)), 20)
SPINE = Layout(tuple(_ring(1, 10, 115)), 24)
PLATE = Layout(tuple(_wells(8, 12)), 11, "ABCDEFGH")

LAYOUTS = {
    "unipuck": UNIPUCK,
    "spine": SPINE,
    "spinepuck": SPINE,
    "spineplus": SPINE,
    "plate96": PLATE,
    "96wellplate": PLATE,
    "crystalquickx": PLATE,
}


def layout_of(container_type: str | None) -> Layout | None:
    """How a container of this type is drawn; None for types that are not known: no picture is better than a
    wrong one."""
    return LAYOUTS.get(re.sub(r"\W|_", "", container_type or "").casefold())


def positions_of(container_type: str | None, capacity: int | None) -> int | None:
    """How many positions a container has; None where nobody knows."""
    layout = layout_of(container_type)
    return capacity or (len(layout.spots) if layout else None)


def odd_positions(locations: Sequence[int | None], layout: Layout | None) -> dict[int, str]:
    """What is wrong with positions that samples of one container have, for those where something is."""
    numbers = [one for one in locations if one is not None]
    known = {spot.number for spot in layout.spots} if layout else {*numbers}
    wrong = {one: "held twice" for one in numbers if numbers.count(one) > 1}
    return wrong | {one: "no such position" for one in numbers if one not in known}
