"""What is measured: data collections in their groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

from starbeam.api.demo import Row
from starbeam_demo import files, showcase
from starbeam_demo.content.job import Job
from starbeam_demo.facility import BeamLine
from starbeam_demo.world import World
from starbeam_ispyb import models as m

FATES = ("Data collection successful", "Data collection aborted", "Data collection failed")
REASONS = ("Stopped by the user", "Detector not armed", "Beam lost", "Shutter closed by an interlock")

IMAGES = {"Characterization": (4, 1.0), "Mesh": (400, 0.0), "Still": (1000, 0.0), "SSX-Jet": (20000, 0.0)}
"""Number of images and degrees for each, by experiment type; 3600 of 0.1 degrees for all others."""
DISTANCE = 250.0
"""From sample to detector, in mm."""


async def fill(world: World) -> None:
    """Data collections of all groups, with what is recorded where there are files."""
    rows, jobs = list(_rows(world)), dict[int, Job]()
    places = {row["blSampleId"]: row["blSubSampleId"] for row in world.subsamples}
    for index, row in enumerate(rows):
        row["blSubSampleId"] = places.get(row["blSampleId"])
        if row["sessionId"] in world.with_files:
            technique = world.line_of(row).technique
            jobs[index] = files.job(len(jobs), row, technique)
            rows[index] = files.record(world, row, jobs[index], technique)
        elif row["sessionId"] in world.pictured:
            rows[index] = row | files.snapshots(world, row, files.seed(index))
    world.collections = await world.add(m.DataCollection, rows)
    keys = [row["dataCollectionId"] for row in world.collections]
    world.jobs = {keys[index]: replace(job, collection=keys[index]) for index, job in jobs.items()}


def _rows(world: World) -> Iterator[Row]:
    places: Counter[int] = Counter()
    for group in world.groups:
        session = world.sessions[group["sessionId"] - 1]
        places[session["sessionId"]] += 1
        number = world.random.choice((1, 1, 1, 2))
        if world.is_showcase(session):
            number = 1 + (places[session["sessionId"]] <= showcase.visit(session).twice)
        folder = world.folders[session["sessionId"]]
        yield from _of_group(world.random, group, world.line_of(session), folder, number)


def _of_group(rng: Random, group: Row, beamline: BeamLine, folder: Path, count: int = 1) -> Iterator[Row]:
    """Rows of `DataCollection`: a group's, one after the other; `folder` holds the session's files."""
    span = (group["endTime"] - group["startTime"]) / count
    for number in range(1, count + 1):
        start = (group["startTime"] + (number - 1) * span).replace(microsecond=0)
        end = (start + span * 0.9).replace(microsecond=0)
        fate = rng.choices(FATES, (92, 5, 3))[0]
        directory = folder / f"{group['dataCollectionGroupId']:06d}" / f"run_{number:02d}"
        measured = _microscopy if beamline.technique == "em" else _diffraction
        yield {
            "dataCollectionGroupId": group["dataCollectionGroupId"],
            "blSampleId": group["blSampleId"],
            "sessionId": group["sessionId"],
            "experimentType": group["experimentType"],
            "dataCollectionNumber": number,
            "startTime": start,
            "endTime": end,
            "runStatus": fate,
            "comments": None if fate == FATES[0] else rng.choice(REASONS),
            "imageDirectory": str(directory),
            "imagePrefix": f"group{group['dataCollectionGroupId']}",
            "startImageNumber": 1,
            "numberOfPasses": 1,
            "imageContainerSubPath": "1.1/measurement",
            "imageSizeX": beamline.detector[0],
            "imageSizeY": beamline.detector[1],
            "blSubSampleId": None,
            "imageQualityIndicatorsPlotPath": None,
            **_snapshots(directory if beamline.technique == "mx" else None),
            **measured(rng, group, beamline, end - start),
        }


def _snapshots(folder: Path | None) -> Row:
    """Where the pictures of the crystal are."""
    return {
        f"xtalSnapshotFullPath{number}": str(folder / f"snapshot_{number}.png") if folder else None
        for number in range(1, 5)
    }


def _diffraction(rng: Random, group: Row, beamline: BeamLine, duration: timedelta) -> Row:
    images, width = IMAGES.get(group["experimentType"], (3600, 0.1))
    wavelength = round(beamline.wavelength * rng.uniform(0.99, 1.01), 5)
    resolution = round(rng.uniform(1.1, 3.2), 2)
    begin = float(rng.randrange(0, 180, 5))
    return dict.fromkeys(_MICROSCOPE) | {
        "numberOfImages": images,
        "imageSuffix": "h5",
        "fileTemplate": f"group{group['dataCollectionGroupId']}_master.h5",
        "exposureTime": round(duration.total_seconds() / images, 5),
        "axisStart": begin,
        "axisEnd": round(begin + images * width, 3),
        "axisRange": width,
        "overlap": 0.0,
        "rotationAxis": "Omega",
        "omegaStart": begin,
        "phiStart": 0.0,
        "kappaStart": float(rng.choice((0, 0, 24))),
        "chiStart": 0.0,
        "wavelength": wavelength,
        "resolution": resolution,
        "resolutionAtCorner": round(resolution * 0.8, 2),
        "detectorDistance": round(DISTANCE * rng.uniform(0.5, 1.5), 1),
        "xBeam": round(beamline.detector[0] * 0.0375, 2),
        "yBeam": round(beamline.detector[1] * 0.0375, 2),
        "transmission": float(rng.choice((1, 5, 10, 25, 100))),
        "synchrotronMode": "7/8 multibunch",
        "beamSizeAtSampleX": beamline.beam_size / 1000,
        "beamSizeAtSampleY": beamline.beam_size / 1000,
        "slitGapHorizontal": round(rng.uniform(0.02, 0.2), 3),
        "slitGapVertical": round(rng.uniform(0.02, 0.2), 3),
        "undulatorGap1": round(rng.uniform(6, 11), 3),
        "flux": round(rng.uniform(1, 20) * 1e11),
        "flux_end": round(rng.uniform(1, 20) * 1e11),
        "totalAbsorbedDose": round(rng.uniform(0.1, 20), 2),
        "beamShape": rng.choice(("ellipse", "rectangular")),
    }


_MICROSCOPE = ("voltage", "magnification", "particleDiameter", "minDefocus", "maxDefocus")
_DIFFRACTOMETER = (
    *("axisStart", "axisEnd", "axisRange", "overlap", "rotationAxis", "omegaStart", "phiStart", "kappaStart"),
    *("chiStart", "resolution", "resolutionAtCorner", "detectorDistance", "xBeam", "yBeam", "transmission"),
    *("synchrotronMode", "beamSizeAtSampleX", "beamSizeAtSampleY", "slitGapHorizontal", "slitGapVertical"),
    *("undulatorGap1", "flux", "flux_end", "totalAbsorbedDose", "beamShape"),
)


def _microscopy(rng: Random, group: Row, beamline: BeamLine, duration: timedelta) -> Row:
    return dict.fromkeys(_DIFFRACTOMETER) | {
        "numberOfImages": int(duration.total_seconds() // 20),
        "imageSuffix": "tiff",
        "fileTemplate": "FoilHole_*_fractions.tiff",
        "exposureTime": round(rng.uniform(2, 5), 1),
        "wavelength": beamline.wavelength,
        "voltage": 300.0,
        "magnification": rng.choice((105000, 130000, 165000)),
        "particleDiameter": float(rng.randrange(100, 400, 10)),
        "minDefocus": -0.8,
        "maxDefocus": -2.2,
    }
