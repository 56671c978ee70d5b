"""The tables of the plugin `legacy`: what only its wide rows show."""

from __future__ import annotations

from starbeam_ispyb.models import Detector
from starbeam_legacy import models as m
from starbeam_testing.app import TestDatabase
from support.world.ispyb import SESSIONS


async def fill(db: TestDatabase) -> None:
    """An experiment in each session, and what samples and data collections may name."""
    for n in SESSIONS:
        await db.add(m.Experiment, experimentId=n, sessionId=n, proposalId=1, experimentType="HPLC")
        await db.add(m.SpaceGroup, spaceGroupId=n, spaceGroupShortName="P21")
        await db.add(m.PhasingStep, phasingStepId=n, spaceGroupId=n, method="SAD")
        await db.add(m.DiffractionPlan, diffractionPlanId=n, experimentKind="OSC")
        await db.add(Detector, detectorId=n, detectorType="Pilatus", **_DETECTOR)


_DETECTOR = {
    "detectorManufacturer": "DECTRIS",
    "detectorModel": "Pilatus3 6M",
    "detectorMode": "full",
    "detectorPixelSizeHorizontal": 0.172,
    "detectorPixelSizeVertical": 0.172,
    "localName": "main",
}


async def many(db: TestDatabase, keys: range) -> None:
    """No list of pages shows them."""
