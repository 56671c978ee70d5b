"""The tables of the plugin `stats`."""

from __future__ import annotations

from datetime import datetime, timedelta

from starbeam_ispyb import models as m
from starbeam_stats.models import BF_fault, v_run
from starbeam_testing.app import TestDatabase
from support.world import FIRST, NOW

TWIN = 13
"""The key of the second data collection in session 3, and of its group."""
RUNS = 300
"""How many runs a facility has had at most."""


FILES = {"/data/2.err": b"Shutter closed\n"}
"""What went wrong in session 2."""


async def fill(db: TestDatabase) -> None:
    """A fault in each session, the run that they belong to, and in session 3 a second data collection:
    between two there is time to think."""
    lost = {"beamtimelost": 1, "title": "Beam lost"}
    times = {"beamtimelost_starttime": NOW, "beamtimelost_endtime": NOW + timedelta(minutes=30)}
    await db.add(BF_fault, *({"faultId": n, "sessionId": n, **lost, **times} for n in (1, 2, 3)))
    await db.add(v_run, _run(1, "2026-1"))
    group = {"dataCollectionGroupId": TWIN, "experimentType": "SAD"}
    await db.add(m.DataCollectionGroup, sessionId=3, **group)
    began = datetime(2025, 5, 1, 10)
    times = {"startTime": began, "endTime": began + timedelta(hours=1)}
    await db.add(m.DataCollection, dataCollectionId=TWIN, dataCollectionGroupId=TWIN, **times)


async def many(db: TestDatabase, keys: range) -> None:
    """Runs, as many as a facility has."""
    await db.add(v_run, *(_run(key, f"r{key}") for key in keys if key < FIRST + RUNS))


def _run(key: int, name: str) -> dict[str, object]:
    """A run of a month."""
    year = timedelta(days=15)
    return {"runId": key, "run": name, "startDate": NOW - year, "endDate": NOW + year}
