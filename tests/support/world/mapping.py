"""The tables of the plugin `mapping`."""

from __future__ import annotations

import gzip
from collections.abc import Sequence

from starbeam_ispyb.models import GridInfo
from starbeam_mapping.models import XRFFluorescenceMapping, XRFFluorescenceMappingROI
from starbeam_testing.app import TestDatabase
from support.world.ispyb import SESSIONS, TWINS


async def fill(db: TestDatabase) -> None:
    """A map of 3 by 2 points on the grid of each data collection, with the region of its sample."""
    await _add(db, SESSIONS, TWINS)


async def many(db: TestDatabase, keys: range) -> None:
    """The same for each data collection and sample of `many`, on grids of their own."""
    grid = {"steps_x": 3, "steps_y": 2}
    await db.add(GridInfo, *({"gridInfoId": n, "dataCollectionId": n, **grid} for n in keys))
    await _add(db, keys, 0)


async def _add(db: TestDatabase, keys: Sequence[int], grid: int) -> None:
    if not (await db.schema()).has(XRFFluorescenceMapping.data):  # another table of that name
        return
    line = {"element": "Fe", "edge": "K", "scalar": "diode", "startEnergy": 6.25, "endEnergy": 6.5}
    drawn = {"points": 6, "opacity": 0.5, "colourMap": "jet"}
    values = {"dataFormat": "json+gzip", "data": gzip.compress(b"[0,1,2,3,4,5]")}
    region, key = "xrfFluorescenceMappingROIId", "xrfFluorescenceMappingId"
    await db.add(XRFFluorescenceMappingROI, *({region: n, "blSampleId": n, **line} for n in keys))
    maps = ({key: n, region: n, "gridInfoId": grid + n, **drawn, **values} for n in keys)
    await db.add(XRFFluorescenceMapping, *maps)
