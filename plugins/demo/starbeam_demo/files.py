"""The demo's files: of the proposal mx1001, and of the newest session of each technique; and pictures of what
was measured of crystals lately.

Other rows name files that are not there, as in a facility that has archived them. What looks the same is
drawn once and linked.
"""

from __future__ import annotations

from collections.abc import Hashable
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np
from PIL.Image import Image

from starbeam.api.demo import Row
from starbeam_demo.content import recorded
from starbeam_demo.content.job import SNAPSHOTS, Grid, Job
from starbeam_demo.kit import pictures
from starbeam_demo.kit.drawing import Line, plot, save
from starbeam_demo.world import World

CRYSTALS = 3
"""How many different crystals there are to see."""
FRAMES = 4
"""How many different frames a data collection's file holds."""
GRID = Grid(steps_x=20, steps_y=20, dx_mm=0.002, dy_mm=0.002)
"""A point for each image of a mesh scan."""
LATELY = timedelta(days=10)
"""Sessions at beamlines for crystals that began so long ago have pictures, with or without other files."""


def choose(world: World) -> set[int]:
    """Keys of the sessions whose files are written; of the newest ones, where samples were measured."""
    measured = {row["sessionId"] for row in world.groups if row["blSampleId"]}
    newest: dict[str, Row] = {}
    for session in world.sessions:
        if session["sessionId"] in measured and not world.is_showcase(session):
            technique = world.line_of(session).technique
            known = newest.setdefault(technique, session)
            newest[technique] = max(known, session, key=lambda row: row["startDate"])
    own = {row["sessionId"] for row in world.sessions if world.is_showcase(row)}
    return own | {row["sessionId"] for row in newest.values()}


def pictured(world: World) -> set[int]:
    """Keys of the sessions of which there are pictures and scans, and nothing else."""
    lately = {
        row["sessionId"]
        for row in world.sessions
        if world.now - LATELY <= row["startDate"] <= world.now and world.line_of(row).technique == "mx"
    }
    return lately - world.with_files


def job(number: int, row: Row, technique: str) -> Job:
    """What is recorded of a data collection, `number` of those with files."""
    return Job(
        folder=Path(row["imageDirectory"]),
        seed=seed(number),
        data=row["fileTemplate"],
        collection=0,  # not known before the row is there
        session=row["sessionId"],
        sample=row["blSampleId"],
        start=row["startTime"],
        end=row["endTime"],
        images=row["numberOfImages"],
        wavelength=row["wavelength"],
        exposure=row["exposureTime"],
        sub_path=row["imageContainerSubPath"],
        axis=(row["axisStart"] or 0.0, row["axisRange"] or 0.0),
        grid=GRID if technique == "spectroscopy" else None,
        snaked=True,
        most=FRAMES,
        digits=1,
    )


def seed(number: int) -> str:
    """Which crystal the data collection of this number shows."""
    return f"demo {number % CRYSTALS}"


def record(world: World, row: Row, job: Job, technique: str) -> Row:
    """Write frames, snapshots and the plot of a data collection; its row, as these say."""
    job.folder.mkdir(parents=True, exist_ok=True)
    columns: Row = {}
    if technique != "em":
        made = recorded.frames(job, world.alike.write).collection
        columns = {
            name: made[name] for name in ("detectorDistance", "imageSizeX", "imageSizeY", "xBeam", "yBeam")
        }
    if technique == "mx":
        columns["imageQualityIndicatorsPlotPath"] = _quality(world, job)
    return row | columns | snapshots(world, row, job.seed)


def _quality(world: World, job: Job) -> str:
    """Draw how many reflections each image shows: they fade while the crystal suffers; where the plot is."""
    file = job.folder / "quality.png"
    image = np.arange(1.0, min(job.images, 100) + 1.0)
    spots = 400 * np.exp(-image / 120) * (1 + 0.2 * np.sin(image / 9))
    spots += job.random("quality").normal(0, 12, len(image))
    lines = [Line("spots", image, spots)]
    draw = partial(plot, title="Image quality", axes=("image", "spots"), lines=lines)
    world.alike.write(("quality", job.seed, len(image)), file, draw)
    return str(file)


def snapshots(world: World, row: Row, seed: str) -> Row:
    """Write four pictures of a crystal with their thumbnails; where they are, by column."""
    paths, folder = {}, Path(row["imageDirectory"])
    for name, view in zip(SNAPSHOTS, recorded.views(seed), strict=True):
        default = folder / f"{name.replace('xtalSnapshotFullPath', 'snapshot_')}.jpeg"
        picture(world, (seed, name), view, Path(row[name] or default))
        paths[name] = str(row[name] or default)
    return paths


def picture(world: World, what: Hashable, image: Image, file: Path, small: Path | None = None) -> None:
    """Write a picture and its thumbnail, beside it unless `small` says where."""
    world.alike.write(what, file, partial(save, image))
    small = small or file.with_stem(file.stem + "t")
    world.alike.write((what, "small"), small, partial(save, pictures.thumbnail(image)))


def place(path: str) -> Path:
    """The file, in a folder that is there."""
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    return file
