"""What somebody was told of, and what has changed since.

The id of a message says how things were: for each hour in which events began, a number that their marks add
up to. Who comes back with it is told of the events of the hours whose numbers are others now, by any worker.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from starbeam_events.schemas import Change

_HOUR = timedelta(hours=1)
_BEGAN = datetime(1970, 1, 1)
_PART = re.compile(r"([0-9a-f]{1,8})\.([0-9a-f]{8})")


class Told(NamedTuple):
    """An event, and the mark that it had."""

    change: Change
    mark: int

    @property
    def hour(self) -> int:
        """In which it began."""
        return (self.change.startTime - _BEGAN) // _HOUR

    @property
    def number(self) -> int:
        """What it adds to the number of its hour."""
        return zlib.crc32(f"{self.change.key} {self.mark}".encode())


class Marks:
    """The events that somebody sees, as they were when last looked at."""

    def __init__(self) -> None:
        self._told: dict[str, Told] = {}
        self._hours: Counter[int] = Counter()

    def take(self, found: Iterable[Told], sessions: Collection[int] | None = None) -> list[Change]:
        """Note all events of these sessions, by default of all. Those that are new or have changed."""
        now = {one.change.key: one for one in found}
        gone = [one for key, one in self._told.items() if key not in now]
        for one in gone:
            if sessions is None or one.change.sessionId in sessions:
                self._forget(one)
        changed = [one for key, one in now.items() if self._told.get(key) != one]
        for one in changed:
            if before := self._told.get(one.change.key):
                self._forget(before)
            self._told[one.change.key] = one
            self._hours[one.hour] += one.number
        return [one.change for one in sorted(changed, key=_order)]

    def _forget(self, one: Told) -> None:
        del self._told[one.change.key]
        self._hours[one.hour] -= one.number

    @property
    def id(self) -> str:
        """How things are, in a word."""
        hours = sorted(self._numbers().items())
        return "-".join(f"{hour:x}.{number:08x}" for hour, number in hours) or "0"

    def since(self, id: str) -> list[Change]:
        """What is new or changed since this was the id: too much rather than too little, all where it is none
        of ours."""
        before = {int(hour, 16): int(number, 16) for hour, number in _PART.findall(id)}
        hours = {hour for hour, number in self._numbers().items() if before.get(hour) != number}
        return [one.change for one in sorted(self._told.values(), key=_order) if one.hour in hours]

    def _numbers(self) -> Mapping[int, int]:
        return {hour: number & 0xFFFFFFFF for hour, number in self._hours.items() if number}


def _order(one: Told) -> tuple[datetime, str]:
    return one.change.startTime, one.change.key
