"""What can be made up for a data collection: its files, and the rows that name them.

Each function of `CONTENT` writes files into the folder of a `Job` and returns what the database has to hold.
They draw from the job's own source of randomness only, so that the same seed gives the same content.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image
from starbeam_mapping.models import XRFFluorescenceMapping, XRFFluorescenceMappingROI

from starbeam_em_legacy.models import ParticleClassification, ParticleClassificationGroup, ParticlePicker
from starbeam_ispyb import models as m
from starbeam_simulator.configuration import SNAPSHOTS, Content, Grid
from starbeam_simulator.generators import (
    cbf,
    diffraction,
    hdf5,
    logs,
    maps,
    microscopy,
    pictures,
    spectra,
    statistics,
)
from starbeam_simulator.generators.drawing import save
from starbeam_simulator.generators.randomness import seeded

DETECTOR = (616, 632)
"""Pixels of the simulated detector, across and down."""
PIXEL = 300e-6
"""Their size, in m."""
DISTANCE = 0.25
"""From sample to detector, in m."""
FRAMES = 10
"""How many frames a file holds at most."""
MOVIES = 3
WAVELENGTH = 0.9763
HC = 12.39842
"""Photon energy times wavelength, in keV Å."""
CELL = (78.9, 78.9, 37.1)
"""Of the crystal that is simulated, in Å; tetragonal."""
SPACE_GROUP = "P43212"
ELEMENTS = {"Fe": "viridis", "Ca": "magma", "Zn": "cividis"}
"""Whose maps are made, and in which colours they are shown."""
CLASSES = 4
"""How many classes of particles there are."""


@dataclass(frozen=True)
class Job:
    """A data collection that content is made for."""

    folder: Path
    seed: str
    data: str
    """The name of the data file."""
    collection: int
    """`dataCollectionId`."""
    session: int
    sample: int | None
    start: datetime
    end: datetime
    images: int = FRAMES
    wavelength: float = WAVELENGTH
    exposure: float = 0.02
    sub_path: str = hdf5.SUB_PATH
    axis: tuple[float, float] = (0.0, 0.1)
    """Where the rotation starts, and the width of a frame, in degrees."""
    grid: Grid | None = None
    grid_id: int | None = None
    """`gridInfoId`."""
    snaked: bool = False
    """Every second row of the grid is measured backwards."""
    most: int = FRAMES
    """How many frames are made at most."""

    def random(self, what: str) -> np.random.Generator:
        """The source of randomness for one kind of content."""
        return seeded(self.seed, what)

    @property
    def geometry(self) -> diffraction.Geometry:
        """Detector and beam."""
        across, down = DETECTOR
        return diffraction.Geometry.centred(
            across, down, pixel_size=PIXEL, distance=DISTANCE, wavelength=self.wavelength
        )

    @property
    def rotation(self) -> diffraction.Rotation:
        """The frames that are made: the first of the data collection."""
        return diffraction.Rotation(*self.axis, min(self.images, self.most))

    @property
    def steps(self) -> tuple[int, int]:
        """Columns and rows of the grid."""
        grid = self.grid or Grid()
        return int(grid.steps_x or 20), int(grid.steps_y or 20)

    @property
    def stem(self) -> str:
        """What the names of the files begin with."""
        return Path(self.data).stem.removesuffix("_master").replace("_*", "")


@lru_cache(maxsize=16)
def _series(seed: str, wavelength: float, images: int) -> list[NDArray[np.uint16]]:
    """Frames at about this wavelength, in Å; kept, since they take long to make."""
    across, down = DETECTOR
    geometry = diffraction.Geometry.centred(
        across, down, pixel_size=PIXEL, distance=DISTANCE, wavelength=max(wavelength, 0.5)
    )
    rotation = diffraction.Rotation(0.0, 0.1, images)
    return list(diffraction.frames(seeded(seed, "frames"), geometry, rotation, CELL))


def first_frame(job: Job) -> NDArray[np.uint16]:
    """The first of a data collection's frames."""
    return _series(job.seed, round(job.wavelength, 1), job.rotation.images)[0]


