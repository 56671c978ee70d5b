"""Images, attachments and quality indicators of data collections, and steps of workflows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import dist, exp, sin
from pathlib import Path
from random import Random

from starbeam.api.demo import Row
from starbeam_datacollections.models import ImageQualityIndicators
from starbeam_demo import files
from starbeam_demo.content import recorded
from starbeam_demo.content.job import Job
from starbeam_demo.kit import logs, microscopy, pictures
from starbeam_demo.kit.drawing import Line, plot
from starbeam_demo.kit.randomness import seeded
from starbeam_demo.world import World
from starbeam_ispyb import models as m

IMAGES = 60
"""How many images of a data collection are assessed, spread over it; of a mesh all are."""
COLUMNS = int(files.GRID.steps_x or 1)
STEPS = ("Snapshots", "Mesh scan", "Analysis of spots")


async def fill(world: World) -> None:
    """What hangs on data collections and workflows, with the files of those sessions that have some."""
    diffraction = [row for row in world.collections if row["xtalSnapshotFullPath1"]]
    await world.add(m.Image, (_image(world, row) for row in diffraction))
    await world.add(m.DataCollectionFileAttachment, (_log(world, row) for row in diffraction))
    shown = world.with_files | world.pictured
    seen = [row for row in diffraction if row["sessionId"] in shown and row["resolution"]]
    await world.add(ImageQualityIndicators, (one for row in seen for one in _indicators(world.random, row)))
    with_files = {one["workflowId"] for one in world.groups if one["sessionId"] in world.with_files}
    steps = [_step(row, number) for row in world.workflows for number in range(len(STEPS))]
    await world.add(m.WorkflowStep, steps)
    for workflow in world.workflows:
        if workflow["workflowId"] in with_files:
            result = files.place(workflow["resultFilePath"])
            result.write_text(json.dumps({"status": workflow["status"]}))
    for step in steps:
        if step["workflowId"] in with_files:
            _write_step(step)


def _image(world: World, row: Row) -> Row:
    """A row of `Image`: the first frame as viewers show it."""
    name = f"{row['imageDirectory']}/image_0001"
    full, small = f"{name}.jpeg", f"{name}.thumb.jpeg"
    job = world.jobs.get(row["dataCollectionId"])
    if job is None and row["sessionId"] in world.pictured:
        job = _like(world, row["dataCollectionId"])
    if job:
        shown = pictures.diffraction(recorded.different(job)[0])
        files.picture(world, job.series, shown, Path(full), Path(small))
    return {
        "dataCollectionId": row["dataCollectionId"],
        "imageNumber": 1,
        "fileName": row["fileTemplate"],
        "fileLocation": row["imageDirectory"],
        "jpegFileFullPath": full,
        "jpegThumbnailFileFullPath": small,
    }


def _log(world: World, row: Row) -> Row:
    """A row of `DataCollectionFileAttachment`."""
    path = Path(row["imageDirectory"]) / "collection.log"
    if job := world.jobs.get(row["dataCollectionId"]):
        logs.collection(path, job.start, job.images, job.exposure, row["comments"])
    return {"dataCollectionId": row["dataCollectionId"], "fileFullPath": str(path), "fileType": "log"}


def _like(world: World, number: int) -> Job:
    """One of the recorded data collections, whose frames another one's may look like."""
    recorded_ones = [job for job in world.jobs.values() if job.grid is None][: files.CRYSTALS]
    return recorded_ones[number % len(recorded_ones)]


def _indicators(rng: Random, row: Row) -> Iterator[Row]:
    """Rows of `ImageQualityIndicators`: of a mesh, where the crystal is; of others, how it turns through the
    beam and suffers from it."""
    images, mesh = row["numberOfImages"], row["experimentType"] == "Mesh"
    strength, phase = rng.uniform(200, 900), rng.uniform(0, 6)
    centre = rng.uniform(6, 13), rng.uniform(6, 13)
    for number in range(1, images + 1, 1 if mesh else max(1, images // IMAGES)):
        done = number / images
        spots = strength * (1 + 0.3 * sin(phase + 7 * done)) * exp(-done / 2)
        if mesh:
            spots = strength * exp(-(dist(_cell(number), centre) ** 2) / 20)
        yield {
            "dataCollectionId": row["dataCollectionId"],
            "imageNumber": number,
            "autoProcProgramId": None,
            "spotTotal": int(spots * 1.2),
            "goodBraggCandidates": int(spots),
            "method1Res": round(row["resolution"] * 1.1, 2),
            "method2Res": round(row["resolution"] * (1 + done / 7), 2),
            "totalIntegratedSignal": round(spots * 1500, 1),
            "dozor_score": round(spots / 20, 2),
        }


def _cell(number: int) -> tuple[int, int]:
    """Column and row of an image of a mesh, whose every second row is measured backwards."""
    row, column = divmod(number - 1, COLUMNS)
    return (COLUMNS - 1 - column if row % 2 else column), row


def _step(workflow: Row, number: int) -> Row:
    folder = f"{Path(workflow['resultFilePath']).parent}/step_{number + 1}"
    return {
        "workflowId": workflow["workflowId"],
        "workflowStepType": STEPS[number],
        "status": workflow["status"],
        "comments": None,
        "folderPath": folder,
        "imageResultFilePath": f"{folder}/result.png",
        "resultFilePath": f"{folder}/result.json",
        "htmlResultFilePath": f"{folder}/index.html",
    }


def _write_step(step: Row) -> None:
    """The result of a step, as picture, data and page."""
    title, picture = step["workflowStepType"], files.place(step["imageResultFilePath"])
    image, score = microscopy.drift(seeded("demo step", step["folderPath"]), 30)
    plot(picture, title, ("image", "score"), [Line("score", image, abs(score))])
    Path(step["resultFilePath"]).write_text(json.dumps({"score": abs(score).round(3).tolist()}))
    page = f'<!doctype html><meta charset=utf-8><title>{title}</title><img src="{picture.name}" alt="">\n'
    Path(step["htmlResultFilePath"]).write_text(page, encoding="utf-8")
