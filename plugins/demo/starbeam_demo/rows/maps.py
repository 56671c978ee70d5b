"""The grids of meshes where there are files or pictures, and the fluorescence maps of spectroscopy."""

from __future__ import annotations

from dataclasses import replace

from starbeam.api.demo import Row
from starbeam_demo.content import recorded
from starbeam_demo.content.job import New
from starbeam_demo.files import GRID
from starbeam_demo.world import World
from starbeam_ispyb.models import GridInfo
from starbeam_mapping.models import XRFFluorescenceMapping, XRFFluorescenceMappingROI

CRYSTAL = (333, 240)
"""Where pictures have the crystal, in pixels."""
PIXELS_PER_MICRON = 1.25


async def fill(world: World) -> None:
    """Add a grid to each mesh, and the maps of those of spectroscopy with their regions."""
    shown = world.with_files | world.pictured
    meshes = [
        row for row in world.collections if row["experimentType"] == "Mesh" and row["sessionId"] in shown
    ]
    grids = await world.add(GridInfo, (_grid(row, world.line_of(row).technique) for row in meshes))
    jobs = {key: job for key, job in world.jobs.items() if job.grid}
    made = list[New]()
    for grid in grids:
        if job := jobs.get(grid["dataCollectionId"]):
            made += recorded.fluorescence_maps(replace(job, grid_id=grid["gridInfoId"])).rows
    regions = await world.add(XRFFluorescenceMappingROI, (new.values for new in made[::2]))
    keys = ({"xrfFluorescenceMappingROIId": region["xrfFluorescenceMappingROIId"]} for region in regions)
    maps = (dict(new.values) | key for new, key in zip(made[1::2], keys, strict=True))
    await world.add(XRFFluorescenceMapping, maps)


def _grid(row: Row, technique: str) -> Row:
    """A row of `GridInfo`, over the crystal in the snapshot."""
    step = GRID.dx_mm if technique == "spectroscopy" else 0.01
    half = 1000 * (step or 0) * PIXELS_PER_MICRON / 2
    left, top = CRYSTAL[0] - half * (GRID.steps_x or 0), CRYSTAL[1] - half * (GRID.steps_y or 0)
    return {
        "dataCollectionId": row["dataCollectionId"],
        "dataCollectionGroupId": row["dataCollectionGroupId"],
        "orientation": "horizontal",
        "snaked": 1,
        "steps_x": GRID.steps_x,
        "steps_y": GRID.steps_y,
        "dx_mm": step,
        "dy_mm": step,
        "xOffset": 1.5,
        "yOffset": 2.5,
        "meshAngle": 30.0,
        "patchesX": 1,
        "patchesY": 1,
        "micronsPerPixelX": 1 / PIXELS_PER_MICRON,
        "micronsPerPixelY": 1 / PIXELS_PER_MICRON,
        "pixelspermicronX": PIXELS_PER_MICRON,
        "pixelspermicronY": PIXELS_PER_MICRON,
        "snapshot_offsetXPixel": round(left),
        "snapshot_offsetYPixel": round(top),
    }