@lru_cache(maxsize=16)
def views(seed: str) -> list[Image]:
    """A crystal from four sides, a quarter turn apart."""
    return [pictures.crystal(seeded(seed, "crystal"), 90.0 * number) for number in range(4)]


class Ref(str):
    """Stands for the key of the row that was given this name."""


@dataclass(frozen=True)
class New:
    """A row to be made."""

    model: type[Any]
    values: Mapping[str, Any]
    name: str = ""
    needs: Any = None
    """A column without which the row makes no sense: a flavour that lacks it gets no row."""


@dataclass(frozen=True)
class Made:
    """What the database has to hold of files that were written."""

    collection: Mapping[str, Any] = field(default_factory=dict)
    """Columns of the data collection."""
    rows: tuple[New, ...] = ()


def frames(job: Job) -> Made:
    """Detector frames: HDF5 with links to data files, or one CBF for each, by the ending of `data`."""
    rotation, geometry = job.rotation, job.geometry
    made = _series(job.seed, round(job.wavelength, 1), rotation.images)
    columns: dict[str, Any] = {
        "imageDirectory": str(job.folder),
        "detectorDistance": DISTANCE * 1000,
        "imageSizeX": geometry.width,
        "imageSizeY": geometry.height,
        "xBeam": round(geometry.beam[0] * PIXEL * 1000, 2),
        "yBeam": round(geometry.beam[1] * PIXEL * 1000, 2),
        "wavelength": job.wavelength,
        "exposureTime": job.exposure,
        "numberOfImages": job.images,
        "axisStart": rotation.start,
        "axisRange": rotation.width,
        "axisEnd": round(rotation.start + job.images * rotation.width, 3),
        "rotationAxis": "Omega",
        "resolution": 1.8,
    }
    if Path(job.data).suffix.lower() == ".cbf":
        for number, frame in enumerate(made, 1):
            file = job.folder / f"{job.stem}_{number:04d}.cbf"
            cbf.write(file, frame, number, geometry, rotation, job.start, job.exposure)
        return Made(columns | {"fileTemplate": f"{job.stem}_%04d.cbf"})
    measured = _counters(job, len(made)) if job.grid is None else _maps(job)
    master = job.folder / Path(job.data).name
    hdf5.write(master, made, geometry, rotation, job.start, job.exposure, measured, job.sub_path)
    return Made(columns)


def _counters(job: Job, count: int) -> dict[str, Any]:
    return {"photodiode": job.random("counters").normal(1.0, 0.01, count).round(5)}


def _maps(job: Job) -> dict[str, Any]:
    columns, rows = job.steps
    return {
        f"fluo_{element}": maps.element_map(job.random(f"map {element}"), columns, rows)
        for element in ELEMENTS
    }


def snapshots(job: Job) -> Made:
    """Four views of the crystal, a quarter turn apart, with thumbnails."""
    columns = {}
    for number, (name, view) in enumerate(zip(SNAPSHOTS, views(job.seed), strict=True)):
        file = job.folder / f"{job.stem}_{90 * number:03d}.snapshot.jpeg"
        pictures.with_thumbnail(view, file)
        columns[name] = str(file)
    return Made(columns)


def images(job: Job) -> Made:
    """The first frame as a JPEG with its thumbnail."""
    frame = first_frame(job)
    full, small = pictures.with_thumbnail(pictures.diffraction(frame), job.folder / f"{job.stem}_0001.jpeg")
    row = {
        "dataCollectionId": job.collection,
        "imageNumber": 1,
        "fileName": Path(job.data).name,
        "fileLocation": str(job.folder),
        "jpegFileFullPath": str(full),
        "jpegThumbnailFileFullPath": str(small),
    }
    return Made(rows=(New(m.Image, row),))


