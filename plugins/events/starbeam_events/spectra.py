"""Energy scans and fluorescence spectra: what their files hold, and plots of it.

Plots are drawn in a square of 100 by 100 whose origin is at the top left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from starbeam.api.files import Files

LARGEST = 512 * 1024
"""How many bytes of a file are read: it has a number of lines, not of megabytes."""
POINTS = 150
"""Into how many stretches a curve is divided at most; each has its smallest and its largest value."""
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
K_ALPHA = {
    "S": 2.308, "Cl": 2.622, "K": 3.314, "Ca": 3.692, "Ti": 4.511, "V": 4.952, "Cr": 5.415, "Mn": 5.899,
    "Fe": 6.404, "Co": 6.930, "Ni": 7.478, "Cu": 8.048, "Zn": 8.639, "Ga": 9.252, "Ge": 9.886, "As": 10.544,
    "Se": 11.222, "Br": 11.924, "Rb": 13.395, "Sr": 14.165,
}  # fmt: skip
"""K-alpha lines of elements, in keV."""
NEAR, HIGH, BELOW_BEAM = 0.06, 0.03, 0.7
"""A line is there where a maximum lies so near, in keV, that is so high, as a part of the highest, and so far
below the energy of the beam, in keV, around which it is the beam that is scattered."""

Curve = Sequence[tuple[float, float]]


class Mark(msgspec.Struct):
    """A place on the horizontal axis with a name."""

    name: str
    at: float
    """How far along the axis, in hundredths."""


class Plot(msgspec.Struct):
    """A curve as a line over energies in keV; 0 or the smallest value is at the bottom."""

    first: float
    last: float
    most: float
    line: str
    """What a path of SVG is drawn by."""
    marks: list[Mark]


async def curve(files: Files, path: str | None) -> Curve:
    """The first two columns of a file of numbers, energies in keV; empty where there is no such file."""
    found = await files.run(_read, files, path) if path else []
    highest = max((x for x, _ in found), default=0)
    return [(x / 1000, y) for x, y in found] if highest > 1000 else found  # eV


def _read(files: Files, path: str) -> Curve:
    place = files.locate(path)
    if place is None:
        return []
    with files.open(place) as opened:
        text = opened.read(LARGEST).decode("latin-1")
    return sorted(_pairs(text))


def _pairs(text: str) -> Iterator[tuple[float, float]]:
    """Of each line that begins with two numbers: heads of files are words, or begin with a sign of their
    own."""
    for line in text.splitlines():
        words = line.replace(",", " ").split()
        if len(words) > 1 and all(NUMBER.fullmatch(word) for word in words[:2]):
            yield float(words[0]), float(words[1])


def plot(curve: Curve, marks: Mapping[str, float | None]) -> Plot | None:
    """A curve with places of these energies in keV; None for less than two points."""
    if len(curve) < 2 or curve[0][0] == curve[-1][0]:
        return None
    first, last = curve[0][0], curve[-1][0]
    most, least = max(y for _, y in curve), min(0, *(y for _, y in curve))
    height = (most - least) or 1
    corners = [
        f"{100 * (x - first) / (last - first):.1f} {100 - 100 * (y - least) / height:.1f}"
        for x, y in _thinned(curve)
    ]
    shown = [
        Mark(name, 100 * (at - first) / (last - first))
        for name, at in marks.items()
        if at is not None and first <= at <= last
    ]
    return Plot(first, last, most, "M" + "L".join(corners), shown)


def _thinned(curve: Curve) -> Iterator[tuple[float, float]]:
    size = -(-len(curve) // POINTS)
    for start in range(0, len(curve), size):
        part = curve[start : start + size]
        ends = {min(part, key=lambda point: point[1]), max(part, key=lambda point: point[1])}
        yield from sorted(ends)


def elements(curve: Curve, beam: float | None) -> dict[str, float]:
    """The elements whose lines a spectrum has, with the energies of these in keV."""
    highest = max((y for _, y in curve), default=0)
    found: dict[str, tuple[float, float]] = {}
    for name, line in K_ALPHA.items():
        near = [(y, x) for x, y in curve if abs(x - line) <= NEAR]
        around = [y for x, y in curve if NEAR < abs(x - line) <= 3 * NEAR]
        if near and around and (beam is None or line < beam - BELOW_BEAM):
            top, at = max(near)
            if top >= HIGH * highest and top > 1.2 * max(around) and not _is_beta(line, top, found.values()):
                found[name] = at, top
    return {name: at for name, (at, _) in found.items()}


def _is_beta(line: float, height: float, found: Iterable[tuple[float, float]]) -> bool:
    """Whether the K-beta line of an element that was found lies there, which is far lower than its K-alpha
    line."""
    return any(1.08 < line / alpha < 1.12 and height < top / 3 for alpha, top in found)
