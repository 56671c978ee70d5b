"""The tables of the plugin `samples`, and what its lists show."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from starbeam_samples.models import BLSampleImage, ComponentType, ContainerQueueSample, Protein_has_PDB
from starbeam_testing.app import TestDatabase
from support.world.ispyb import PROPOSALS


def _picture() -> bytes:
    file = BytesIO()
    Image.new("RGB", (4, 3), (200, 210, 220)).save(file, "PNG")
    return file.getvalue()


FILES = {f"/data/samples/{n}.png": _picture() for n in PROPOSALS}


async def fill(db: TestDatabase) -> None:
    """A picture of each sample; the first waits."""
    await db.add(ComponentType, componentTypeId=1, name="Protein")
    await db.sql("UPDATE Protein SET componentTypeId = 1")
    for n in PROPOSALS:
        await db.add(Protein_has_PDB, proteinid=n, pdbid=n)
        picture = {"imageFullPath": f"/data/samples/{n}.png", "offsetX": 7, "offsetY": 8}
        scale = {"micronsPerPixelX": 1.5, "micronsPerPixelY": 2.5}
        await db.add(BLSampleImage, blSampleImageId=n, blSampleId=n, **picture, **scale)
    await db.add(ContainerQueueSample, blSampleId=1, dataCollectionPlanId=None)


async def many(db: TestDatabase, keys: range) -> None:
    """A picture of each sample."""
    await db.add(BLSampleImage, *({"blSampleImageId": n, "blSampleId": n} for n in keys))
