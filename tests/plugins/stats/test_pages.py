"""The pages of statistics: each value that the API tells is on them; a section that fails says so alone."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime
from typing import Any

import pytest

from plugins.stats.conftest import DAY, FAILED, Log
from plugins.stats.test_stats import day
from starbeam_ispyb import models as m
from starbeam_stats import counts, sections
from starbeam_stats.lanes import Happened, Window, lanes, window
from starbeam_stats.models import v_run
from starbeam_testing.app import Statements
from starbeam_testing.fixtures import MakeApp
from support.pages import OPEN, Visitor, text_of

pytestmark = pytest.mark.anyio


async def opened(make_app: MakeApp, *more: str) -> tuple[Log, Visitor]:
    """The day of the documentation, and somebody who sees it in a browser."""
    app = await make_app("auth_dummy", "ispyb", "proposals", "stats", "web", *more, **OPEN)
    app.set_time(DAY.replace(hour=20))
    log = Log(app)
    await log.db.person("proposer")
    await log.db.add(m.Proposal, proposalId=1, personId=1, proposalCode="mx", proposalNumber="23", title="T")
    await log.session(1, "8:00", "16:00")
    await day(log)
    await app.as_user("root", "all_proposals")
    visitor = Visitor(app)
    assert (await visitor.log_in("root")).status_code == 303
    return log, visitor


async def said(visitor: Visitor, path: str) -> str:
    shown = await visitor.open(path)
    assert shown.status_code == 200, text_of(shown.text)
    return text_of(shown.text)


@pytest.mark.four_databases
async def test_a_sessions_page_says_what_the_api_says(make_app: MakeApp) -> None:
    _, visitor = await opened(make_app)
    text = await said(visitor, "/sessions/1/statistics")
    for sentence in (
        "Length 8.0 h Collections 4 2 failed Robot actions 1 Energy scans 2 XRF spectra 1 "
        "Beam on sample 3.5 h 44 %",
        "OSC 3 , Characterization 1",
        "Collecting 3.50 h 44 % Robot 0.08 h 1 % Centring 0.08 h 1 % Strategy 0.20 h 2 % Energy scans "
        "0.10 h 1 % XRF spectra 0.10 h 1 % Startup 1.00 h 12 % Thinking",
        "Remaining 0.50 h 6 %",
        "8:00 0.00 1.00 9:00 2.00 0.00 10:00 0.00 0.00 11:00 1.00 0.00",
        "From, keV Collections 12.2 1",  # 12,398 eV
        "Characterization 1 0 0 OSC 4 2 50.0 % 1 25.0 %",
        "Tue 10 Mar 09:00 09:30:00 collection crystal 1 Lysozyme OSC DataCollection Successful 12.398",
        "Tue 10 Mar 08:50 08:55:00 robot crystal 1 Lysozyme LOAD SUCCESS",
        "Tue 10 Mar 13:00 13:45:00 fault Beam lost",
        "250 × 500 µm",
    ):
        assert sentence in text, sentence
    assert "None" not in text


async def test_lanes_lead_to_what_happened(make_app: MakeApp) -> None:
    _, visitor = await opened(make_app, "events")
    html = (await visitor.open("/sessions/1/statistics")).text
    marks = re.findall(
        r'(?:<a href="([^"]*)"[^>]*>)?<rect class="(f[^"]*)" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', html
    )
    # of 8 hours, 1000 wide: 8:50 is 104.2, five minutes are 10.4
    assert marks[:5] == [
        ("/sessions/1?eventType=robot", "f3", "104.2", "10.4"),
        ("", "f4", "114.6", "10.4"),
        ("/collections/1", "f1", "125.0", "62.5"),
        ("/collections/2", "f-bad", "187.5", "62.5"),
        ("/collections/3", "f1", "375.0", "125.0"),
    ]
    hour = (await visitor.open("/sessions/1/statistics?hours=1&until=2026-03-10T09:30:00")).text
    zoned = await visitor.open("/sessions/1/statistics?hours=1&until=2026-03-10T09:30:00Z")
    assert zoned.text.count("</rect>") == hour.count("</rect>")
    assert 'until=2026-03-10T08%3A30%3A00" rel="prev"' in hour
    assert 'until=2026-03-10T10%3A30%3A00" rel="next"' in hour
    found = re.findall(r'<rect class="f\d" x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="12"', hour)
    assert found[:3] == [("333.3", "83.3"), ("416.7", "83.3"), ("500.0", "500.0")]


async def test_the_page_of_a_proposal(make_app: MakeApp) -> None:
    log, visitor = await opened(make_app)
    await log.session(2, "+1 8:00", "+1 10:00")
    await log.collection("+1 8:00", "+1 9:00", session=2)
    text = await said(visitor, "/proposals/mx23/statistics")
    assert "Mean of 2 sessions, of 5.0 h Collecting 2.25 h 45 %" in text
    assert "mx23-2 2.00 0.00 1.00 0.00 0.00 0.00 0.00 0.00 0.00 0.00 1.00" in text
    assert "mx23-1 8.00 1.00 3.50 0.08 0.08 0.20" in text
    assert "What happened when" not in text
    rows = (await visitor.open("/proposals/mx23/statistics?format=csv")).text.splitlines()
    assert [row.split(",")[-1] for row in rows] == ["sessionId", "2", "1"]


@pytest.mark.four_databases
async def test_the_bar_leads_to_runs_where_there_are_any(make_app: MakeApp) -> None:
    log, visitor = await opened(make_app)
    held = (await log.db.schema()).has(v_run)
    html = (await visitor.open("/sessions")).text
    assert ('<a href="/statistics"' in html) is held
    assert (await visitor.open("/statistics")).status_code == 200


async def test_the_page_of_a_run(make_app: MakeApp) -> None:
    log, visitor = await opened(make_app)
    if not (await log.db.schema()).has(v_run):
        pytest.skip("this schema has no runs")
    await log.run(4, "2026-1", "-9 0:00", "+9 0:00")
    text = await said(visitor, "/statistics")
    assert "Statistics 1 run on id29 Run From To Length 2026-1 Sun 1 Mar 00:00" in text
    await log.run(5, "2025-5", "-99 0:00", "-90 0:00")
    html = (await visitor.open("/statistics")).text
    assert ('href="/statistics/4/id29"' in html, 'href="/statistics/5/id29"' in html) == (True, False)
    text = await said(visitor, "/statistics/4/id29")
    assert "2026-1 on id29" in text
    assert "Collections 4 2 failed" in text
    assert "Tue 10 Mar 08:00 16:00:00 session T mx23-1" in text
    for path in ("/statistics/4/id30", "/statistics/5/id29", "/statistics/x/id29"):
        assert (await visitor.open(path)).status_code == 404


async def test_a_section_that_fails_or_is_slow_says_so_alone(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, visitor = await opened(make_app)

    async def broken(*given: Any) -> Any:
        raise OSError("secret of the machine")

    async def slow(*given: Any) -> Any:
        await asyncio.sleep(60)

    monkeypatch.setattr(sections, "LONGEST", 3.0)
    monkeypatch.setattr(counts, "errors", broken)
    monkeypatch.setattr(counts, "hourlies", slow)
    html = (await visitor.open("/sessions/1/statistics")).text
    text = text_of(html)
    assert text.count("This could not be read. The others are not concerned.") == 1
    assert text.count("This takes longer than the rest of the page.") == 1
    assert "secret" not in text
    assert "Collecting 3.50 h" in text
    assert 'href="/sessions/1/statistics?section=hourlies">Try it alone' in html
    alone = await said(visitor, "/sessions/1/statistics?section=times")
    assert "Collecting 3.50 h" in alone
    assert "Errors" not in alone


async def test_who_sees_the_session_sees_its_statistics(make_app: MakeApp) -> None:
    log, _ = await opened(make_app)
    await log.app.as_user("stranger")
    stranger = Visitor(log.app)
    await stranger.log_in("stranger")
    for path in ("/sessions/1/statistics", "/proposals/mx23/statistics", "/statistics/1/id29"):
        assert (await stranger.open(path)).status_code == 404
    assert (await stranger.open("/statistics")).status_code == 200


async def test_a_page_costs_what_its_operations_cost(make_app: MakeApp) -> None:
    log, visitor = await opened(make_app)
    for key in range(40):
        await log.collection(f"14:{key}", f"14:{key}", FAILED)
    with Statements(log.app) as ran:
        text = await said(visitor, "/sessions/1/statistics")
    assert "1 to 25 of 50" in text
    assert len(ran) <= 20, "\n".join(ran.texts)


def happened(kind: str, start: str, end: str, status: str | None = None) -> Happened:
    times = [datetime.fromisoformat(f"2026-03-10T{one}") for one in (start, end)]
    return Happened(kind, *times, None, None, None, status, None, None, None)


def test_what_lies_near_is_one_mark() -> None:
    shown = Window(datetime(2026, 3, 10), datetime(2026, 3, 11))
    history = [
        happened("dc", f"12:{minute:02}:00", f"12:{minute:02}:30", "ok: success") for minute in range(60)
    ]
    (lane,) = lanes(history, shown)
    assert [(round(mark.x), round(mark.width), mark.count) for mark in lane.marks] == [(500, 41, 60)]
    history[30].status = "failed"
    assert [(mark.count, mark.failed) for mark in lanes(history, shown)[0].marks] == [
        (30, False),
        (1, True),
        (29, False),
    ]


def test_which_time_is_shown() -> None:
    whole = Window(datetime(2026, 3, 10, 8), datetime(2026, 3, 10, 16))
    assert window(whole, None, None) == whole
    assert window(whole, 9, None) == whole
    assert window(whole, 1, None) == Window(datetime(2026, 3, 10, 15), whole.end)
    assert window(whole, 1, datetime(2020, 1, 1)) == Window(whole.start, datetime(2026, 3, 10, 9))
    assert [time.hour for _, time in whole.ticks()] == list(range(8, 17))
    assert [round(place) for place, _ in whole.ticks()][:3] == [0, 125, 250]
