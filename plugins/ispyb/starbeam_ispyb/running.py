"""Whether a data collection goes on. Nothing else decides it."""

from __future__ import annotations

from datetime import datetime, timedelta

RUNNING = "running"
"""The status of one that goes on, where it has any."""
AT_LEAST = timedelta(hours=2)
"""How long one without an end may take, whatever it should take."""
AT_MOST = timedelta(days=30)
LATE = timedelta(minutes=20)
"""How long after the end of a session its pages still wait for news."""
AFTER = timedelta(minutes=10)
"""How long after the end of a data collection what is found at once is still coming in, as a rule."""


def seconds(images: int | None, exposure: float | None) -> float:
    """How long so many images should take, each of them so many seconds."""
    return (images or 0) * (exposure or 0)


def is_open(end: datetime | None, status: str | None) -> bool:
    """Whether nobody noted that it is over."""
    return end is None and (status or RUNNING).strip().casefold() == RUNNING


def runs(
    start: datetime | None, end: datetime | None, status: str | None, lasts: float | None, now: datetime
) -> bool:
    """Whether what should last so many seconds is not over. One that has no end for three times as long, and
    for two hours, is taken to have none recorded."""
    if start is None or not is_open(end, status):
        return False
    longest = min(3 * (lasts or 0), AT_MOST.total_seconds())
    return now - start <= max(AT_LEAST, timedelta(seconds=longest))


def may_go_on(end: datetime | None, now: datetime) -> bool:
    """Whether something may still happen in a session that ends then."""
    return end is None or end >= now - LATE
