"""The tables of the plugin `mapping`."""

from __future__ import annotations

import gzip
from typing import Any

from starbeam.testing.app import TestDatabase
from starbeam_mapping.models import XRFFluorescenceMapping, XRFFluorescenceMappingROI
from support.world.ispyb import SESSIONS, TWINS


async def fill(db: TestDatabase) -> None:
    """A map of 3 by 2 points of each session."""
    await _add(db, [(n, TWINS + n) for n in SESSIONS])


async def many(db: TestDatabase, keys: range) -> None:
    """Nothing: no data collection is made of these keys."""


async def _add(db: TestDatabase, maps: list[tuple[int, int]]) -> None:
    region: dict[str, Any] = {"element": "Fe", "edge": "K", "scalar": "diode", "startEnergy": 6.25}
    for key, grid in maps:
        given = {**region, "endEnergy": 6.5, "blSampleId": key}
        await db.add(XRFFluorescenceMappingROI, xrfFluorescenceMappingROIId=key, **given)
        await db.add(
            XRFFluorescenceMapping,
            xrfFluorescenceMappingId=key,
            xrfFluorescenceMappingROIId=key,
            gridInfoId=grid,
            dataFormat="json+gzip",
            data=gzip.compress(b"[0,1,2,3,4,5]"),
            points=6,
            opacity=0.5,
            colourMap="jet",
        )
