"""What happened when, as lanes: what a page draws of the history. Free of HTTP and SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from starbeam_stats.schemas import BreakdownPoint

LANES = {
    "session": ("session", "f5"),
    "robot": ("robot", "f3"),
    "centring": ("centring", "f4"),
    "dc": ("collection", "f1"),
    "strategy": ("strategy", "f2"),
    "edge": ("energy scan", "f3"),
    "xrf": ("XRF spectrum", "f4"),
    "fault": ("fault", "f-bad"),
}
"""The word and the colour of each kind, in order."""
WIDE = 1000
"""How wide a lane is."""
NEAR = 1
"""What lies nearer than that is one mark: a lane has some hundred, however much happened."""
STEPS = [
    *(timedelta(minutes=minutes) for minutes in (5, 10, 15, 30)),
    *(timedelta(hours=hours) for hours in (1, 2, 3, 6, 12)),
    *(timedelta(days=days) for days in (1, 2, 7, 14, 28, 91, 365)),
]
MOST_TICKS = 8


class Happened(BreakdownPoint):
    """A span of the history with what else is known of it."""

    dataCollectionId: int | None = None
    energy: float | None = None
    beamSizeAtSampleX: float | None = None
    beamSizeAtSampleY: float | None = None
    chiStart: float | None = None
    phiStart: float | None = None
    kappaStart: float | None = None

    @property
    def failed(self) -> bool:
        """Whether it has a status that says no success."""
        return self.eventType == "fault" or ("success" not in self.status.lower() if self.status else False)


class Mark(msgspec.Struct):
    """Something in a lane, between 0 and `WIDE`."""

    x: float
    width: float
    failed: bool
    first: Happened
    last: Happened
    count: int = 1


class Lane(msgspec.Struct):
    """All of one kind."""

    kind: str
    word: str
    colour: str
    marks: list[Mark]


class Window(msgspec.Struct, frozen=True):
    """The time that is shown."""

    start: datetime
    end: datetime

    def place(self, time: datetime) -> float:
        """Where a time lies, between 0 and `WIDE`."""
        share = (time - self.start) / (self.end - self.start)
        return WIDE * min(max(share, 0), 1)

    def moved(self, times: int) -> Window:
        """So many times its length later."""
        away = times * (self.end - self.start)
        return Window(self.start + away, self.end + away)

    def ticks(self) -> list[tuple[float, datetime]]:
        """Round times and where they lie."""
        length = self.end - self.start
        step = next((one for one in STEPS if length / one <= MOST_TICKS), length)
        midnight = self.start.replace(hour=0, minute=0, second=0, microsecond=0)
        first = -((midnight - self.start) // step)
        times = (midnight + (first + number) * step for number in range(MOST_TICKS + 1))
        return [(self.place(time), time) for time in times if self.start <= time <= self.end]


def whole(history: Sequence[Happened], start: datetime | None, end: datetime | None) -> Window | None:
    """From the first to the last, and what it is about; None of nothing."""
    starts = [*(one.startTime for one in history), *([start] if start else [])]
    ends = [*(one.endTime for one in history), *([end] if end else [])]
    if not starts or not ends or min(starts) >= max(ends):
        return None
    return Window(min(starts), max(ends))


def window(whole: Window, hours: int | None, until: datetime | None) -> Window:
    """So many hours of it, up to a time: the last ones without; all of it without hours."""
    if hours is None or timedelta(hours=hours) >= whole.end - whole.start:
        return whole
    end = max(min(until or whole.end, whole.end), whole.start + timedelta(hours=hours))
    return Window(end - timedelta(hours=hours), end)


def lanes(history: Sequence[Happened], shown: Window) -> list[Lane]:
    """The kinds that there are, with what lies in the time that is shown."""
    there = {one.eventType for one in history}
    return [
        Lane(kind, word, colour, list(_marks([one for one in history if one.eventType == kind], shown)))
        for kind, (word, colour) in LANES.items()
        if kind in there
    ]


def _marks(history: Sequence[Happened], shown: Window) -> Iterator[Mark]:
    inside = (one for one in history if one.startTime <= shown.end and one.endTime >= shown.start)
    last: Mark | None = None
    for one in sorted(inside, key=lambda one: one.startTime):
        x, end = shown.place(one.startTime), shown.place(max(one.endTime, one.startTime))
        if last and last.failed == one.failed and x - (last.x + last.width) < NEAR:
            last.width = max(last.width, end - last.x)
            last.last, last.count = one, last.count + 1
            continue
        if last:
            yield last
        last = Mark(x, max(end - x, NEAR), one.failed, one, one)
    if last:
        yield last
