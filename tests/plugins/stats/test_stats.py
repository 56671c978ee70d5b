"""Every number of `/stats`, worked out by hand from a day that is easy to follow."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starbeam.files import Files
from starbeam_ispyb import models as m
from starbeam_stats import times as arithmetic
from starbeam_stats.messages import messages
from starbeam_stats.schemas import TimeEntry
from starbeam_testing.app import Statements
from starbeam_testing.fixtures import MakeApp

if TYPE_CHECKING:
    from support.schemas import Kind

from plugins.stats.conftest import ABORTED, FAILED, SUCCESS, Log

pytestmark = pytest.mark.anyio


async def day(log: Log) -> None:
    """What docs/reference/statistics.md works out: mount at 8:50, measure at 9:00, a screening, a fault."""
    await log.sample(1, "crystal 1", "Lysozyme")
    await log.robot("8:50", "8:55", sample=1)
    await log.collection("9:00", "9:30", sample=1, wavelength=1.0, chiStart=0.5, phiStart=1.5)
    await log.collection("9:30", "10:00", ABORTED, sample=1)
    screened = await log.collection("11:00", "12:00", kind="Characterization", sample=1, wavelength=0.0)
    await log.collection("14:00", "15:30", FAILED, sample=1, beamSizeAtSampleX=0.25, beamSizeAtSampleY=0.5)
    await log.collection("14:00", None, FAILED)  # without an end: no span
    await log.xrf("12:00", "12:06", sample=1)
    await log.edge("13:50", "13:56", sample=1)
    await log.edge("13:50", None)  # counted, and no span
    await log.screening("12:12", dataCollectionId=screened)
    await log.screening("12:05", dataCollectionGroupId=screened)
    await log.fault("13:00", "13:45", "Beam lost")
    await log.fault("13:00", "14:00", "Lamp broken", lost=0)


# times

DAY = {
    "duration": 8,
    "startup": 1,  # 8:00 to 9:00
    "datacollection": 3.5,  # 0.5 + 0.5 + 1 + 1.5
    "robot": 5 / 60,
    "edge": 0.1,
    "xrf": 0.1,
    "strategy": 0.2,  # 12:00 to 12:12
    "centring": 5 / 60,  # 8:55 to 9:00
    "fault": 0.75,
    "remaining": 0.5,  # 15:30 to 16:00
    "thinking": 8 - (1 + 3.5 + 5 / 60 + 0.1 + 0.1 + 0.2 + 5 / 60 + 0.75 + 0.5),
}


@pytest.mark.four_databases
@pytest.mark.fix(67)
@pytest.mark.fix(69)
async def test_where_the_time_of_a_day_went(log: Log) -> None:
    await day(log)
    (session,) = (await log.get("times", session="mx23-1"))["sessions"]
    assert session.pop("sessionId") == 1
    assert session == pytest.approx(DAY)
    assert (await log.get("times", sessionId=1))["average"] == pytest.approx(DAY)


async def test_the_average_is_over_sessions_that_have_a_data_collection(log: Log) -> None:
    await log.session(2, "9:00", "13:00")
    await log.session(3, "+1 8:00", "+1 16:00")
    await log.session(4, "8:00", "10:00", proposal=2)
    await log.collection("9:00", "11:00", session=1)
    await log.collection("9:00", "10:00", session=2)
    await log.collection("9:00", "10:00", session=4)
    found = await log.get("times", proposal="mx23")
    assert [one["sessionId"] for one in found["sessions"]] == [2, 1]
    assert found["average"]["datacollection"] == 1.5
    assert found["average"]["duration"] == 6
    assert found["average"]["startup"] == 0.5
    nothing = dict.fromkeys(TimeEntry.__struct_fields__, 0)
    assert await log.get("times", sessionId=3) == {"sessions": [], "average": nothing}


async def test_a_name_that_two_have_names_neither(log: Log) -> None:
    """`m` `x23` spells as `mx` `23`. Who sees one of them means that."""
    await log.db.add(m.Proposal, proposalId=3, personId=1, proposalCode="m", proposalNumber="x23")
    await log.session(3, "9:00", "13:00", proposal=3, visit_number=1)
    for session in (1, 3):
        await log.collection("9:00", "10:00", session=session)
    for path in ("times", "hourlies"):
        assert await log.get(path, proposal="mx23") == (404, "Proposal not found")
    for path in ("times", "breakdown", "errors"):
        assert await log.get(path, session="mx23-1") == (404, "Session not found")
    assert [one["sessionId"] for one in (await log.get("times", sessionId=3))["sessions"]] == [3]
    member = await log.db.person("member")
    await log.db.add(m.ProposalHasPerson, proposalId=3, personId=member)
    found = await log.get("times", "member", proposal="mx23")
    assert [one["sessionId"] for one in found["sessions"]] == [3]


@pytest.mark.four_databases
@pytest.mark.fix(68)
async def test_each_robot_action_is_centred_once(log: Log) -> None:
    """Sample 1: mounted twice, measured twice. Sample 2: what came before it was mounted does not count, and
    16 minutes are too long to be summed but not to be shown; 17 are too long for both."""
    await log.sample(1, "a", "A")
    await log.sample(2, "b", "B")
    await log.robot("9:00", "9:01", sample=1)
    await log.robot("9:02", "9:03", sample=1, action="UNLOAD")
    await log.collection("9:05", "9:06", sample=1)
    await log.collection("9:10", "9:11", sample=1)
    await log.collection("9:30", "9:31", sample=2)
    await log.robot("9:32", "9:34", sample=2)
    await log.collection("9:50", None, sample=2)
    await log.robot("10:00", "10:00", sample=2)
    await log.collection("10:17", "10:18", sample=2)
    await log.robot("11:00", "11:01")  # of no sample
    await log.collection("11:02", "11:03")
    found = await log.get("breakdown", sessionId=1)
    spans = [one for one in found["history"] if one["eventType"] == "centring"]
    assert [(one["startTime"][11:16], one["endTime"][11:16]) for one in spans] == [
        ("09:01", "09:05"),
        ("09:03", "09:05"),
        ("09:34", "09:50"),
    ]
    assert (await log.get("times", sessionId=1))["average"]["centring"] == pytest.approx(6 / 60)


@pytest.mark.fix(61)
@pytest.mark.fix(70)
async def test_what_ends_before_it_starts_or_has_no_time_counts_nothing(log: Log) -> None:
    await log.session(2, "16:00", "8:00")
    await log.collection("10:00", "9:00", session=2)
    await log.xrf("10:00", "9:00", session=2)
    await log.fault("10:00", "9:00", "Backwards", session=2)
    await log.session(3, None, None)
    await log.collection("9:00", "10:00", session=3)
    await log.edge(None, "9:00", session=3)
    backwards, undated = [(await log.get("times", sessionId=n))["sessions"][0] for n in (2, 3)]
    assert {name: value for name, value in backwards.items() if value} == {"sessionId": 2}
    assert {name: value for name, value in undated.items() if value} == {"sessionId": 3, "datacollection": 1}


async def test_overlaps_leave_no_time_to_think(log: Log) -> None:
    """Two at once for eight hours, over midnight: more than the session has."""
    await log.session(2, "20:00", "+1 4:00")
    for _ in range(2):
        await log.collection("20:00", "+1 4:00", session=2)
    (session,) = (await log.get("times", sessionId=2))["sessions"]
    assert (session["datacollection"], session["thinking"], session["duration"]) == (16, 0, 8)


SECONDS = st.integers(-40_000, 40_000)


@given(
    st.builds(arithmetic.Session, st.just(1), SECONDS | st.none(), SECONDS | st.none(), SECONDS | st.none()),
    st.dictionaries(st.sampled_from(arithmetic.SPENT), st.integers(0, 40_000)),
)
def test_the_parts_make_the_whole(session: arithmetic.Session, spent: dict[str, int]) -> None:
    entry = arithmetic.entry(session, spent)
    parts = {name: getattr(entry, name) for name in TimeEntry.__struct_fields__ if name != "duration"}
    assert min(parts.values()) >= 0
    if entry.thinking:
        assert sum(parts.values()) == pytest.approx(entry.duration)
    else:
        assert sum(parts.values()) >= entry.duration - 1e-9


@pytest.mark.on("sqlite-union", "mariadb-union")
async def test_the_order_of_rows_does_not_matter(log: Log) -> None:
    await log.sample(1, "a", "A")
    await log.session(2, "8:00", "16:00")
    events = [
        (log.robot, "9:00", "9:01", "LOAD"),
        (log.robot, "9:20", "9:22", "UNLOAD"),
        (log.collection, "9:05", "9:20", SUCCESS),
        (log.collection, "9:30", "9:40", FAILED),
        (log.collection, "9:10", "9:50", ABORTED),
    ]
    for session, order in ((1, events), (2, events[::-1])):
        for write, start, end, what in order:
            named = {"action": what} if write == log.robot else {"status": what}
            await write(start, end, session=session, sample=1, **named)  # type: ignore[operator]
    one, other = [(await log.get("times", sessionId=session))["average"] for session in (1, 2)]
    assert one == other
    assert one["centring"] == pytest.approx((4 + 8) / 60)
    spans = [(await log.get("breakdown", sessionId=session))["history"] for session in (1, 2)]
    assert spans[0] == spans[1]


# breakdown


def span(kind: str, start: str, end: str, **fields: Any) -> dict[str, Any]:
    names = ("protein", "sample", "subType", "status", "title", "session", "sessionId")
    times = {"startTime": f"2026-03-10T{start}:00", "endTime": f"2026-03-10T{end}:00"}
    return {"eventType": kind, **times, **dict.fromkeys(names), **fields}


@pytest.mark.four_databases
@pytest.mark.fix(62)
@pytest.mark.fix(63)
@pytest.mark.fix(64)
@pytest.mark.fix(65)
@pytest.mark.fix(66)
async def test_a_day_row_by_row(log: Log) -> None:
    await day(log)
    what = {"sample": "crystal 1", "protein": "Lysozyme"}
    osc = {**what, "subType": "OSC"}
    found = await log.get("breakdown", session="mx23-1")
    assert found["history"] == [
        span("dc", "09:00", "09:30", status=SUCCESS, **osc),
        span("dc", "09:30", "10:00", status=ABORTED, **osc),
        span("dc", "11:00", "12:00", status=SUCCESS, subType="Characterization", **what),
        span("dc", "14:00", "15:30", status=FAILED, **osc),
        span("robot", "08:50", "08:55", subType="LOAD", status="SUCCESS", **what),
        span("edge", "13:50", "13:56", **what),
        span("xrf", "12:00", "12:06", **what),
        span("centring", "08:55", "09:00"),
        span("strategy", "12:00", "12:12"),
        span("fault", "13:00", "13:45", title="Beam lost"),
    ]
    assert found["overview"] == {
        "startDate": "2026-03-10T08:00:00",
        "endDate": "2026-03-10T16:00:00",
        "duration": 8.0,
        "beamLineName": "id29",
        "sessionId": "1",
        "session": "mx23-1",
        "counts": {
            "datacollections": 4,
            "failed": 2,
            "datacollectionTypes": {"OSC": 3, "Characterization": 1},
            "robot": 1,
            "edge": 2,
            "xrf": 1,
        },
    }
    assert found["plottables"] == {
        "time": [f"2026-03-10T{time}:00" for time in ("09:00", "09:30", "11:00", "14:00")],
        "series": [
            {"title": title, "data": data, "unit": None}
            for title, data in (
                ("energy", [12398, None, None, None]),
                ("beamSizeAtSampleX", [None, None, None, 0.25]),
                ("beamSizeAtSampleY", [None, None, None, 0.5]),
                ("chiStart", [0.5, None, None, None]),
                ("phiStart", [1.5, None, None, None]),
                ("kappaStart", [None, None, None, None]),
            )
        ],
    }


@pytest.mark.on("mariadb-union")
async def test_types_and_states_that_are_not_said(log: Log) -> None:
    await log.collection("9:00", "9:30", None, kind=None)
    empty = await log.collection("9:00", "9:30", "failed")
    await log.db.sql(
        "UPDATE IGNORE DataCollectionGroup SET experimentType = ''"  # as without a strict SQL mode
        f" WHERE dataCollectionGroupId = {empty}"
    )
    await log.session(2, "9:00", "10:00", visit_number=None)
    found = (await log.get("breakdown", sessionId=1))["overview"]["counts"]
    assert found["datacollectionTypes"] == {"null": 1, "": 1}
    assert (found["datacollections"], found["failed"]) == (2, 1)
    errors = (await log.get("errors", sessionId=1))["totals"]
    assert [(one["experimentType"], one["total"], one["failed"]) for one in errors] == [("", 2, 1)]
    calm = await log.get("breakdown", sessionId=2)
    assert calm["overview"]["session"] is None
    assert calm["history"] == []
    assert [series["data"] for series in calm["plottables"]["series"]] == [[]] * 6


@pytest.mark.on("sqlite-union", "mariadb-diamond")
async def test_a_run_on_a_beamline(log: Log) -> None:
    """Sessions that begin with the run or end it belong to it; unscheduled ones count and are not shown."""
    await log.run(5, "2026-1", "8:00", "+3 9:00")
    await log.session(2, "+3 9:00", "+3 17:00", proposal=2)
    await log.session(3, "+3 10:00", "+3 17:00")
    await log.session(4, "+1 8:00", "+1 9:00", beamLineName="id30")
    await log.session(5, "+1 8:00", "+1 9:00", scheduled=0)
    for session in range(1, 6):
        await log.collection("9:00", "9:30", FAILED, session=session, wavelength=1.0)
    await log.fault("+3 10:00", "+3 11:00", "Water leak", session=2)
    await log.robot("8:50", "8:55", session=1)
    found = await log.get("breakdown", runId="5", beamLineName="ID29")
    assert found["overview"] == {
        "startDate": "2026-03-10T08:00:00",
        "endDate": "2026-03-13T09:00:00",
        "duration": 73.0,
        "run": "2026-1",
        "counts": {
            "datacollections": 3,
            "failed": 3,
            "datacollectionTypes": {"OSC": 3},
            "robot": 1,
            "edge": 0,
            "xrf": 0,
        },
    }
    assert [(one["eventType"], one["sessionId"], one["title"]) for one in found["history"]] == [
        *[("dc", None, None)] * 3,
        ("robot", None, None),
        ("fault", None, "Water leak"),
        ("session", "1", "Title of mx"),
        ("session", "2", "Title of bl"),
    ]
    assert found["history"][-1]["session"] == "bl7-2"
    times = await log.get("times", runId="5", beamLineName="id29")
    assert [one["sessionId"] for one in times["sessions"]] == [2, 5, 1]
    histogram = await log.get("parameters/histogram", runId="5", beamLineName="id29")
    assert sum(histogram["beamLines"][0]["frequency"]) == 3


# errors


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for logs."""
    made = tmp_path / "logs"
    made.mkdir()
    return made


