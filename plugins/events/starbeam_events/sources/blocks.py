"""Where in a table without an index on time the rows of a time lie.

Rows are written about as they happen, so keys follow times but for some. Each hundred keys are summed up by
their earliest and latest start; from these comes a range of keys outside of which nothing starts in a time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from starbeam_events.sources.base import Query, in_text

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

SIZE = 100
"""Keys of a block."""
Block = tuple[int, int, str | None, str | None]
"""First and last key, earliest and latest start."""


def blocks(key: ColumnElement[int], start: ColumnElement[Any]) -> Query:
    """The blocks of a table."""
    times = in_text(func.min(start)).label("earliest"), in_text(func.max(start)).label("latest")
    ends = func.min(key).label("first"), func.max(key).label("last")
    return select(*ends, *times).group_by(key - key % SIZE)


class Blocks:
    """The blocks of a table, as last read. Keys that have come since are in every range."""

    def __init__(self, found: Iterable[Block]) -> None:
        ordered = sorted(found)
        self._firsts: Sequence[int] = [first for first, *_ in ordered]
        self._lasts: Sequence[int] = [last for _, last, *_ in ordered]
        latest = (latest or "" for *_, latest in ordered)
        self._latest = list(accumulate(latest, max))
        """The latest start up to each block."""
        earliest = (earliest or "~" for *_, earliest, _ in reversed(ordered))
        self._earliest = list(accumulate(earliest, min))[::-1]
        """The earliest start from each block on."""

    @property
    def last(self) -> int:
        """The highest key that was there."""
        return self._lasts[-1] if self._lasts else 0

    def since(self, start: str) -> int:
        """A key below which nothing starts then or later."""
        place = bisect_left(self._latest, start)
        return self._firsts[place] if place < len(self._firsts) else self.last + 1

    def until(self, start: str) -> int:
        """A key above which, up to `last`, nothing starts then or earlier."""
        place = bisect_right(self._earliest, start)
        return self._lasts[place - 1] if place else 0
