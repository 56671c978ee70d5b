"""The plot of a data collection's images, drawn in a square of 100 by 100 whose origin is at the top left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

import msgspec

from starbeam_datacollections.queries.curves import Stretch


class Plot(msgspec.Struct):
    """Spots as a line, resolution as dots; up is better for both."""

    first: int
    last: int
    most: int | None
    """Spots at the top; none are at the bottom."""
    best: float | None
    worst: float | None
    """Resolution at the top and at the bottom, in Å."""
    line: str
    dots: str
    """What paths of SVG are drawn by."""


def plot(stretches: Sequence[Stretch]) -> Plot | None:
    """Of stretches in order: those of several images stand in their middle. None where nothing was found."""
    most = max((one.most for one in stretches if one.most is not None), default=None)
    best = min((one.best for one in stretches if one.best is not None), default=None)
    worst = max((one.worst for one in stretches if one.worst is not None), default=None)
    if most is None and best is None:
        return None
    first, last = stretches[0].first, stretches[-1].last
    across = [f"{round(_share((one.first + one.last) / 2, first, last), 1):g}" for one in stretches]
    spots = [_heights((one.fewest, one.most), 0, most or 1) for one in stretches]
    limits = [_heights((one.worst, one.best), worst or 0, best or 0) for one in stretches]
    line = _line(zip(across, spots, strict=True))
    return Plot(first, last, most, best, worst, line, _dots(zip(across, limits, strict=True)))


def _share(value: float, start: float, end: float) -> float:
    """How much of the way from start to end a value has gone, in hundredths; half of no way."""
    return 100 * abs(value - start) / abs(end - start) if end != start else 50


def _heights(values: Iterable[float | None], bottom: float, top: float) -> list[str]:
    """Of the values that there are, each once and whole: pages have many."""
    known = (value for value in values if value is not None)
    return list(dict.fromkeys(f"{_share(value, top, bottom):.0f}" for value in known))


def _line(places: Iterable[tuple[str, list[str]]]) -> str:
    """Broken where there is no value; a value alone is a dash."""
    words = []
    for known, run in groupby(places, key=lambda place: bool(place[1])):
        if known:
            corners = [f"{x} {'V'.join(heights)}" for x, heights in run]
            words.append("M" + "L".join(corners) + ("h1" if len(corners) == 1 else ""))
    return "".join(words)


def _dots(places: Iterable[tuple[str, list[str]]]) -> str:
    return "".join(f"M{x} {y}h.01" for x, heights in places for y in heights)
