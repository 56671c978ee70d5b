"""What the demo's microscopes recorded: movies, what is made of them, and particles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

from starbeam.demo import Row
from starbeam_demo.world import World
from starbeam_em_legacy.models import ParticleClassification, ParticleClassificationGroup, ParticlePicker
from starbeam_ispyb.models import CTF, MotionCorrection, Movie

MOVIES = 6
"""How many movies of a data collection are shown; the microscope took hundreds."""
CLASSES = 5
"""How many classes the particles of a data collection fall into."""


async def fill(world: World) -> None:
    """Hang movies and particles on the data collections that microscopes took."""
    rng = world.random
    collections = [row for row in world.collections if row["experimentType"] == "EM"]
    recorded = await world.add(Movie, movies(collections))
    corrections = await world.add(MotionCorrection, (motion_correction(rng, movie) for movie in recorded))
    fitted = (ctf(rng, *both) for both in zip(recorded, corrections, strict=True))
    await world.add(CTF, fitted)
    picked = await world.add(ParticlePicker, pickers(rng, corrections))
    groups = await world.add(ParticleClassificationGroup, map(group_of, picked))
    await world.add(ParticleClassification, (row for group in groups for row in classes(rng, group)))


def movies(collections: list[Row]) -> Iterator[Row]:
    """Rows of `Movie`: the first few of each data collection."""
    for collection in collections:
        for number in range(1, MOVIES + 1):
            name = f"{collection['imageDirectory']}/FoilHole_{number:04d}"
            yield {
                "dataCollectionId": collection["dataCollectionId"],
                "movieNumber": number,
                "movieFullPath": f"{name}_fractions.tiff",
                "createdTimeStamp": collection["startTime"] + timedelta(seconds=40 * number),
                "positionX": str(round(0.7 * number, 2)),
                "positionY": str(round(-0.3 * number, 2)),
                "micrographFullPath": f"{name}.mrc",
                "micrographSnapshotFullPath": f"{name}.png",
                "xmlMetaDataFullPath": f"{name}.xml",
                "dosePerImage": "1.1",
                "numberOfFrames": 40,
            }


def images(movie: Row) -> dict[str, Path]:
    """Where the images of a movie are, by what they show."""
    snapshot = Path(movie["micrographSnapshotFullPath"])
    kinds = {"micrograph": "", "corrected": "_corrected", "drift": "_drift", "spectrum": "_ctf"}
    return {kind: snapshot.with_stem(snapshot.stem + end) for kind, end in kinds.items()}


def motion_correction(rng: Random, movie: Row) -> Row:
    """A row of `MotionCorrection`."""
    paths, moved = images(movie), rng.uniform(4, 40)
    return {
        "movieId": movie["movieId"],
        "dataCollectionId": movie["dataCollectionId"],
        "imageNumber": movie["movieNumber"],
        "firstFrame": "1",
        "lastFrame": "40",
        "dosePerFrame": "1.1",
        "doseWeight": "44",
        "totalMotion": f"{moved:.2f}",
        "averageMotionPerFrame": f"{moved / 40:.3f}",
        "driftPlotFullPath": str(paths["drift"]),
        "micrographFullPath": str(paths["corrected"].with_suffix(".mrc")),
        "micrographSnapshotFullPath": str(paths["corrected"]),
        "correctedDoseMicrographFullPath": str(paths["corrected"].with_suffix(".dw.mrc")),
        "patchesUsed": "5x5",
        "patchesUsedX": 5,
        "patchesUsedY": 5,
        "logFileFullPath": str(paths["corrected"].with_suffix(".log")),
        "createdTimeStamp": movie["createdTimeStamp"],
    }


def ctf(rng: Random, movie: Row, correction: Row) -> Row:
    """A row of `CTF`."""
    spectrum, defocus = images(movie)["spectrum"], rng.uniform(8000, 22000)
    resolution, angle, agreement = rng.uniform(3, 6), rng.uniform(0, 180), rng.uniform(0.05, 0.3)
    return {
        "motionCorrectionId": correction["motionCorrectionId"],
        "spectraImageThumbnailFullPath": str(spectrum),
        "spectraImageFullPath": str(spectrum.with_suffix(".mrc")),
        "fftTheoreticalFullPath": str(spectrum),
        "defocusU": f"{defocus:.0f}",
        "defocusV": f"{defocus - rng.uniform(50, 400):.0f}",
        "angle": f"{angle:.1f}",
        "crossCorrelationCoefficient": f"{agreement:.3f}",
        "resolutionLimit": f"{resolution:.2f}",
        "estimatedBfactor": f"{rng.uniform(50, 150):.0f}",
        "logFilePath": str(spectrum.with_suffix(".log")),
        "createdTimeStamp": movie["createdTimeStamp"],
        "estimatedDefocus": round(defocus, 1),
        "estimatedResolution": round(resolution, 2),
        "astigmatismAngle": round(angle, 1),
        "ccValue": round(agreement, 3),
    }


def pickers(rng: Random, corrections: list[Row]) -> Iterator[Row]:
    """Rows of `ParticlePicker`: one for each data collection, from its first movie on."""
    for correction in corrections[::MOVIES]:
        yield {
            "firstMotionCorrectionId": correction["motionCorrectionId"],
            "particleDiameter": float(rng.randrange(100, 400, 10)),
            "numberOfParticles": rng.randrange(20_000, 200_000),
        }


def group_of(picker: Row) -> Row:
    """A row of `ParticleClassificationGroup`."""
    return {
        "particlePickerId": picker["particlePickerId"],
        "type": "2D",
        "batchNumber": 1,
        "numberOfParticlesPerBatch": picker["numberOfParticles"],
        "numberOfClassesPerBatch": CLASSES,
        "symmetry": "C1",
    }


def classes(rng: Random, group: Row) -> Iterator[Row]:
    """Rows of `ParticleClassification`: the larger first."""
    shares = sorted((rng.uniform(0.5, 5) for _ in range(CLASSES)), reverse=True)
    for number, share in enumerate(shares, 1):
        part = share / sum(shares)
        yield {
            "particleClassificationGroupId": group["particleClassificationGroupId"],
            "classNumber": number,
            "particlesPerClass": round(part * group["numberOfParticlesPerBatch"]),
            "classDistribution": round(part, 4),
            "rotationAccuracy": round(rng.uniform(0.5, 5), 2),
            "translationAccuracy": round(rng.uniform(0.3, 2), 2),
            "estimatedResolution": round(rng.uniform(3.5, 12), 2),
            "overallFourierCompleteness": round(rng.uniform(0.7, 1), 3),
        }
