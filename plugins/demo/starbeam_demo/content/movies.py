"""What electron microscopes record: movies, with motion correction, contrast transfer and particles."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL.Image import Image

from starbeam_demo.content.job import Job, Made, New, Ref
from starbeam_demo.content.recorded import Write, drawn
from starbeam_demo.kit import logs, microscopy, pictures
from starbeam_demo.kit.drawing import save
from starbeam_demo.kit.randomness import seeded
from starbeam_em_legacy.models import ParticleClassification, ParticleClassificationGroup, ParticlePicker
from starbeam_ispyb import models as m

MOVIES = 3
"""How many movies a data collection has."""
CLASSES = 4
"""How many classes of particles there are."""

Row: TypeAlias = dict[str, Any]


@lru_cache(maxsize=2)
def _specimen(seed: tuple[Hashable, ...], side: int) -> Image:
    """What a movie shows; kept, since several of its files do."""
    return pictures.micrograph(seeded(*seed, "specimen"), side)


class Movie:
    """A movie that a seed makes: what it shows, its files, and its rows."""

    def __init__(self, stem: Path, *seed: Hashable) -> None:
        self.stem, self.seed = stem, seed
        self.x, self.y = microscopy.drift(self._random("drift"))
        self.defocus = float(self._random("defocus").uniform(0.8, 2.2))
        """In µm."""

    def _random(self, what: str) -> np.random.Generator:
        return seeded(*self.seed, what)

    def _file(self, end: str) -> Path:
        return self.stem.with_name(self.stem.name + end)

    def draw(self, side: int, write: Write = drawn) -> None:
        """Write all files, pictures `side` pixels wide; `write` may know those of the same seed."""
        motion = f"Total motion: {microscopy.motion(self.x, self.y)[0]:.2f} Å"
        defocus = f"Defocus: {self.defocus:.3f} µm"
        files: dict[str, Callable[[Path], object]] = {
            "_fractions.tiff": partial(self._record, side),
            "_micrograph.jpeg": lambda to: save(_specimen(self.seed, side), to),
            "_micrographt.jpeg": lambda to: save(pictures.thumbnail(_specimen(self.seed, side)), to),
            "_drift.png": partial(microscopy.write_drift, self.x, self.y),
            "_motion.log": partial(logs.processing, program="Motion correction", message=motion),
            "_ctf.png": lambda to: save(pictures.thon_rings(self._random("spectrum"), self.defocus), to),
            "_ctf.log": partial(logs.processing, program="CTF estimation", message=defocus),
            ".xml": lambda to: to.write_text(
                f'<movie frames="{len(self.x)}" defocus="{self.defocus:.3f}"/>\n'
            ),
        }
        for end, draw in files.items():
            write((*self.seed, end), self._file(end), draw)

    def _record(self, side: int, file: Path) -> None:
        microscopy.write_movie(self._random("frames"), _specimen(self.seed, side), self.x, self.y, file)

    def row(self, collection: int, number: int, taken: datetime) -> Row:
        """Of `Movie`."""
        rng = self._random("place")
        return {
            "dataCollectionId": collection,
            "movieNumber": number,
            "movieFullPath": str(self._file("_fractions.tiff")),
            "createdTimeStamp": taken,
            "positionX": f"{rng.uniform(-400, 400):.2f}",
            "positionY": f"{rng.uniform(-400, 400):.2f}",
            "micrographFullPath": str(self._file("_micrograph.jpeg")),
            "micrographSnapshotFullPath": str(self._file("_micrographt.jpeg")),
            "xmlMetaDataFullPath": str(self._file(".xml")),
            "dosePerImage": "1.1",
            "numberOfFrames": len(self.x),
        }

    def correction(self, movie: Any) -> Row:
        """Of `MotionCorrection`; `movie` is its key."""
        total, average = microscopy.motion(self.x, self.y)
        return {
            "movieId": movie,
            "firstFrame": "1",
            "lastFrame": str(len(self.x)),
            "dosePerFrame": "1.1",
            "doseWeight": f"{1.1 * len(self.x):.0f}",
            "totalMotion": f"{total:.2f}",
            "averageMotionPerFrame": f"{average:.3f}",
            "driftPlotFullPath": str(self._file("_drift.png")),
            "micrographFullPath": str(self._file("_micrograph.jpeg")),
            "micrographSnapshotFullPath": str(self._file("_micrographt.jpeg")),
            "correctedDoseMicrographFullPath": str(self._file("_micrograph.jpeg")),
            "patchesUsed": "5x5",
            "logFileFullPath": str(self._file("_motion.log")),
        }

    def ctf(self, correction: Any) -> Row:
        """Of `CTF`; `correction` is the key of the motion correction."""
        rng, spectrum = self._random("fit"), str(self._file("_ctf.png"))
        angle, agreement = rng.uniform(0, 180), rng.uniform(0.05, 0.3)
        resolution = rng.uniform(2.8, 6)
        return {
            "motionCorrectionId": correction,
            "spectraImageThumbnailFullPath": spectrum,
            "spectraImageFullPath": spectrum,
            "fftTheoreticalFullPath": spectrum,
            "defocusU": f"{self.defocus * 1e4:.0f}",
            "defocusV": f"{self.defocus * 0.97e4:.0f}",
            "angle": f"{angle:.1f}",
            "crossCorrelationCoefficient": f"{agreement:.3f}",
            "resolutionLimit": f"{resolution:.2f}",
            "logFilePath": str(self._file("_ctf.log")),
            "estimatedBfactor": f"{rng.uniform(20, 150):.1f}",
            "estimatedDefocus": round(self.defocus * 10_000),
            "estimatedResolution": round(resolution, 2),
            "astigmatismAngle": round(angle, 1),
            "ccValue": round(agreement, 3),
        }


def picker(correction: Any, diameter: float, particles: int) -> Row:
    """Of `ParticlePicker`; `correction` is the key of the first motion correction."""
    return {
        "firstMotionCorrectionId": correction,
        "particlePickingTemplate": "blob",
        "particleDiameter": diameter,
        "numberOfParticles": particles,
    }


def classification(picker: Any, particles: int) -> Row:
    """Of `ParticleClassificationGroup`; `picker` is the key of the picker."""
    return {
        "particlePickerId": picker,
        "type": "2D",
        "batchNumber": 1,
        "numberOfParticlesPerBatch": particles,
        "numberOfClassesPerBatch": CLASSES,
        "symmetry": "C1",
    }


def class_row(rng: np.random.Generator, group: Any, number: int, particles: int) -> Row:
    """Of `ParticleClassification`: the larger first; `group` is the key of the classification."""
    share = (2 * (CLASSES - number) + 1) / CLASSES**2
    return {
        "particleClassificationGroupId": group,
        "classNumber": number,
        "particlesPerClass": round(share * particles),
        "classDistribution": round(share, 4),
        "rotationAccuracy": round(float(rng.uniform(0.5, 5)), 2),
        "translationAccuracy": round(float(rng.uniform(0.3, 2)), 2),
        "estimatedResolution": round(float(rng.uniform(3.5, 12)), 2),
        "overallFourierCompleteness": round(float(rng.uniform(0.7, 1)), 3),
    }


def movies(job: Job) -> Made:
    """Movies of an electron microscope, their motion correction and contrast transfer function."""
    rows: list[New] = []
    for number in range(1, MOVIES + 1):
        job.proceed()
        movie = Movie(job.folder / f"{job.stem}_{number:04d}", job.seed, f"movie {number}")
        movie.draw(512)
        taken = job.start + timedelta(seconds=30 * number)
        rows += [
            New(m.Movie, movie.row(job.collection, number, taken), "movie"),
            New(m.MotionCorrection, movie.correction(Ref("movie")), "correction"),
            New(m.CTF, movie.ctf(Ref("correction"))),
        ]
    return Made(rows=(*rows, *_classes(job)))


def _classes(job: Job) -> list[New]:
    """Particles picked in the micrographs, and their classes with an image each."""
    particles = 60 * MOVIES
    rows = [
        New(ParticlePicker, picker(Ref("correction"), 180.0, particles), "picker"),
        New(ParticleClassificationGroup, classification(Ref("picker"), particles), "classification"),
    ]
    for number in range(1, CLASSES + 1):
        rng = job.random(f"class {number}")
        file = save(pictures.particle_class(rng), job.folder / f"{job.stem}_class_{number}.png")
        row = class_row(rng, Ref("classification"), number, particles) | {"classImageFullPath": str(file)}
        rows.append(New(ParticleClassification, row))
    return rows
