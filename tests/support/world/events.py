"""What events are made of is in the tables of `ispyb`."""

from __future__ import annotations

from datetime import timedelta

from starbeam_ispyb import models as m
from starbeam_testing.app import TestDatabase
from support.world import FIRST, NOW


async def fill(db: TestDatabase) -> None:
    """Nothing of its own."""


async def many(db: TestDatabase, keys: range) -> None:
    """A robot action in each session; in the first, an energy scan and a spectrum too."""
    times = ({"startTimestamp": NOW + timedelta(hours=n), "endTimestamp": NOW} for n in keys)
    names = ({"robotActionId": n, "blsessionId": n, "actionType": "LOAD"} for n in keys)
    await db.add(m.RobotAction, *(name | time for name, time in zip(names, times, strict=True)))
    if FIRST in keys:
        await db.add(m.EnergyScan, energyScanId=FIRST, sessionId=FIRST)
        await db.add(m.XFEFluorescenceSpectrum, xfeFluorescenceSpectrumId=FIRST, sessionId=FIRST)
