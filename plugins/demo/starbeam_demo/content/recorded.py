"""What detectors and cameras record: frames, snapshots, the first image, maps; and the log."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache, partial
from itertools import cycle
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from starbeam_demo.content.job import CELL, DETECTOR, DISTANCE, PIXEL, SNAPSHOTS, Job, Made, New, Ref
from starbeam_demo.kit import cbf, diffraction, hdf5, logs, maps, pictures, spectra
from starbeam_demo.kit.randomness import seeded
from starbeam_ispyb import models as m
from starbeam_mapping.models import XRFFluorescenceMapping, XRFFluorescenceMappingROI

ELEMENTS = {"Fe": "viridis", "Ca": "magma", "Zn": "cividis"}
"""Whose maps are made, and in which colours they are shown."""


Write: TypeAlias = Callable[[Hashable, Path, Callable[[Path], object]], None]
"""Lets a file show something, with what draws it."""


def drawn(what: Hashable, file: Path, draw: Callable[[Path], object]) -> None:
    """Draw it."""
    draw(file)


@lru_cache(maxsize=16)
def _series(seed: str, wavelength: float, images: int) -> list[NDArray[np.uint16]]:
    """Frames at this wavelength, in Å; kept, since they take long to make."""
    across, down = DETECTOR
    geometry = diffraction.Geometry.centred(
        across, down, pixel_size=PIXEL, distance=DISTANCE, wavelength=max(wavelength, 0.5)
    )
    rotation = diffraction.Rotation(0.0, 0.1, images)
    return list(diffraction.frames(seeded(seed, "frames"), geometry, rotation, CELL[:3]))


def different(job: Job) -> list[NDArray[np.uint16]]:
    """The frames of a data collection; its images repeat them."""
    return _series(*job.series)


@lru_cache(maxsize=16)
def views(seed: str) -> list[Image]:
    """A crystal from four sides, a quarter turn apart."""
    return [pictures.crystal(seeded(seed, "crystal"), 90.0 * number) for number in range(4)]


def frames(job: Job, write: Write = drawn) -> Made:
    """Detector frames: HDF5 with a link to a data file, or one CBF for each, by the ending of `data`. `write`
    may know a data file with the same."""
    rotation, geometry = job.rotation, job.geometry
    made = different(job)
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
        "resolution": job.resolution,
    }
    if Path(job.data).suffix.lower() == ".cbf":
        for number, frame in zip(range(1, job.images + 1), cycle(made), strict=False):
            job.proceed()
            file = job.folder / f"{job.stem}_{number:04d}.cbf"
            cbf.write(file, frame, number, geometry, rotation, job.start, job.exposure)
        return Made(columns | {"fileTemplate": f"{job.stem}_%04d.cbf"})
    measured = _counters(job) if job.grid is None else _maps(job)
    master = job.folder / Path(job.data).name
    hdf5.write_master(master, geometry, rotation, job.start, job.exposure, measured, job.sub_path)
    data = partial(hdf5.write_data, frames=made, images=job.images)
    write((job.series, job.images), hdf5.data_file(master), data)
    return Made(columns)


def _counters(job: Job) -> dict[str, Any]:
    return {"photodiode": job.random("counters").normal(1.0, 0.01, job.images).round(5)}


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
    frame = different(job)[0]
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
