"""Files, quality indicators and workflow steps of the demo's data collections."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, sin
from pathlib import Path
from random import Random

from starbeam.demo import DemoData, DemoWorld, Row
from starbeam_datacollections.models import ImageQualityIndicators
from starbeam_ispyb import models as m

PICTURED = 5
"""Of how many data collections there are files; the first are those of mx1001."""
ASSESSED = 40
"""Of how many data collections the images are assessed."""
IMAGES = 60
"""How many images of each are."""
STEPS = ("Snapshots", "Mesh scan", "Analysis of spots")


async def fill(world: DemoWorld) -> None:
    """Images, attachments and indicators of the data collections in `made["collections"]`, steps of the
    workflows in `made["workflows"]`."""
    diffraction = [row for row in world.made["collections"] if row["xtalSnapshotFullPath1"]]
    await world.add(m.Image, (_image(row) for row in diffraction))
    await world.add(m.DataCollectionFileAttachment, (_attachment(row) for row in diffraction))
    assessed = (one for row in diffraction[:ASSESSED] for one in _indicators(world.random, row))
    await world.add(ImageQualityIndicators, assessed)
    steps = (_step(row, number) for row in world.made["workflows"] for number in range(len(STEPS)))
    await world.add(m.WorkflowStep, steps)
    for row in diffraction[:PICTURED]:
        _write(world.random, row)


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


def _write(rng: Random, row: Row) -> None:
    """The files that the rows of one data collection name."""
    folder = Path(row["imageDirectory"])
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, 5):
        picture = Path(row[f"xtalSnapshotFullPath{number}"])
        _picture(rng, picture, (320, 240), (150, 160, 170), 1)
        _picture(rng, picture.with_stem(picture.stem + "t"), (80, 60), (150, 160, 170), 1)
    _picture(rng, folder / "image_0001.jpeg", (400, 400), (245, 245, 245), 150)
    _picture(rng, folder / "image_0001.thumb.jpeg", (100, 100), (245, 245, 245), 60)
    said = f"{row['startTime']} armed\n{row['endTime']} {row['runStatus']}\n"
    (folder / "collection.log").write_text(said, encoding="utf-8")


def _picture(
    rng: Random, file: Path, size: tuple[int, int], ground: tuple[int, int, int], spots: int
) -> None:
    """A picture of a crystal, or of many spots."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", size, ground)
    pen, radius = ImageDraw.Draw(picture), size[0] // (6 if spots == 1 else 130) + 1
    for _ in range(spots):
        x, y = (rng.uniform(0.3, 0.7) if spots == 1 else rng.random() for _ in range(2))
        pen.regular_polygon((x * size[0], y * size[1], radius), 6, rotation=20, fill=(60, 70, 80))
    picture.save(file)


DATA = DemoData("Images of data collections", fill)
