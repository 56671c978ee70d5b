"""Runs, faults, and a day whose numbers can be worked out by hand.

The day is a session on ID14-1 of the first commissioning proposal, from 8:00 to 16:00, 90 days ago. Who reads
its statistics finds what docs/reference/statistics.md works out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from starbeam.api.demo import Row
from starbeam_demo.world import World
from starbeam_ispyb import models as m
from starbeam_stats.models import BF_fault, v_run

DAY = timedelta(days=90)
"""How long ago the day was."""
BEAMLINE = "ID14-1"
FAULTY = 0.06
"""In how many sessions something breaks."""
TITLES = ("Cryostream blocked", "Undulator gap does not close", "Detector server restarted", "Beam lost")


def runs(now: datetime) -> Iterator[Row]:
    """Rows of `v_run`: two runs a year, from three years ago to this one."""
    for year in range(now.year - 3, now.year + 1):
        yield {
            "run": f"{year}-1",
            "startDate": datetime(year, 1, 15),
            "endDate": datetime(year, 7, 25, 23, 59, 59),
        }
        yield {
            "run": f"{year}-2",
            "startDate": datetime(year, 8, 20),
            "endDate": datetime(year, 12, 20, 23, 59, 59),
        }


def faults(rng: Random, sessions: list[Row], now: datetime) -> Iterator[Row]:
    """Rows of `BF_fault`, in some of the sessions that are over."""
    for session in sessions:
        if session["endDate"] < now and rng.random() < FAULTY:
            start = session["startDate"] + timedelta(minutes=rng.randrange(30, 300))
            yield fault(session, start, start + timedelta(minutes=rng.randrange(10, 120)), rng.choice(TITLES))


def fault(session: Row, start: datetime, end: datetime, title: str) -> Row:
    """A row of `BF_fault`, which cost beam time all along."""
    return {
        "sessionId": session["sessionId"],
        "title": title,
        "starttime": start,
        "endtime": end,
        "beamtimelost": 1,
        "beamtimelost_starttime": start,
        "beamtimelost_endtime": end,
    }


async def fill(world: World) -> None:
    """Add them to the sessions in `world.sessions`."""
    await world.add(v_run, runs(world.now))
    (session,) = await world.add(m.BLSession, [_session(world)])
    await _work(world, session)
    day = world.now.replace(hour=0) - DAY
    lost = fault(session, day + timedelta(hours=13), day + timedelta(hours=13, minutes=45), "Beam lost")
    broken = list(faults(world.random, world.sessions, world.now))
    await world.add(BF_fault, [*broken, lost])


def _session(world: World) -> Row:
    proposal = next(row for row in world.proposals if row["proposalCode"] == "cm")
    taken = [one for one in world.sessions if one["proposalId"] == proposal["proposalId"]]
    like = next(one for one in world.sessions if one["beamLineName"] == BEAMLINE)
    day = world.now.replace(hour=0) - DAY
    return {
        **{name: value for name, value in like.items() if name != "sessionId"},
        "proposalId": proposal["proposalId"],
        "visit_number": len(taken) + 1,
        "startDate": day + timedelta(hours=8),
        "endDate": day + timedelta(hours=16),
        "comments": "A day whose statistics can be worked out by hand",
    }


async def _work(world: World, session: Row) -> None:
    """Mount at 8:55, centre until 9:00, measure twice; a spectrum; one failure; a screening."""
    day: datetime = session["startDate"].replace(hour=0)
    sample = world.samples[0]["blSampleId"]

    def at(hour: int, minute: int) -> datetime:
        return day + timedelta(hours=hour, minutes=minute)

    spans = (
        (at(9, 0), at(9, 30), "OSC", "Data collection successful"),
        (at(9, 30), at(10, 0), "OSC", "Data collection aborted"),
        (at(11, 0), at(12, 0), "Characterization", "Data collection successful"),
        (at(14, 0), at(15, 30), "OSC", "Data collection failed"),
    )
    groups = await world.add(m.DataCollectionGroup, (_group(session, sample, *span) for span in spans))
    collections = await world.add(
        m.DataCollection,
        (_collection(group, *span) for group, span in zip(groups, spans, strict=True)),
    )
    mounted = {"startTimestamp": at(8, 50), "endTimestamp": at(8, 55), "actionType": "LOAD"}
    who = {"blsessionId": session["sessionId"], "blsampleId": sample, "status": "SUCCESS"}
    await world.add(m.RobotAction, [{**who, **mounted}])
    spectrum = {"startTime": at(12, 0), "endTime": at(12, 6)}
    of_sample = {"sessionId": session["sessionId"], "blSampleId": sample}
    await world.add(m.XFEFluorescenceSpectrum, [{**of_sample, **spectrum}])
    screening = {"dataCollectionId": collections[2]["dataCollectionId"], "bltimeStamp": at(12, 12)}
    await world.add(m.Screening, [screening])


def _group(session: Row, sample: int, start: datetime, end: datetime, kind: str, status: str) -> Row:
    return {
        "sessionId": session["sessionId"],
        "blSampleId": sample,
        "experimentType": kind,
        "startTime": start,
        "endTime": end,
    }


def _collection(group: Row, start: datetime, end: datetime, kind: str, status: str) -> Row:
    return {
        "dataCollectionGroupId": group["dataCollectionGroupId"],
        "blSampleId": group["blSampleId"],
        "startTime": start,
        "endTime": end,
        "runStatus": status,
        "numberOfImages": 3600,
        "wavelength": 0.9763,
        "dataCollectionNumber": 1,
    }


"""What this plugin makes for the demo."""
