"""Detector frames in HDF5, as a detector's own writer lays them out (NeXus): a master file with the metadata
and external links to data files with the frames, compressed with bitshuffle and LZ4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
from numpy.typing import NDArray

from starbeam_simulator.generators.diffraction import DEAD, Geometry, Rotation

PER_FILE = 100
"""How many frames a data file holds."""
SUB_PATH = "1.1/measurement"
"""Where beamline control looks for what a scan measured."""


def write(
    master: Path,
    frames: Sequence[NDArray[np.uint16]],
    geometry: Geometry,
    rotation: Rotation,
    start: datetime,
    exposure: float,
    measured: Mapping[str, NDArray[Any]] | None = None,
    sub_path: str = SUB_PATH,
) -> list[Path]:
    """Write the master file and the data files beside it; all that was written.

    `exposure` is in s. `measured` holds what else a scan measured (counters, maps) by name; it goes with the
    frames into the group `sub_path`.
    """
    stem = master.stem.removesuffix("_master")
    written = [master]
    links: dict[str, str] = {}
    for number, first in enumerate(range(0, len(frames), PER_FILE), 1):
        file = master.with_name(f"{stem}_data_{number:06d}.h5")
        _data_file(file, frames[first : first + PER_FILE], first + 1)
        links[f"data_{number:06d}"] = file.name
        written.append(file)
    with h5py.File(master, "w") as out:
        entry = _group(out, "entry", "NXentry", default="data")
        out.attrs["default"] = "entry"
        entry["start_time"] = start.isoformat()
        entry["definition"] = "NXmx"
        data = _group(entry, "data", "NXdata", signal=next(iter(links), ""))
        for name, target in links.items():
            data[name] = h5py.ExternalLink(target, "/entry/data/data")
        _instrument(entry, geometry, exposure, len(frames))
        _goniometer(entry, rotation)
        _measurement(out, sub_path, start, links, measured or {})
    return written


def _data_file(file: Path, frames: Sequence[NDArray[np.uint16]], first: int) -> None:
    with h5py.File(file, "w") as out:
        entry = _group(out, "entry", "NXentry", default="data")
        out.attrs["default"] = "entry"
        data = _group(entry, "data", "NXdata", signal="data")
        height, width = frames[0].shape
        images = data.create_dataset(
            "data",
            shape=(len(frames), height, width),
            dtype=np.uint16,
            chunks=(1, height, width),
            **hdf5plugin.Bitshuffle(cname="lz4"),
        )
        for number, frame in enumerate(frames):
            images[number] = frame
        images.attrs["image_nr_low"] = first
        images.attrs["image_nr_high"] = first + len(frames) - 1


def _instrument(entry: Any, geometry: Geometry, exposure: float, images: int) -> None:
    instrument = _group(entry, "instrument", "NXinstrument")
    _number(_group(instrument, "beam", "NXbeam"), "incident_wavelength", geometry.wavelength, "angstrom")
    detector = _group(instrument, "detector", "NXdetector")
    detector["description"] = "Simulated pixel detector"
    _number(detector, "detector_distance", geometry.distance, "m")
    _number(detector, "beam_center_x", geometry.beam[0], "pixel")
    _number(detector, "beam_center_y", geometry.beam[1], "pixel")
    _number(detector, "x_pixel_size", geometry.pixel_size, "m")
    _number(detector, "y_pixel_size", geometry.pixel_size, "m")
    _number(detector, "count_time", exposure, "s")
    _number(detector, "frame_time", exposure, "s")
    detector["saturation_value"] = DEAD - 1
    specific = _group(detector, "detectorSpecific", "NXcollection")
    specific["x_pixels_in_detector"] = geometry.width
    specific["y_pixels_in_detector"] = geometry.height
    specific["nimages"] = images
    specific["photon_energy"] = 12398.42 / geometry.wavelength


def _goniometer(entry: Any, rotation: Rotation) -> None:
    sample = _group(entry, "sample", "NXsample")
    goniometer = _group(sample, "goniometer", "NXtransformations")
    omega = goniometer.create_dataset(
        "omega", data=rotation.start + rotation.width * np.arange(rotation.images)
    )
    omega.attrs["units"] = "degree"
    _number(goniometer, "omega_range_average", rotation.width, "degree")


def _measurement(
    out: Any, path: str, start: datetime, links: Mapping[str, str], measured: Mapping[str, NDArray[Any]]
) -> None:
    """The group of a scan: what it measured, beside the frames."""
    scan, _, name = path.rpartition("/")
    holder = _group(out, scan, "NXentry", default=name) if scan else out
    if scan:
        holder["start_time"] = start.isoformat()
    group = _group(holder, name, "NXdata", signal=next(iter(measured), next(iter(links), "")))
    for key, values in measured.items():
        group.create_dataset(key, data=values)
    for key, target in links.items():
        group[key] = h5py.ExternalLink(target, "/entry/data/data")


def _group(parent: Any, name: str, kind: str, **attributes: str) -> Any:
    group = parent.create_group(name)
    group.attrs["NX_class"] = kind
    for key, value in attributes.items():
        if value:
            group.attrs[key] = value
    return group


def _number(group: Any, name: str, value: float, unit: str) -> None:
    group.create_dataset(name, data=float(value)).attrs["units"] = unit
