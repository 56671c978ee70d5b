"""The table of the plugin `datacollections`, and the files that it serves."""

from __future__ import annotations

from starbeam_datacollections.models import ImageQualityIndicators
from starbeam_testing.app import TestDatabase
from support.world.ispyb import SESSIONS

ENDINGS = ("log", "png", "json", "html")
FILES = {f"/data/{n}.{ending}": f"{ending} of {n}".encode() for n in SESSIONS for ending in ENDINGS}
"""What rows of each session name."""


async def fill(db: TestDatabase) -> None:
    """Quality indicators of one image of each data collection."""
    await db.add(ImageQualityIndicators, *(_indicators(n) for n in SESSIONS))


async def many(db: TestDatabase, keys: range) -> None:
    """The same for each data collection of `many`."""
    await db.add(ImageQualityIndicators, *(_indicators(n) for n in keys))


def _indicators(collection: int) -> dict[str, object]:
    return {
        "imageQualityIndicatorsId": collection,
        "dataCollectionId": collection,
        "imageNumber": 1,
        "autoProcProgramId": 1,
        "totalIntegratedSignal": 1234.5,
        "goodBraggCandidates": 67,
        "method2Res": 1.75,
    }
