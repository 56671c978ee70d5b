"""What detectors and cameras recorded of the demo's data collections: frames, snapshots, maps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from sqlalchemy import bindparam, inspect, update

from starbeam.demo import Row
from starbeam_demo.content import recorded
from starbeam_demo.content.job import SNAPSHOTS, Grid, Job, Made, Ref
from starbeam_demo.facility import BeamLine
from starbeam_demo.kit import pictures
from starbeam_demo.kit.alike import Alike
from starbeam_demo.kit.drawing import Line, plot, save
from starbeam_demo.world import World
from starbeam_ispyb.models import DataCollection, GridInfo

CRYSTALS = 3
"""How many different crystals there are to see."""
FRAMES = 4
"""How many different frames a data collection's file holds."""
GRID = Grid(steps_x=20, steps_y=20, dx_mm=0.002, dy_mm=0.002)
"""A point for each image of a mesh scan."""


@dataclass(frozen=True)
class Chosen:
    """A data collection that has files."""

    row: Row
    group: Row
    technique: str
    job: Job


Jobs: TypeAlias = Mapping[int, Chosen]
"""By `dataCollectionId`."""


def chosen(world: World) -> Jobs:
    """The data collections of the proposal mx1001, and those of the newest session of each technique."""
    groups = {row["dataCollectionGroupId"]: row for row in world.groups}
    lines: Mapping[int, BeamLine] = {
        row["sessionId"]: world.beamlines[row["beamLineName"]] for row in world.sessions
    }
    wanted = _sessions(world, {row["sessionId"] for row in world.groups if row["blSampleId"]})
    found: dict[int, Chosen] = {}
    for row in world.collections:
        group = groups[row["dataCollectionGroupId"]]
        if group["sessionId"] in wanted:
            technique = lines[group["sessionId"]].technique
            job = _job(len(found), row, group["sessionId"], GRID if technique == "spectroscopy" else None)
            found[row["dataCollectionId"]] = Chosen(row, group, technique, job)
    return found


def _sessions(world: World, measured: set[int]) -> set[int]:
    """Keys of the sessions that are chosen, of those in which samples were measured."""
    showcase = world.proposals[0]["proposalId"]
    newest: dict[str, Row] = {}
    for session in world.sessions:
        if session["sessionId"] in measured and session["proposalId"] != showcase:
            technique = world.beamlines[session["beamLineName"]].technique
            known = newest.setdefault(technique, session)
            newest[technique] = max(known, session, key=lambda row: row["startDate"])
    own = {row["sessionId"] for row in world.sessions if row["proposalId"] == showcase}
    return own | {row["sessionId"] for row in newest.values()}


def _job(number: int, row: Row, session: int, grid: Grid | None) -> Job:
    return Job(
        folder=Path(row["imageDirectory"]),
        seed=f"demo {number % CRYSTALS}",
        data=row["fileTemplate"],
        collection=row["dataCollectionId"],
        session=session,
        sample=row["blSampleId"],
        start=row["startTime"],
        end=row["endTime"],
        images=row["numberOfImages"],
        wavelength=row["wavelength"],
        exposure=row["exposureTime"],
        sub_path=row["imageContainerSubPath"],
        axis=(row["axisStart"] or 0.0, row["axisRange"] or 0.0),
        grid=grid,
        snaked=True,
        most=FRAMES,
        digits=1,
    )


async def write(world: World, jobs: Jobs) -> None:
    """Write frames and snapshots; say which place of a sample was measured; add a grid and its maps to what
    spectroscopy measured."""
    changed, alike = list[Row](), Alike()
    places = {row["blSampleId"]: row["blSubSampleId"] for row in world.subsamples}
    for key, one in jobs.items():
        one.job.folder.mkdir(parents=True, exist_ok=True)
        columns = _detector(one.job, alike) if one.technique != "em" else {}
        if one.row["blSampleId"] in places:
            columns["blSubSampleId"] = places[one.row["blSampleId"]]
        if one.technique == "mx":
            columns["imageQualityIndicatorsPlotPath"] = _quality(one.job, alike)
        changed.append({"key": key, **columns, **_snapshots(one, alike)})
    await change(world, DataCollection, changed)
    await _maps(world, [one for one in jobs.values() if one.technique == "spectroscopy"])


def _detector(job: Job, alike: Alike) -> Row:
    """Write the frames; what they say of the detector."""
    made = recorded.frames(job, alike.write).collection
    return {name: made[name] for name in ("detectorDistance", "imageSizeX", "imageSizeY", "xBeam", "yBeam")}


def _quality(job: Job, alike: Alike) -> str:
    """Draw how many reflections each image shows: they fade while the crystal suffers; where the plot is."""
    file = job.folder / "quality.png"
    image = np.arange(1.0, min(job.images, 100) + 1.0)
    spots = 400 * np.exp(-image / 120) * (1 + 0.2 * np.sin(image / 9))
    spots += job.random("quality").normal(0, 12, len(image))
    lines = [Line("spots", image, spots)]
    alike.write((job.seed, len(image)), file, lambda to: plot(to, "Image quality", ("image", "spots"), lines))
    return str(file)


def _snapshots(one: Chosen, alike: Alike) -> Row:
    """Write four pictures with their thumbnails; where they are, by column."""
    paths = {}
    for name, view in zip(SNAPSHOTS, recorded.views(one.job.seed), strict=True):
        default = one.job.folder / f"{name.replace('xtalSnapshotFullPath', 'snapshot_')}.jpeg"
        file = Path(one.row.get(name) or default)
        shown = (one.job.seed, name)
        alike.write(shown, file, partial(save, view))
        small = pictures.thumbnail(view)
        alike.write((*shown, "small"), file.with_stem(file.stem + "t"), partial(save, small))
        paths[name] = str(file)
    return paths


async def change(world: World, model: type[Any], changed: Iterable[Row]) -> None:
    """Set columns of rows, given by `key`."""
    alike = defaultdict(list)
    for row in changed:
        alike[tuple(row)].append(row)
    connection = await world.session.connection()
    (key,) = inspect(model).primary_key
    for names, rows in alike.items():
        values: dict[str, Any] = {name: bindparam(name) for name in names if name != "key"}
        await connection.execute(update(model).where(key == bindparam("key")).values(values), rows)


async def _maps(world: World, mapped: list[Chosen]) -> None:
    grids = await world.add(GridInfo, [_grid(one.row) for one in mapped])
    jobs = [replace(one.job, grid_id=grid["gridInfoId"]) for one, grid in zip(mapped, grids, strict=True)]
    await add_all(world, map(recorded.fluorescence_maps, jobs))


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


async def add_all(world: World, made: Iterable[Made]) -> None:
    """Add the rows of several data collections, each model's together: parents before what names them."""
    waiting: dict[type[Any], list[tuple[int, str, Mapping[str, Any]]]] = defaultdict(list)
    for number, one in enumerate(made):
        for new in one.rows:
            waiting[new.model].append((number, new.name, new.values))
    keys: dict[tuple[int, str], int] = {}
    for model, rows in waiting.items():
        (key,) = inspect(model).primary_key
        resolved = [
            {name: keys[number, value] if isinstance(value, Ref) else value for name, value in row.items()}
            for number, _, row in rows
        ]
        for (number, name, _), row in zip(rows, await world.add(model, resolved), strict=True):
            keys[number, name] = row[key.key]
