"""The tables of the plugin `stats`."""

from __future__ import annotations

from datetime import timedelta

from starbeam.testing.app import TestDatabase
from starbeam_stats.models import BF_fault, v_run
from support.world import NOW

RUNS = 300
"""How many runs a facility has had at most."""


async def fill(db: TestDatabase) -> None:
    """A fault in each session, and the run that they belong to."""
    lost = {"beamtimelost": 1, "title": "Beam lost"}
    times = {"beamtimelost_starttime": NOW, "beamtimelost_endtime": NOW + timedelta(minutes=30)}
    await db.add(BF_fault, *({"faultId": n, "sessionId": n, **lost, **times} for n in (1, 2, 3)))
    await db.add(v_run, _run(1, "2026-1"))


async def many(db: TestDatabase, keys: range) -> None:
    """Runs, as many as a facility has."""
    await db.add(v_run, *(_run(key, f"r{key}") for key in keys if key < keys[0] + RUNS))


def _run(key: int, name: str) -> dict[str, object]:
    """A run of a month."""
    year = timedelta(days=15)
    return {"runId": key, "run": name, "startDate": NOW - year, "endDate": NOW + year}