@pytest.fixture
async def reporting(make_app: MakeApp, log: Log, folder: Path) -> Log:
    """The same database, served with that folder."""
    log.app = await make_app("ispyb", "stats", **{"files.roots": [str(folder)]})
    return log


async def attach(log: Log, folder: Path, collection: int, name: str, content: bytes | None) -> None:
    """A log file of a data collection; None: it is gone."""
    if content is not None:
        (folder / name).write_bytes(content)
    file = {"fileFullPath": str(folder / name), "fileType": "log"}
    await log.db.add(m.DataCollectionFileAttachment, dataCollectionId=collection, **file)


@pytest.mark.four_databases
@pytest.mark.fix(71)
async def test_what_went_wrong_by_type(log: Log) -> None:
    for kind, states in {
        "OSC": (SUCCESS, SUCCESS, "data collection ABORTED by user", "Stopped"),
        "Mesh": (SUCCESS, None, FAILED),
        None: (ABORTED,),
    }.items():
        for state in states:
            await log.collection("9:00", "9:30", state, kind=kind)
    fields = ("experimentType", "total", "failed", "failedPercent", "aborted", "abortedPercent", "messages")
    found = (await log.get("errors", session="mx23-1"))["totals"]
    assert [tuple(one[field] for field in fields) for one in found] == [
        ("", 1, 0, 0.0, 1, 100.0, []),
        ("Mesh", 3, 1, 33.3, 0, 0.0, []),
        ("OSC", 4, 1, 25.0, 1, 25.0, []),
    ]


