"""The facility's local time, which the database holds without an offset."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

LEEWAY = 30.0
"""Seconds by which the clocks of servers that make tokens and ours may differ."""


class Clock:
    """Tells the time in one time zone; without a name in the machine's own."""

    def __init__(self, timezone: str = "") -> None:
        self.zone = ZoneInfo(timezone) if timezone else None
        """None for the machine's own."""

    def now(self) -> datetime:
        """The present local time, naive."""
        return datetime.now(self.zone).replace(tzinfo=None)

    def local(self, time: datetime) -> datetime:
        """A time as the database holds it: one with an offset is converted, one without is taken as it is."""
        return time if time.tzinfo is None else time.astimezone(self.zone).replace(tzinfo=None)