def log(job: Job) -> Made:
    """The log of the data collection."""
    file = logs.collection(job.folder / f"{job.stem}.log", job.start, job.images, job.exposure)
    row = {"dataCollectionId": job.collection, "fileFullPath": str(file), "fileType": "log"}
    return Made(rows=(New(m.DataCollectionFileAttachment, row),))


def fluorescence_maps(job: Job) -> Made:
    """A map of each element over the grid, the last one half done."""
    if job.grid_id is None:
        return Made()
    rows: list[New] = []
    for element, image in zip(ELEMENTS, _maps(job).values(), strict=True):
        line, points = spectra.LINES[element], None if element != "Zn" else image.size // 2
        roi = {
            "element": element,
            "edge": "K",
            "startEnergy": round(line - 0.1, 3),
            "endEnergy": round(line + 0.1, 3),
            "blSampleId": job.sample,
        }
        a_map = {
            "xrfFluorescenceMappingROIId": Ref(element),
            "gridInfoId": job.grid_id,
            "dataFormat": "json+gzip",
            "data": maps.packed(maps.collected(image, snaked=job.snaked, measured=points)),
            "points": points or image.size,
            "opacity": 1.0,
            "colourMap": ELEMENTS[element],
            "min": 0,
            "max": int(np.percentile(image, 99)),
        }
        needed = XRFFluorescenceMapping.data
        rows.append(New(XRFFluorescenceMappingROI, roi, element, needed))
        rows.append(New(XRFFluorescenceMapping, a_map, needs=needed))
    return Made(rows=tuple(rows))


def energy_scan(job: Job) -> Made:
    """A scan over the selenium edge, just before the data collection."""
    scan = spectra.edge_scan(job.random("edge"), "Se")
    raw, factors, plot = spectra.write_scan(scan, job.folder / "Se_K")
    row = {
        "sessionId": job.session,
        "blSampleId": job.sample,
        "element": scan.element,
        "edgeEnergy": "12658",
        "startTime": job.start - timedelta(minutes=4),
        "endTime": job.start - timedelta(minutes=3),
        "exposureTime": 0.1,
        "transmissionFactor": 5.0,
        "beamSizeHorizontal": 0.05,
        "beamSizeVertical": 0.05,
        "flux": 4e10,
        "fluorescenceDetector": "Vortex",
        "startEnergy": round(float(scan.energy[0]), 4),
        "endEnergy": round(float(scan.energy[-1]), 4),
        "scanFileFullPath": str(raw),
        "choochFileFullPath": str(factors),
        "jpegChoochFileFullPath": str(plot),
        "filename": raw.name,
    }
    for name, index in (("peak", scan.peak), ("inflection", scan.inflection)):
        row[f"{name}Energy"] = round(float(scan.energy[index]), 4)
        row[f"{name}FPrime"] = round(float(scan.f_prime[index]), 2)
        row[f"{name}FDoublePrime"] = round(float(scan.f_double_prime[index]), 2)
    return Made(rows=(New(m.EnergyScan, row),))


def xrf(job: Job) -> Made:
    """A fluorescence spectrum, just before the data collection."""
    energy = round(HC / job.wavelength, 4)
    spectrum = spectra.fluorescence(job.random("xrf"), energy)
    data, fit, picture, page = spectra.write_fluorescence(spectrum, job.folder / "xrf")
    row = {
        "sessionId": job.session,
        "blSampleId": job.sample,
        "startTime": job.start - timedelta(minutes=2),
        "endTime": job.start - timedelta(minutes=1),
        "energy": energy,
        "exposureTime": 5.0,
        "beamTransmission": 1.0,
        "beamSizeHorizontal": 0.05,
        "beamSizeVertical": 0.05,
        "flux": 4e10,
        "filename": data.name,
        "workingDirectory": str(job.folder),
        "scanFileFullPath": str(data),
        "fittedDataFileFullPath": str(fit),
        "jpegScanFileFullPath": str(picture),
        "annotatedPymcaXfeSpectrum": str(page),
        "comments": "Lines of " + ", ".join(spectrum.elements),
    }
    return Made(rows=(New(m.XFEFluorescenceSpectrum, row),))


