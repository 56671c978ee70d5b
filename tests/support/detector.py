"""Files as detectors write them: an Eiger's master with its data files, and files of one image."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import fabio
import h5py
import hdf5plugin
import numpy as np

MASKED = 2**32 - 1
"""What an Eiger writes for pixels that it does not read."""
HEADER = """# Detector: PILATUS 6M, S/N 60-0001
# Pixel_size 172e-6 m x 160e-6 m

# Wavelength 0.9763 A
# Detector_distance 0.2500 m
# Beam_xy (3.50, 2.25) pixels
#   Start_angle   12.0000   deg."""
"""The text in the head of a CBF."""

Array = np.ndarray[Any, Any]


def frames(count: int, height: int = 6, width: int = 8, seed: int = 1) -> Array:
    """Different frames, of shape (count, height, width) and 32 bits without a sign, with one pixel masked."""
    made = np.random.default_rng(seed).poisson(20, (count, height, width)).astype("<u4")
    made[:, 0, 0] = MASKED
    return made


def write_eiger(folder: Path, images: Array, per_file: int, prefix: str = "run_1") -> Path:
    """A master file and its data files, bitshuffled and compressed with LZ4. The master's path."""
    folder.mkdir(parents=True, exist_ok=True)
    master = folder / f"{prefix}_master.h5"
    with h5py.File(master, "w") as file:
        data = file.create_group("entry/data")
        for number, start in enumerate(range(0, len(images), per_file), 1):
            name = f"data_{number:06d}"
            part = images[start : start + per_file]
            with h5py.File(folder / f"{prefix}_{name}.h5", "w") as other:
                written = other.create_dataset(
                    "entry/data/data",
                    data=part,
                    chunks=(1, *images.shape[1:]),
                    **hdf5plugin.Bitshuffle(cname="lz4"),
                )
                written.attrs["image_nr_low"] = start + 1
                written.attrs["image_nr_high"] = start + len(part)
            data[name] = h5py.ExternalLink(f"{prefix}_{name}.h5", "/entry/data/data")
        _describe(file, images.shape[1:])
    return master


def _describe(file: h5py.File, shape: tuple[int, ...]) -> None:
    detector = file.create_group("entry/instrument/detector")
    values = {"beam_center_x": 3.5, "beam_center_y": 2.25, "detector_distance": 0.125}
    for name, value in {**values, "x_pixel_size": 75e-6, "y_pixel_size": 80e-6}.items():
        detector[name] = np.float32(value)
    detector["detectorSpecific/x_pixels_in_detector"] = np.uint32(shape[1])
    detector["detectorSpecific/y_pixels_in_detector"] = np.uint32(shape[0])
    file["entry/instrument/beam/incident_wavelength"] = np.float32(0.5)
    file["entry"].attrs["NX_class"] = "NXentry"


def write_cbf(path: Path, image: Array, header: str = HEADER) -> None:
    """A file of one image, as a Pilatus writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fabio.cbfimage.CbfImage(data=image, header={"_array_data.header_contents": header}).write(str(path))


def write_image(path: Path, image: Array) -> None:
    """A file of one image in the format of its ending: EDF or TIFF."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kinds = {".edf": fabio.edfimage.EdfImage, ".tif": fabio.tifimage.TifImage}
    kinds[path.suffix](data=image).write(str(path))


def write_mrc(path: Path, stack: Any, mode: int, order: str = "<", extended: int = 0) -> None:
    """As MRC2014 says it: 56 words, of which a few are used here, and ten lines of text."""
    planes, rows, columns = stack.shape
    head = struct.pack(
        f"{order}10i6f3i3f2i",
        columns,
        rows,
        planes,
        mode,
        0,
        0,
        0,
        columns,
        rows,
        planes,
        *(*(columns * 1.5, rows * 1.5, planes, 90, 90, 90), 1, 2, 3, 0, 23, 11.5, 0, extended),
    )
    head = head.ljust(208, b"\0") + b"MAP " + (b"DD\0\0" if order == "<" else b"\x11\x11\0\0")
    head += struct.pack(f"{order}fi", 6.5, 1) + b"20 \xc5ngstr\xf6m".ljust(80)
    path.write_bytes(head.ljust(1024, b"\0") + b"x" * extended + stack.tobytes())
