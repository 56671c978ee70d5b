"""Plots of what was found in movies, drawn in a square of 100 by 100 whose origin is at the top left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil
from statistics import median
from typing import NamedTuple

from msgspec import Struct

from starbeam_em_legacy.queries.movies import Measured

BARS = 24
POINTS = 300
"""The most that a plot has."""


class Cut(Struct, frozen=True):
    """What a good movie has at most: resolution and motion, in Å."""

    resolution: float
    motion: float | None = None

    def passes(self, movie: Measured) -> bool:
        """Whether a movie is good: one without a value is not."""
        return _at_most(movie.resolution, self.resolution) and (
            self.motion is None or _at_most(movie.motion, self.motion)
        )


def _at_most(value: float | None, limit: float) -> bool:
    return value is not None and value <= limit


class Summary(NamedTuple):
    """How good movies are."""

    movies: int
    corrected: int
    fitted: int
    passing: int
    resolution: float | None
    motion: float | None
    """Medians."""

    @property
    def share(self) -> float | None:
        """Of those with a CTF, how many in a hundred pass."""
        return 100 * self.passing / self.fitted if self.fitted else None


def summary(movies: Sequence[Measured], cut: Cut) -> Summary:
    """Of these movies."""
    return Summary(
        len(movies),
        sum(one.corrected for one in movies),
        sum(one.fitted for one in movies),
        sum(map(cut.passes, movies)),
        _median(one.resolution for one in movies),
        _median(one.motion for one in movies),
    )


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


class Bar(NamedTuple):
    """A bar of a histogram: where it begins, and how high it is."""

    x: str
    height: str


class Histogram(NamedTuple):
    """How many movies have which value. The last bar counts what lies above, too."""

    low: float
    high: float
    bars: list[Bar]
    width: str
    most: int
    cut: str | None
    """Where the limit is, when it lies within."""


def histogram(values: Iterable[float | None], limit: float | None = None) -> Histogram | None:
    """Of values from the lowest to one that 98 in a hundred do not pass."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return None
    low, high = known[0], known[ceil(0.98 * (len(known) - 1))]
    if high <= low:
        low, high = low - 0.5, low + 0.5
    counts = [0] * BARS
    for value in known:
        counts[min(int((value - low) / (high - low) * BARS), BARS - 1)] += 1
    most = max(counts)
    bars = [Bar(_hundredths(n, BARS), _hundredths(count, most)) for n, count in enumerate(counts) if count]
    within = limit is not None and low < limit < high
    cut = _hundredths((limit or 0) - low, high - low) if within else None
    return Histogram(low, high, bars, _hundredths(0.88, BARS), most, cut)


class Point(NamedTuple):
    """A movie in a plot."""

    id: int
    number: int | None
    value: float
    x: str
    y: str


class Scatter(NamedTuple):
    """A value by movie, the best at the top; of many movies the best and the worst of each stretch."""

    points: list[Point]
    first: int | None
    last: int | None
    best: float
    worst: float
    cut: str | None


def scatter(movies: Sequence[Measured], name: str, limit: float | None = None) -> Scatter | None:
    """Of the value of this name; low is good."""
    known = [
        (place, one, value) for place, one in enumerate(movies) if (value := getattr(one, name)) is not None
    ]
    if not known:
        return None
    values = sorted(value for _, _, value in known)
    best, worst = values[0], values[ceil(0.98 * (len(values) - 1))]
    worst = worst if worst > best else best + 1
    points = [
        Point(
            one.movieId,
            one.movieNumber,
            value,
            _hundredths(place, max(len(movies) - 1, 1)),
            _hundredths(min(value, worst) - best, worst - best),
        )
        for place, one, value in _thinned(known)
    ]
    within = limit is not None and best < limit < worst
    cut = _hundredths((limit or 0) - best, worst - best) if within else None
    return Scatter(points, movies[0].movieNumber, movies[-1].movieNumber, best, worst, cut)


Known = tuple[int, Measured, float]


def _thinned(known: Sequence[Known]) -> list[Known]:
    """At most `POINTS`: the lowest and the highest of each stretch."""
    if len(known) <= POINTS:
        return list(known)
    size = -(-len(known) * 2 // POINTS)
    kept = []
    for start in range(0, len(known), size):
        stretch = known[start : start + size]
        ends = {min(stretch, key=lambda one: one[2])[0], max(stretch, key=lambda one: one[2])[0]}
        kept += [one for one in stretch if one[0] in ends]
    return kept


def _hundredths(value: float, whole: float) -> str:
    return f"{round(100 * value / whole, 1):g}"
