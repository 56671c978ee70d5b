"""Images, attachments, quality indicators and workflow steps of the demo's data collections."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, sin
from pathlib import Path
from random import Random

from starbeam.demo import Row
from starbeam_datacollections.models import ImageQualityIndicators
from starbeam_demo.world import World
from starbeam_ispyb import models as m

ASSESSED = 40
"""Of how many data collections the images are assessed."""
IMAGES = 60
"""How many images of each are."""
STEPS = ("Snapshots", "Mesh scan", "Analysis of spots")


async def fill(world: World) -> None:
    """Images, attachments and indicators of data collections, and steps of workflows."""
    diffraction = [row for row in world.collections if row["xtalSnapshotFullPath1"]]
    await world.add(m.Image, (_image(row) for row in diffraction))
    await world.add(m.DataCollectionFileAttachment, (_attachment(row) for row in diffraction))
    assessed = (one for row in diffraction[:ASSESSED] for one in _indicators(world.random, row))
    await world.add(ImageQualityIndicators, assessed)
    steps = (_step(row, number) for row in world.workflows for number in range(len(STEPS)))
    await world.add(m.WorkflowStep, steps)


def _image(row: Row) -> Row:
    return {
        "dataCollectionId": row["dataCollectionId"],
        "imageNumber": 1,
        "fileName": row["fileTemplate"],
        "fileLocation": row["imageDirectory"],
        "jpegFileFullPath": f"{row['imageDirectory']}/image_0001.jpeg",
        "jpegThumbnailFileFullPath": f"{row['imageDirectory']}/image_0001.thumb.jpeg",
    }


def _attachment(row: Row) -> Row:
    path = f"{row['imageDirectory']}/collection.log"
    return {"dataCollectionId": row["dataCollectionId"], "fileFullPath": path, "fileType": "log"}


def _indicators(rng: Random, row: Row) -> Iterator[Row]:
    """Rows of `ImageQualityIndicators`: the crystal turns through the beam and suffers from it."""
    strength, phase = rng.uniform(200, 900), rng.uniform(0, 6)
    for number in range(1, min(IMAGES, row["numberOfImages"]) + 1):
        spots = strength * (1 + 0.3 * sin(phase + number / 8)) * exp(-number / 200)
        yield {
            "dataCollectionId": row["dataCollectionId"],
            "imageNumber": number,
            "autoProcProgramId": None,
            "spotTotal": int(spots * 1.2),
            "goodBraggCandidates": int(spots),
            "method1Res": round(row["resolution"] * 1.1, 2),
            "method2Res": round(row["resolution"] * (1 + number / 400), 2),
            "totalIntegratedSignal": round(spots * 1500, 1),
            "dozor_score": round(spots / 20, 2),
        }


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
