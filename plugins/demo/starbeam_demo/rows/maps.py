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
    """A row of `GridInfo`, in the middle of the snapshot."""
    step, corner = (GRID.dx_mm, (200.0, 160.0)) if technique == "spectroscopy" else (0.01, (208.0, 115.0))
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
        "micronsPerPixelX": 0.8,
        "micronsPerPixelY": 0.8,
        "pixelspermicronX": 1.25,
        "pixelspermicronY": 1.25,
        "snapshot_offsetXPixel": corner[0],
        "snapshot_offsetYPixel": corner[1],
    }
