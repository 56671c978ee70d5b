"""Maps of the demo: iron, zinc and calcium in the grains of a few samples."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Iterable, Iterator
from itertools import product
from random import Random

from starbeam.demo import DemoData, DemoWorld, Row
from starbeam_ispyb.models import GridInfo
from starbeam_mapping.models import XRFFluorescenceMapping, XRFFluorescenceMappingROI

MAPPED = 4
"""How many data collections have maps: the first of the spectroscopy beamlines."""
NX, NY = 40, 30
STEP = 0.002
"""From point to point, in mm."""
LINES = {"Fe": (6.40, "viridis"), "Zn": (8.64, "magma"), "Ca": (3.69, "jet")}
"""Energy of the strongest K line in keV, and a colour map, by element."""


async def fill(world: DemoWorld) -> None:
    """Grids, regions and maps of some of the data collections in `made["collections"]`."""
    collections = list(_mapped(world))
    grids = await world.add(GridInfo, map(_grid, collections))
    samples = [row["blSampleId"] for row in collections for _ in LINES]
    elements = [element for _ in collections for element in LINES]
    regions = await world.add(XRFFluorescenceMappingROI, map(_region, samples, elements))
    keys = [row["gridInfoId"] for row in grids for _ in LINES]
    await world.add(
        XRFFluorescenceMapping, (_map(world.random, *one) for one in zip(keys, regions, strict=True))
    )


def _mapped(world: DemoWorld) -> Iterable[Row]:
    sessions = {row["sessionId"]: row for row in world.made["sessions"]}
    lines = world.made["beamlines"]
    found = [
        row
        for row in world.made["collections"]
        if lines[sessions[row["sessionId"]]["beamLineName"]].technique == "spectroscopy"
    ]
    return found[:MAPPED]


def _grid(collection: Row) -> Row:
    return {
        "dataCollectionId": collection["dataCollectionId"],
        "dataCollectionGroupId": collection["dataCollectionGroupId"],
        "steps_x": NX,
        "steps_y": NY,
        "dx_mm": STEP,
        "dy_mm": STEP,
        "orientation": "horizontal",
        "snaked": 1,
    }


def _region(sample: int | None, element: str) -> Row:
    energy, _ = LINES[element]
    bounds = {"startEnergy": energy - 0.1, "endEnergy": energy + 0.1}
    return {"element": element, "edge": "K", "blSampleId": sample, **bounds}


def _map(rng: Random, grid: int, region: Row) -> Row:
    """A finished map, in the order of collection: every second row from right to left."""
    rows = list(_counts(rng))
    collected = [value for y in range(NY) for value in rows[y * NX : (y + 1) * NX][:: -1 if y % 2 else 1]]
    return {
        "xrfFluorescenceMappingROIId": region["xrfFluorescenceMappingROIId"],
        "gridInfoId": grid,
        "dataFormat": "json+gzip",
        "data": gzip.compress(json.dumps(collected).encode(), mtime=0),
        "points": NX * NY,
        "opacity": 1.0,
        "colourMap": LINES[region["element"]][1],
    }


def _counts(rng: Random) -> Iterator[int]:
    """Row by row, photons of five grains on a background."""
    grains = [
        (rng.uniform(0, NX), rng.uniform(0, NY), rng.uniform(2, 6), rng.uniform(50, 500)) for _ in range(5)
    ]
    for y, x in product(range(NY), range(NX)):
        light = sum(
            height * math.exp(-((x - left) ** 2 + (y - top) ** 2) / (2 * size**2))
            for left, top, size, height in grains
        )
        yield max(0, round(rng.gauss(20 + light, math.sqrt(20 + light))))


DATA = DemoData("Maps", fill)