@pytest.mark.fix(72)
async def test_messages_are_the_last_lines_of_error_logs(reporting: Log, folder: Path) -> None:
    log = reporting
    long = b"x" * 20_000 + b"\n"
    for name, content in {
        "1.err": b"first\n  Detector 1 is not armed \n",
        "2.ERR": long + b"Detector 2 is not armed",
        "3.err": b"Shutter closed\xff\n",
        "4.err": b"",
        "5.err": None,
        "6.log": b"No error log",
        "7.err": b"Detector 7 is not armed\n",
    }.items():
        await attach(log, folder, await log.collection("9:00", "9:30", FAILED), name, content)
    for state, name in ((ABORTED, "8.err"), (SUCCESS, "9.err")):
        await attach(log, folder, await log.collection("9:00", "9:30", state), name, b"not failed")
    several = await log.collection("9:00", "9:30", FAILED, kind="Mesh")
    for name, content in (("older.err", b"Older"), ("newer.err", b"Newer"), ("gone.err", None)):
        await attach(log, folder, several, name, content)
    mesh, osc = (await log.get("errors", sessionId=1))["totals"]
    assert mesh["messages"] == [{"message": "Newer", "count": 1}]
    assert osc["messages"] == [
        {"message": "Shutter closed�", "count": 1},
        {"message": "Detector 1 is not armed", "count": 3},
    ]


