"""What electron microscopes record: movies, with motion correction, contrast transfer and particles."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from starbeam_demo.content.job import Job, Made, New, Ref
from starbeam_demo.kit import microscopy, pictures
from starbeam_demo.kit.drawing import save
from starbeam_em_legacy.models import ParticleClassification, ParticleClassificationGroup, ParticlePicker
from starbeam_ispyb import models as m

MOVIES = 3
"""How many movies a data collection has."""
CLASSES = 4
"""How many classes of particles there are."""


def movies(job: Job) -> Made:
    """Movies of an electron microscope, their motion correction and contrast transfer function."""
    rows: list[New] = []
    for number in range(1, MOVIES + 1):
        job.proceed()
        rows += _movie(job, number)
    return Made(rows=(*rows, *_classes(job)))


def _classes(job: Job) -> list[New]:
    """Particles picked in the micrographs, and their classes."""
    picker = {
        "firstMotionCorrectionId": Ref("correction"),
        "particlePickingTemplate": "blob",
        "particleDiameter": 180.0,
        "numberOfParticles": 60 * MOVIES,
    }
    group = {
        "particlePickerId": Ref("picker"),
        "type": "2D",
        "batchNumber": 1,
        "numberOfParticlesPerBatch": 60 * MOVIES,
        "numberOfClassesPerBatch": CLASSES,
        "symmetry": "C1",
    }
    rows = [
        New(ParticlePicker, picker, "picker"),
        New(ParticleClassificationGroup, group, "classification"),
    ]
    for number in range(1, CLASSES + 1):
        rng = job.random(f"class {number}")
        file = save(pictures.particle_class(rng), job.folder / f"{job.stem}_class_{number}.png")
        one = {
            "particleClassificationGroupId": Ref("classification"),
            "classNumber": number,
            "classImageFullPath": str(file),
            "particlesPerClass": 60 * MOVIES // CLASSES,
            "classDistribution": round(1 / CLASSES, 3),
            "rotationAccuracy": round(float(rng.uniform(1, 4)), 2),
            "translationAccuracy": round(float(rng.uniform(0.5, 2)), 2),
            "estimatedResolution": round(float(rng.uniform(6, 12)), 1),
            "overallFourierCompleteness": round(float(rng.uniform(0.8, 0.99)), 3),
        }
        rows.append(New(ParticleClassification, one))
    return rows


def _movie(job: Job, number: int) -> list[New]:
    rng = job.random(f"movie {number}")
    stem = job.folder / f"{job.stem}_{number:04d}"
    specimen = pictures.micrograph(rng)
    micrograph, small = pictures.with_thumbnail(specimen, Path(f"{stem}_micrograph.jpeg"))
    x, y = microscopy.drift(rng)
    movie_file = microscopy.write_movie(rng, specimen, x, y, Path(f"{stem}_fractions.tiff"))
    total, average = microscopy.motion(x, y)
    drift = microscopy.write_drift(x, y, Path(f"{stem}_drift.png"))
    defocus = float(rng.uniform(0.8, 2.2))
    spectrum = save(pictures.thon_rings(rng, defocus), Path(f"{stem}_ctf.png"))
    taken = job.start + timedelta(seconds=30 * number)
    movie = {
        "dataCollectionId": job.collection,
        "movieNumber": number,
        "movieFullPath": str(movie_file),
        "createdTimeStamp": taken,
        "positionX": f"{rng.uniform(-400, 400):.2f}",
        "positionY": f"{rng.uniform(-400, 400):.2f}",
        "micrographFullPath": str(micrograph),
        "micrographSnapshotFullPath": str(small),
        "dosePerImage": "1.1",
    }
    correction = {
        "movieId": Ref("movie"),
        "firstFrame": "1",
        "lastFrame": str(len(x)),
        "dosePerFrame": "1.1",
        "totalMotion": f"{total:.2f}",
        "averageMotionPerFrame": f"{average:.3f}",
        "driftPlotFullPath": str(drift),
        "micrographFullPath": str(micrograph),
        "micrographSnapshotFullPath": str(small),
    }
    ctf = {
        "motionCorrectionId": Ref("correction"),
        "spectraImageThumbnailFullPath": str(spectrum),
        "spectraImageFullPath": str(spectrum),
        "fftTheoreticalFullPath": str(spectrum),
        "defocusU": f"{defocus * 1e4:.0f}",
        "defocusV": f"{defocus * 0.97e4:.0f}",
        "angle": f"{rng.uniform(0, 180):.1f}",
        "resolutionLimit": f"{rng.uniform(2.8, 4.5):.2f}",
        "estimatedBfactor": f"{rng.uniform(20, 90):.1f}",
        "estimatedDefocus": defocus,
        "estimatedResolution": 3.2,
    }
    return [
        New(m.Movie, movie, "movie"),
        New(m.MotionCorrection, correction, "correction"),
        New(m.CTF, ctf),
    ]
