"""The tables of the plugin `processing`."""

from __future__ import annotations

from starbeam_ispyb.models import AutoProcScalingStatistics
from starbeam_processing import models as m
from starbeam_testing.app import TestDatabase
from support.world.ispyb import SESSIONS

SHELLS = 50_000_000
"""Keys of inner shells begin after this, those of outer shells after twice as many."""


async def fill(db: TestDatabase) -> None:
    """A parameter and a range of images of each job, a search for the crystal in each group, and inner and
    outer shells of each scaling."""
    for n in SESSIONS:
        parameter = {"parameterKey": "spacegroup", "parameterValue": "P43212"}
        await db.add(m.ProcessingJobParameter, processingJobId=n, **parameter)
        await db.add(m.ProcessingJobImageSweep, processingJobId=n, dataCollectionId=n)
        await db.add(m.XrayCentring, xrayCentringId=n, dataCollectionGroupId=n, status="success")
        result = {"xrayCentringId": n, "gridInfoId": n, "status": "success"}
        await db.add(m.XrayCentringResult, xrayCentringResultId=n, **result)
        for shell, key in (("innerShell", SHELLS + n), ("outerShell", 2 * SHELLS + n)):
            row = {"autoProcScalingStatisticsId": key, "autoProcScalingId": n, "scalingStatisticsType": shell}
            await db.add(AutoProcScalingStatistics, row)


async def many(db: TestDatabase, keys: range) -> None:
    """A parameter of each job of `many`."""
    await db.add(m.ProcessingJobParameter, *({"processingJobId": n, "parameterKey": "d_min"} for n in keys))