async def test_a_log_that_leads_outside_once_it_was_found_says_nothing(
    reporting: Log, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("secret")
    locate = Files.locate

    def found_and_changed(self: Files, path: str | None) -> Path | None:
        found = locate(self, path)
        (folder / "1.err").unlink()
        (folder / "1.err").symlink_to(tmp_path / "secret")
        return found

    key = await reporting.collection("9:00", "9:30", FAILED)
    await attach(reporting, folder, key, "1.err", b"Shutter closed")
    monkeypatch.setattr(Files, "locate", found_and_changed)
    (total,) = (await reporting.get("errors", sessionId=1))["totals"]
    assert total["messages"] == []


async def failed(log: Log, folder: Path, lines: list[str]) -> list[tuple[str, int]]:
    """Messages with their counts, of failed data collections whose logs end with these lines."""
    for number, line in enumerate(lines):
        await attach(
            log, folder, await log.collection("9:00", "9:30", FAILED), f"{number}.err", line.encode()
        )
    (total,) = (await log.get("errors", sessionId=1))["totals"]
    assert total["failed"] == len(lines)
    return [(one["message"], one["count"]) for one in total["messages"]]


async def test_of_many_messages_only_equal_ones_are_grouped(reporting: Log, folder: Path) -> None:
    """80 lines that share no letter make 3,160 pairs, more than are compared; all are counted."""
    lines = [chr(0x4E00 + number) * 140 for number in range(80)]
    alike = "job 1" + "x" * 100
    found = await failed(reporting, folder, [*lines, alike, alike.replace("1", "2"), lines[7], alike])
    expected = dict.fromkeys(lines, 1) | {alike: 2, alike.replace("1", "2"): 1, lines[7]: 2}
    assert dict(found) == expected
    assert [count for _, count in found] == [1] * 80 + [2, 2]


async def test_long_lines_are_grouped_when_they_are_equal(reporting: Log, folder: Path) -> None:
    long, short = "x" * 301, "y" * 300
    lines = [long, long[:-1] + "z", long, short, short[:-1] + "z"]
    assert await failed(reporting, folder, lines) == [(lines[1], 1), (long, 2), (short, 2)]


async def test_comparing_lets_others_have_their_turn_and_ends_with_its_request() -> None:
    comparing = asyncio.create_task(messages({"OSC": Counter(f"{number:0150b}" for number in range(50))}))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not comparing.done()
    comparing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await comparing


# hours and energies


@pytest.mark.four_databases
@pytest.mark.fix(73)
async def test_each_hour_of_the_day(log: Log) -> None:
    """At 9: two on one day and one on another, 1.5 on average. Day 1 at 11 o'clock is not day 11 at 1."""
    for start in ("9:00", "9:59:59", "+1 9:30", "+22 11:10", "+32 1:10", "+32 1:20"):
        await log.collection(start, None)
    await log.collection(None, "9:00")
    for start in ("9:01", "9:02", "9:03", "+1 9:00", "23:59"):
        await log.robot(start, start)
    await log.robot("9:05", "9:06", action="UNLOAD")
    found = await log.get("hourlies", proposal="mx23")
    assert found["datacollections"]["hour"] == list(range(24))
    averages = {kind: dict(enumerate(found[kind]["average"])) for kind in ("datacollections", "loaded")}
    assert {hour: mean for hour, mean in averages["datacollections"].items() if mean} == {9: 1.5, 11: 1, 1: 2}
    assert {hour: mean for hour, mean in averages["loaded"].items() if mean} == {9: 2, 23: 1}


@pytest.mark.four_databases
@pytest.mark.fix(74)
async def test_photon_energies_fall_into_bins(log: Log) -> None:
    """12398.42 / λ: 1.0 Å is 12398.42 eV, in the bin from 12200; 0.5 Å 24796.84, in the last; 12.5 Å 991.9
    and 0.49 Å 25302.9 in none."""
    for wavelength in (1.0, 1.0, 0.5, 12.5, 0.49, 0.0, None, 12.0):
        await log.collection("9:00", "9:30", wavelength=wavelength)
    found = await log.get("parameters/histogram", sessionId=1)
    assert (found["parameter"], found["unit"]) == ("energy", "eV")
    (beamline,) = found["beamLines"]
    assert beamline["beamLineName"] == "id29"
    assert (beamline["bin"][0], beamline["bin"][1], beamline["bin"][-1]) == (1000, 1200, 24800)
    counted = dict(zip(beamline["bin"], beamline["frequency"], strict=True))
    assert {edge: number for edge, number in counted.items() if number} == {1000: 1, 12200: 2, 24600: 1}
    await log.session(2, "8:00", "9:00")
    assert (await log.get("parameters/histogram", sessionId=2))["beamLines"] == []


@pytest.mark.on("mariadb-diamond")
async def test_the_database_says_what_is_one_beamline_and_what_a_success(log: Log) -> None:
    """By latin1_swedish_ci ü is y, é is e, and ö a letter of its own."""
    for key, beamline in ((2, "Küng"), (3, "KYNG "), (4, "kung")):
        await log.session(key, "8:00", "16:00", beamLineName=beamline)
    for session, wavelength in ((2, 1.0), (3, 0.5), (3, 1.0), (4, 1.0)):
        await log.collection("9:00", "9:30", "Succéss", session=session, wavelength=wavelength)
    await log.collection("9:00", "9:30", "Succöss", session=3)
    await log.run(1, "2026-01", "7:00", "17:00")
    found = await log.get("parameters/histogram", runId=1, beamLineName="kyng")
    assert [sum(one["frequency"]) for one in found["beamLines"]] == [3]
    counts = (await log.get("breakdown", sessionId=3))["overview"]["counts"]
    assert (counts["datacollections"], counts["failed"]) == (3, 1)
    (outcome,) = (await log.get("errors", sessionId=3))["totals"]
    assert (outcome["total"], outcome["failed"]) == (3, 1)


# which sessions

NOTHING_SAID = {
    "breakdown": "Please provide either `session` or (`beamLineName` and `runId`)",
    "errors": "Please provide either `session` or (`beamLineName` and `runId`)",
    "times": "Please provide either `proposal` or `session` or (`beamLineName` and `runId`)",
    "hourlies": "Please provide either `proposal` or `session` or (`beamLineName` and `runId`)",
    "parameters/histogram": "Please provide either `session` or `runId`",
}
OF_PROPOSALS = ("times", "hourlies")


@pytest.mark.four_databases
@pytest.mark.fix(59)
@pytest.mark.fix(60)
async def test_what_does_not_exist_is_not_found(log: Log, kind: Kind) -> None:
    await log.run(5, "2026-1", "8:00", "+3 9:00")
    for path, sentence in NOTHING_SAID.items():
        for query in ({}, {"beamLineName": "id29"}, {"runId": "5"}):
            assert await log.get(path, **query) == (422, sentence)
        for query in (
            *({"session": "mx23-9"}, {"session": "zz1-1"}, {"session": "mx23-01"}, {"sessionId": 0}),
            *({"sessionId": 9, "session": "mx23-1"}, {"sessionId": 1, "beamLineName": "id30"}),
        ):
            assert await log.get(path, **query) == (404, "Session not found")
        for run in ("6", "0", "x", "\u0665", "9" * 50):
            assert await log.get(path, runId=run, beamLineName="id29") == (404, "Run not found")
        assert await log.get(path, runId="5", beamLineName="id30") == (404, "Run not found")
        known = await log.get(path, runId="5", beamLineName="id29")
        assert isinstance(known, dict) != (kind.flavour == "community")
    for path in OF_PROPOSALS:
        assert await log.get(path, proposal="mx24") == (404, "Proposal not found")
        assert await log.get(path, proposal="mx24", session="mx23-1") == (404, "Proposal not found")
        assert await log.get(path, proposal="bl7", session="mx23-1") == (404, "Session not found")
        assert isinstance(await log.get(path, proposal="MX23", session="Mx23-1"), dict)


async def test_nobody_sees_the_statistics_of_others(log: Log) -> None:
    """A member of one session sees its numbers, and of proposal and run what is theirs."""
    await log.run(5, "2026-1", "8:00", "+3 9:00")
    await log.session(2, "9:00", "17:00")
    for session in (1, 2):
        await log.collection("9:00", "9:30", FAILED, session=session, wavelength=1.0)
    ada, bob = [await log.db.person(login) for login in ("ada", "bob")]
    await log.db.add(m.Session_has_Person, sessionId=2, personId=ada)
    await log.db.add(m.ProposalHasPerson, proposalId=1, personId=bob)
    of_run = {"runId": "5", "beamLineName": "id29"}
    for path in NOTHING_SAID:
        assert await log.get(path, "eve", sessionId=2) == (404, "Session not found")
        assert await log.get(path, "ada", sessionId=1) == (404, "Session not found")
        assert await log.get(path, "eve", **of_run) == (404, "Run not found")
        assert await log.get(path, "ada", sessionId=2) == await log.get(path, sessionId=2)
        assert await log.get(path, "ada", **of_run) != await log.get(path, "bob", **of_run)
        assert await log.get(path, "bob", **of_run) == await log.get(path, **of_run)
    for path in OF_PROPOSALS:
        assert await log.get(path, "eve", proposal="mx23") == (404, "Proposal not found")
    sessions = (await log.get("times", "ada", proposal="mx23"))["sessions"]
    assert [one["sessionId"] for one in sessions] == [2]
    assert (await log.get("breakdown", "ada", **of_run))["overview"]["counts"]["datacollections"] == 1


# runs


@pytest.mark.four_databases
async def test_runs_come_latest_first(log: Log, kind: Kind) -> None:
    await log.run(1, "2026-1", "8:00", "9:00")
    await log.run(2, "2026-2", "+1 8:00", "+1 9:00")
    found = await log.get("runs", "eve", limit=1)
    if kind.flavour == "community":
        assert found == {"total": 0, "results": [], "skip": 0, "limit": 1}
    else:
        times = {"startDate": "2026-03-11T08:00:00", "endDate": "2026-03-11T09:00:00"}
        latest = {"runId": 2, "run": "2026-2", **times}
        assert found == {"total": 2, "results": [latest], "skip": 0, "limit": 1}


@pytest.mark.four_databases
async def test_what_each_operation_costs(log: Log, kind: Kind) -> None:
    await day(log)
    headers = await log.headers("root")
    found = {}
    for path in NOTHING_SAID:
        with Statements(log.app) as statements:
            await log.app.client.get(f"/stats/{path}?sessionId=1", headers=headers)
        found[path] = len(statements)
    histogram = 3 if kind.server == "mariadb" else 2  # which says what it compares of the beamline's name
    costs = {"breakdown": 9, "errors": 3, "times": 5, "hourlies": 2, "parameters/histogram": histogram}
    assert found == costs


async def test_what_many_rows_come_to_is_kept_for_seconds(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("starbeam.cache.monotonic", lambda: now)
    monkeypatch.setattr("starbeam.db.counts.LONG", 4)
    await log.session(2, "9:00", "17:00")
    for _ in range(3):
        await log.collection("9:00", "10:00", wavelength=1.0)
    for _ in range(4):
        await log.collection("9:00", "10:00", wavelength=1.0, session=2)

    async def found(session: int) -> tuple[float, float, int]:
        """Hours of data collections, how many start at nine, and how many have an energy."""
        times = (await log.get("times", sessionId=session))["average"]["datacollection"]
        started = (await log.get("hourlies", sessionId=session))["datacollections"]["average"][9]
        energies = (await log.get("parameters/histogram", sessionId=session))["beamLines"][0]["frequency"]
        return times, started, sum(energies)

    assert [await found(1), await found(2)] == [(3, 3, 3), (4, 4, 4)]
    for session in (1, 2):
        await log.collection("9:00", "10:00", wavelength=1.0, session=session)
    assert [await found(1), await found(2)] == [(4, 4, 4), (4, 4, 4)]
    now += 50  # as old as none may be
    assert await found(2) == (5, 5, 5)
