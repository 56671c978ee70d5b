"""The tables of the plugin `em_legacy`."""

from __future__ import annotations

from starbeam_em_legacy import models as m
from starbeam_testing.app import TestDatabase
from support.world.ispyb import SESSIONS


async def fill(db: TestDatabase) -> None:
    """A class of the particles of each session's movie."""
    for n in SESSIONS:
        await db.add(m.ParticlePicker, particlePickerId=n, firstMotionCorrectionId=n)
        await db.add(m.ParticleClassificationGroup, particleClassificationGroupId=n, particlePickerId=n)
        classified = {"particleClassificationGroupId": n, "classNumber": 1}
        await db.add(m.ParticleClassification, particleClassificationId=n, **classified)


async def many(db: TestDatabase, keys: range) -> None:
    """No list of pages shows them."""