def processing(job: Job) -> Made:
    """The result of automatic processing, with its log."""
    shells = statistics.shells(job.random("processing"), 1.8, CELL)
    file = logs.scaling(job.folder / f"{job.stem}_scaling.log", "autoPROC", SPACE_GROUP, shells)
    cell = dict(zip(("a", "b", "c", "alpha", "beta", "gamma"), (*CELL, 90.0, 90.0, 90.0), strict=True))
    program = {
        "processingPrograms": "autoPROC",
        "processingStatus": "1",
        "processingMessage": "Processing successful",
        "processingCommandLine": f"process -d {job.folder}",
        "processingStartTime": job.end,
        "processingEndTime": job.end + timedelta(minutes=4),
        "recordTimeStamp": job.end,
    }
    attachment = {
        "autoProcProgramId": Ref("program"),
        "fileType": "Log",
        "fileName": file.name,
        "filePath": str(file.parent),
        "recordTimeStamp": job.end,
    }
    integration = {
        "dataCollectionId": job.collection,
        "autoProcProgramId": Ref("program"),
        "startImageNumber": 1,
        "endImageNumber": job.images,
        "anomalous": 0,
        "refinedXBeam": round(job.geometry.beam[0] * PIXEL * 1000, 2),
        "refinedYBeam": round(job.geometry.beam[1] * PIXEL * 1000, 2),
        **{f"cell_{name}": value for name, value in cell.items()},
    }
    result = {
        "autoProcProgramId": Ref("program"),
        "spaceGroup": SPACE_GROUP,
        **{f"refinedCell_{name}": value for name, value in cell.items()},
    }
    link = {"autoProcScalingId": Ref("scaling"), "autoProcIntegrationId": Ref("integration")}
    return Made(
        rows=(
            New(m.AutoProcProgram, program, "program"),
            New(m.AutoProcProgramAttachment, attachment),
            New(m.AutoProcIntegration, integration, "integration"),
            New(m.AutoProc, result, "result"),
            New(m.AutoProcScaling, {"autoProcId": Ref("result"), "recordTimeStamp": job.end}, "scaling"),
            New(m.AutoProcScaling_has_Int, link),
            *(
                New(m.AutoProcScalingStatistics, {"autoProcScalingId": Ref("scaling"), **shell.columns()})
                for shell in shells
            ),
        )
    )


def movies(job: Job) -> Made:
    """Movies of an electron microscope, their motion correction and contrast transfer function."""
    rows: list[New] = []
    for number in range(1, MOVIES + 1):
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
    micrograph, small = pictures.with_thumbnail(pictures.micrograph(rng), Path(f"{stem}_micrograph.jpeg"))
    x, y = microscopy.drift(rng)
    total, average = microscopy.motion(x, y)
    drift = microscopy.write_drift(x, y, Path(f"{stem}_drift.png"))
    defocus = float(rng.uniform(0.8, 2.2))
    spectrum = save(pictures.thon_rings(rng, defocus), Path(f"{stem}_ctf.png"))
    taken = job.start + timedelta(seconds=30 * number)
    movie = {
        "dataCollectionId": job.collection,
        "movieNumber": number,
        "movieFullPath": f"{stem}_fractions.tiff",
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


CONTENT: dict[Content, Callable[[Job], Made]] = {
    "frames": frames,
    "snapshots": snapshots,
    "images": images,
    "log": log,
    "map": fluorescence_maps,
    "energy_scan": energy_scan,
    "xrf": xrf,
    "processing": processing,
    "movies": movies,
}
"""By the names that the configuration uses, in the order in which they are made."""
