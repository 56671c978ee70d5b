"""Detector frames in HDF5, as a detector's own writer lays them out (NeXus): a master file with the metadata
and an external link to a data file with the frames, compressed with bitshuffle and LZ4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
from numpy.typing import NDArray

from starbeam_demo.kit.diffraction import DEAD, Geometry, Rotation

LINK = "data_000001"
"""What links to the frames are called, and the end of their file's name."""
SUB_PATH = "1.1/measurement"
"""Where beamline control looks for what a scan measured."""


def data_file(master: Path) -> Path:
    """The file that a master file links to."""
    return master.with_name(f"{master.stem.removesuffix('_master')}_{LINK}.h5")


def write_master(
    master: Path,
    geometry: Geometry,
    rotation: Rotation,
    start: datetime,
    exposure: float,
    measured: Mapping[str, NDArray[Any]],
    sub_path: str = SUB_PATH,
) -> None:
    """Write what is known of the images, which began at `start` and took `exposure` s each.

    `measured` holds what else a scan measured (counters, maps) by name; it goes with the images into the
    group `sub_path`.
    """
    file = data_file(master)
    with h5py.File(master, "w") as out:
        entry = _group(out, "entry", "NXentry", default="data")
        out.attrs["default"] = "entry"
        entry["start_time"] = start.isoformat()
        entry["definition"] = "NXmx"
        _link(_group(entry, "data", "NXdata", signal=LINK), file)
        _instrument(entry, geometry, exposure, rotation.images)
        _goniometer(entry, rotation)
        _measurement(out, sub_path, start, file, measured)


def _link(group: Any, file: Path) -> None:
    group[LINK] = h5py.ExternalLink(file.name, "/entry/data/data")


def write_data(file: Path, frames: Sequence[NDArray[np.uint16]], images: int) -> None:
    """Write so many images: the frames, over and over."""
    with h5py.File(file, "w") as out:
        entry = _group(out, "entry", "NXentry", default="data")
        out.attrs["default"] = "entry"
        data = _group(entry, "data", "NXdata", signal="data")
        if images == len(frames):
            dataset = _stored(data, "data", frames)
        else:
            stored = _stored(_group(entry, "stored", "NXcollection"), "frames", frames)
            dataset = data.create_virtual_dataset("data", _repeated(stored, images))
        dataset.attrs["image_nr_low"] = 1
        dataset.attrs["image_nr_high"] = images
        dataset.attrs["interpretation"] = "image"


def _stored(group: Any, name: str, frames: Sequence[NDArray[np.uint16]]) -> Any:
    """A data set of frames, each compressed by itself."""
    shape = frames[0].shape
    dataset = group.create_dataset(
        name,
        shape=(len(frames), *shape),
        dtype=np.uint16,
        chunks=(1, *shape),
        **hdf5plugin.Bitshuffle(cname="lz4"),
    )
    for number, frame in enumerate(frames):
        dataset[number] = frame
    return dataset


def _repeated(stored: Any, images: int) -> Any:
    """So many images, each of them one of the stored frames: they take space once."""
    frames, *shape = stored.shape
    layout, source = h5py.VirtualLayout((images, *shape), stored.dtype), h5py.VirtualSource(stored)
    for first in range(0, images, frames):
        layout[first : first + frames] = source[: images - first]
    return layout


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
    out: Any, path: str, start: datetime, file: Path, measured: Mapping[str, NDArray[Any]]
) -> None:
    """The group of a scan: what it measured, beside the frames."""
    scan, _, name = path.rpartition("/")
    holder = _group(out, scan, "NXentry", default=name) if scan else out
    if scan:
        holder["start_time"] = start.isoformat()
    signal, *more = measured or [LINK]
    group = _group(holder, name, "NXdata", signal=signal)
    if more:
        group.attrs["auxiliary_signals"] = more
    for key, values in measured.items():
        group.create_dataset(key, data=values)
    _link(group, file)


def _group(parent: Any, name: str, kind: str, **attributes: str) -> Any:
    group = parent.create_group(name)
    group.attrs["NX_class"] = kind
    group.attrs.update(attributes)
    return group


def _number(group: Any, name: str, value: float, unit: str) -> None:
    group.create_dataset(name, data=float(value)).attrs["units"] = unit
