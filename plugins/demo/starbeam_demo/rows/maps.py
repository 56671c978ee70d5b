"""Fluorescence maps of what spectroscopy measured, where there are files."""

from __future__ import annotations

from dataclasses import replace

from starbeam.api.demo import Row
from starbeam_demo.content import recorded
from starbeam_demo.content.job import New
from starbeam_demo.files import GRID
from starbeam_demo.world import World
from starbeam_ispyb.models import GridInfo
from starbeam_mapping.models import XRFFluorescenceMapping, XRFFluorescenceMappingROI


async def fill(world: World) -> None:
    """Add a grid to each data collection, and its maps with their regions."""
    mapped = [row for row in world.collections if row["dataCollectionId"] in world.jobs]
    grids = await world.add(
        GridInfo, (_grid(row) for row in mapped if world.line_of(row).technique == "spectroscopy")
    )
    made = list[New]()
    for grid in grids:
        job = replace(world.jobs[grid["dataCollectionId"]], grid_id=grid["gridInfoId"])
        made += recorded.fluorescence_maps(job).rows
    regions = await world.add(XRFFluorescenceMappingROI, (new.values for new in made[::2]))
    keys = ({"xrfFluorescenceMappingROIId": region["xrfFluorescenceMappingROIId"]} for region in regions)
    maps = (dict(new.values) | key for new, key in zip(made[1::2], keys, strict=True))
    await world.add(XRFFluorescenceMapping, maps)


def _grid(row: Row) -> Row:
    """A row of `GridInfo`."""
    return {
        "dataCollectionId": row["dataCollectionId"],
        "dataCollectionGroupId": row["dataCollectionGroupId"],
        "orientation": "horizontal",
        "snaked": 1,
        "steps_x": GRID.steps_x,
        "steps_y": GRID.steps_y,
        "dx_mm": GRID.dx_mm,
        "dy_mm": GRID.dy_mm,
        "xOffset": 1.5,
        "yOffset": 2.5,
        "meshAngle": 30.0,
        "patchesX": 1,
        "patchesY": 1,
        "micronsPerPixelX": 0.8,
        "micronsPerPixelY": 0.8,
        "pixelspermicronX": 1.25,
        "pixelspermicronY": 1.25,
        "snapshot_offsetXPixel": 200.0,
        "snapshot_offsetYPixel": 160.0,
    }
