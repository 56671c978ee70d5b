"""The tables of the plugin `processing`."""

from __future__ import annotations

from starbeam_processing import models as m
from starbeam_testing.app import TestDatabase
from support.world.ispyb import SESSIONS


async def fill(db: TestDatabase) -> None:
    """A parameter and a range of images of each job, and a search for the crystal in each group."""
    for n in SESSIONS:
        parameter = {"parameterKey": "spacegroup", "parameterValue": "P43212"}
        await db.add(m.ProcessingJobParameter, processingJobId=n, **parameter)
        await db.add(m.ProcessingJobImageSweep, processingJobId=n, dataCollectionId=n)
        await db.add(m.XrayCentring, xrayCentringId=n, dataCollectionGroupId=n, status="success")
        result = {"xrayCentringId": n, "gridInfoId": n, "status": "success"}
        await db.add(m.XrayCentringResult, xrayCentringResultId=n, **result)


async def many(db: TestDatabase, keys: range) -> None:
    """A parameter of each job of `many`."""
    await db.add(m.ProcessingJobParameter, *({"processingJobId": n, "parameterKey": "d_min"} for n in keys))
