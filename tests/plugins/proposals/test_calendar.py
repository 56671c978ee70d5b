"""The calendar: where sessions lie in a month, and who sees them there."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from typing import Any

import pytest

from plugins.proposals.conftest import GROUPS, Facility
from starbeam.db.models import AdminVar
from starbeam_ispyb import models as m
from starbeam_proposals.calendar import Month, by_day, days_of, read_month, weeks
from starbeam_proposals.queries.calendar import Visit
from starbeam_testing.app import Statements
from starbeam_testing.fixtures import MakeApp
from support.pages import OPEN, Visitor, text_of

pytestmark = pytest.mark.anyio

MARCH = Month(2026, 3)
"""From Sunday the 1st to Tuesday the 31st; clocks change on the 29th, in Europe."""


def visit(start: datetime, end: datetime | None) -> Visit:
    return Visit(1, "mx1-1", "mx1", "Kinase", "id29", start, end)


def places(one: Visit, month: Month = MARCH) -> list[tuple[int, int, int, bool, bool]]:
    """Week of the month, day of the week, days; whether it begins and ends there."""
    return [
        (number, bar.day, bar.days, bar.begins, bar.ends)
        for number, week in enumerate(weeks(month, [one]))
        for bar in week.bars
    ]


def test_a_month_is_whole_weeks_from_monday() -> None:
    found = weeks(MARCH, [])
    assert [week.days[0] for week in found] == [
        date(2026, 2, 23),
        *(date(2026, 3, day) for day in (2, 9, 16, 23, 30)),
    ]
    assert MARCH.bounds == (datetime(2026, 3, 1), datetime(2026, 4, 1))
    assert (str(MARCH.away(-3)), str(MARCH.away(10))) == ("2025-12", "2027-01")
    assert Month(2028, 2).last == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        # a Tuesday, within a day
        (datetime(2026, 3, 10, 9), datetime(2026, 3, 10, 17), [(2, 2, 1, True, True)]),
        # over midnight
        (datetime(2026, 3, 10, 16), datetime(2026, 3, 11, 8), [(2, 2, 2, True, True)]),
        # to midnight: not a minute of Wednesday
        (datetime(2026, 3, 10, 9), datetime(2026, 3, 11), [(2, 2, 1, True, True)]),
        # over Sunday, when clocks change: Saturday 23:00 to Monday 03:00
        (
            datetime(2026, 3, 28, 23),
            datetime(2026, 3, 30, 3),
            [(4, 6, 2, True, False), (5, 1, 1, False, True)],
        ),
        # within the hour that there is not
        (datetime(2026, 3, 29, 2, 30), datetime(2026, 3, 29, 2, 45), [(4, 7, 1, True, True)]),
        # from February, whose days are in the same week
        (datetime(2026, 2, 27, 9), datetime(2026, 3, 2, 8), [(0, 5, 3, True, False), (1, 1, 1, False, True)]),
        # without an end, or one before the start: its first day
        (datetime(2026, 3, 31, 9), None, [(5, 2, 1, True, True)]),
        (datetime(2026, 3, 31, 9), datetime(2026, 3, 30), [(5, 2, 1, True, True)]),
    ],
)
def test_where_a_session_lies(start: datetime, end: datetime | None, found: Any) -> None:
    assert places(visit(start, end)) == found


def test_a_session_over_a_months_end_is_in_both() -> None:
    one = visit(datetime(2026, 3, 31, 16), datetime(2026, 4, 2, 8))
    assert places(one) == [(5, 2, 3, True, True)]
    assert places(one, Month(2026, 4)) == [(0, 2, 3, True, True)]
    assert [day for day, _ in by_day(MARCH, [one])] == [date(2026, 3, 31)]
    assert [day for day, _ in by_day(Month(2026, 4), [one])] == [date(2026, 4, 1), date(2026, 4, 2)]


def test_each_day_has_its_sessions() -> None:
    long = visit(datetime(2026, 3, 30, 9), datetime(2026, 4, 1))
    short = visit(datetime(2026, 3, 31, 9), datetime(2026, 3, 31, 17))
    assert by_day(MARCH, [long, short]) == [(date(2026, 3, 30), [long]), (date(2026, 3, 31), [long, short])]
    assert days_of(long) == (date(2026, 3, 30), date(2026, 3, 31))


def test_what_a_month_is_called() -> None:
    assert read_month("2026-03") == MARCH
    for text in ("2026-13", "2026-00", "0001-01", "9999-12", "2026-3", "2026-03-01", "٢٠٢٦-03", "now", ""):
        assert read_month(text) is None, text


async def opened(make_app: MakeApp, *permissions: str) -> tuple[Facility, Visitor]:
    """A facility, and somebody who has logged in on the tenth of March."""
    app = await make_app("auth_dummy", "ispyb", "proposals", "web", **OPEN)
    app.set_time(datetime(2026, 3, 10, 12))
    facility = Facility(app)
    await facility.db.person("proposer")
    await facility.db.add(AdminVar, name="beamLineGroups", value=json.dumps(GROUPS))
    await facility.proposal(1, "mx", "1", title="Kinase")
    await app.as_user("root", *permissions)
    await app.refresh()
    visitor = Visitor(app)
    assert (await visitor.log_in("root")).status_code == 303
    return facility, visitor


def bars(html: str) -> list[tuple[str, str]]:
    """Classes and words of what the grid has."""
    return re.findall(r'<a class="visit ([^"]+)"[^>]*>([^<]*)</a>', html)


@pytest.mark.four_databases
async def test_the_page_of_a_month(make_app: MakeApp) -> None:
    facility, visitor = await opened(make_app, "all_proposals")
    for key, beamline, start, end in (
        (1, "id29", datetime(2026, 2, 27, 9), datetime(2026, 3, 2, 8)),
        (2, "bm29", datetime(2026, 3, 10, 16), datetime(2026, 3, 11, 8)),
        (3, "xyz", datetime(2026, 3, 31, 16), None),
        (4, "id29", datetime(2026, 1, 5), datetime(2026, 3, 1)),  # over when March begins
        (5, "id29", datetime(2026, 4, 1), datetime(2026, 4, 2)),  # after March
        (6, None, datetime(2026, 1, 5), datetime(2026, 5, 1)),  # over all of it
    ):
        await facility.session(key, beamLineName=beamline, startDate=start, endDate=end)
    await facility.session(7, beamLineName="id29", startDate=None, endDate=None)

    html = (await visitor.open("/calendar")).text
    whole = [("g5 d1 w7 from on", "mx1-6")]
    assert bars(html) == [
        *whole,
        ("g1 d5 w3 on", "id29 mx1-1"),
        *whole,
        ("g1 d1 w1 from", "id29 mx1-1"),
        *whole,
        ("g2 d2 w2", "bm29 mx1-2"),
        *whole,
        *whole,
        *whole,
        ("g5 d2 w1", "xyz mx1-3"),
    ]
    said = text_of(html)
    assert "March 2026 4 sessions Previous month Next month All bm29 id29 xyz" in said
    assert "Tue 10 Mar mx1-6 all day Kinase bm29 mx1-2 from 16:00 Kinase" in said
    assert "Wed 11 Mar mx1-6 all day Kinase bm29 mx1-2 until 08:00 Kinase" in said
    assert 'href="/calendar/2026-02"' in html
    assert 'href="/calendar/2026-04"' in html

    only = (await visitor.open("/calendar/2026-03?beamLineName=ID29")).text
    assert [words for _, words in bars(only)] == ["id29 mx1-1", "id29 mx1-1"]
    assert 'href="/calendar/2026-04?beamLineName=ID29"' in only
    assert "No sessions in August." in text_of((await visitor.open("/calendar/2026-08")).text)
    assert "This month" in text_of((await visitor.open("/calendar/2026-08")).text)
    assert (await visitor.open("/calendar/2026-13")).status_code == 404
    rows = (await visitor.open("/calendar/2026-03?format=csv&beamLineName=bm29")).text.splitlines()
    assert rows[0] == "sessionId,session,proposal,title,beamLineName,startDate,endDate"
    assert rows[1].startswith("2,mx1-2,mx1,Kinase,bm29,2026-03-10T16:00:00")
    assert len(rows) == 2


async def test_a_month_is_one_statement_however_full(make_app: MakeApp) -> None:
    facility, visitor = await opened(make_app, "all_proposals")
    await visitor.open("/calendar")
    with Statements(facility.app) as ran:
        await visitor.open("/calendar")
    empty = len(ran)
    start, end = datetime(2026, 3, 10), datetime(2026, 3, 12)
    for key in range(1, 601):
        await facility.session(key, beamLineName="id29", startDate=start, endDate=end)
    csv = (await visitor.open("/calendar?format=csv")).text.splitlines()
    assert len(csv) == 601
    with Statements(facility.app) as ran:
        assert "600 sessions" in text_of((await visitor.open("/calendar")).text)
    assert len(ran) == empty == 1


async def test_the_calendar_shows_what_one_may_see(make_app: MakeApp) -> None:
    facility, visitor = await opened(make_app)
    for key in (1, 2):
        await facility.session(key, startDate=datetime(2026, 3, 10), endDate=datetime(2026, 3, 11))
    person = await facility.db.person("root")
    await facility.db.add(m.Session_has_Person, sessionId=2, personId=person)
    assert [words for _, words in bars((await visitor.open("/calendar")).text)] == ["mx1-2"]
