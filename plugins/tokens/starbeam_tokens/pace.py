"""How often a log-in may be renewed. Each worker counts by itself."""

from __future__ import annotations

import time

from starbeam.api import TooMany

MOST = 30
WINDOW = 60.0
"""Seconds."""
_REMEMBERED = 10_000
"""Log-ins, before those that rest are forgotten."""


class Pace:
    """The renewals of the last minute."""

    def __init__(self) -> None:
        self._uses: dict[str, list[float]] = {}

    def check(self, family: str) -> None:
        """Count one of a log-in. Raises `TooMany`."""
        now = time.time()
        uses = [when for when in self._uses.get(family, ()) if now - WINDOW < when <= now]
        if len(uses) >= MOST:
            wait = int(uses[0] + WINDOW - now) + 1
            raise TooMany(f"This log-in is renewed too often. Please try again in {wait} seconds.", wait)
        if len(self._uses) >= _REMEMBERED:
            self._uses = {one: when for one, when in self._uses.items() if when[-1] > now - WINDOW}
        self._uses[family] = [*uses, now]
