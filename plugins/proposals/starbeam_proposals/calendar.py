"""A month as a grid of weeks, and which sessions lie where in it. Free of HTTP and SQL.

Times are the facility's, as the database holds them: a day is a date, however many hours it has.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

import msgspec

from starbeam_proposals.queries.calendar import Visit


class Bar(msgspec.Struct):
    """A session in one week."""

    visit: Visit
    day: int
    """Its first day of the week: 1 for Monday."""
    days: int
    begins: bool
    """It began in this week."""
    ends: bool


class Week(msgspec.Struct):
    """Seven days from Monday, and the sessions of them."""

    days: Sequence[date]
    bars: list[Bar]


class Month(msgspec.Struct, frozen=True):
    """A month of a year."""

    year: int
    month: int

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.first.replace(day=calendar.monthrange(self.year, self.month)[1])

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """When its first day begins, and when its last is over."""
        began = datetime(self.year, self.month, 1)
        return began, began + timedelta(days=self.last.day)

    def away(self, months: int) -> Month:
        """So many months later."""
        years, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return Month(years, month + 1)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


def read_month(text: str) -> Month | None:
    """`2026-11`, from the year 2 to 9998: there are months before and after it."""
    found = re.fullmatch(r"(\d{4})-(\d{2})", text, re.ASCII)
    if found is None:
        return None
    year, month = int(found[1]), int(found[2])
    return Month(year, month) if 1 < year < 9999 and 1 <= month <= 12 else None


def weeks(month: Month, visits: Sequence[Visit]) -> list[Week]:
    """The weeks that the month touches."""
    grid = calendar.Calendar().monthdatescalendar(month.year, month.month)
    return [Week(days, list(_bars(days[0], visits))) for days in grid]


def _bars(monday: date, visits: Sequence[Visit]) -> Iterable[Bar]:
    sunday = monday + timedelta(days=6)
    for visit in visits:
        first, last = days_of(visit)
        if first <= sunday and last >= monday:
            start, end = max(first, monday), min(last, sunday)
            place = (start - monday).days + 1, (end - start).days + 1
            yield Bar(visit, *place, begins=first >= monday, ends=last <= sunday)


def by_day(month: Month, visits: Sequence[Visit]) -> list[tuple[date, list[Visit]]]:
    """The days of the month that have sessions: one over midnight is in both days."""
    days = [month.first + timedelta(days=number) for number in range(month.last.day)]
    spans = [(visit, *days_of(visit)) for visit in visits]
    found = ((day, [visit for visit, first, last in spans if first <= day <= last]) for day in days)
    return [(day, some) for day, some in found if some]


def days_of(visit: Visit) -> tuple[date, date]:
    """Its first and its last day. What ends at midnight does not touch the next day."""
    start, end = visit.startDate, visit.endDate
    if end is None or end <= start:
        return start.date(), start.date()
    return start.date(), (end - timedelta(microseconds=1)).date()
