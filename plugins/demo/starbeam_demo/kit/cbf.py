"""Detector frames in CBF, one file each, with the header of a pixel detector."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from fabio.cbfimage import CbfImage
from numpy.typing import NDArray

from starbeam_demo.kit.diffraction import DEAD, Geometry, Rotation


def write(
    file: Path,
    frame: NDArray[np.uint16],
    number: int,
    geometry: Geometry,
    rotation: Rotation,
    start: datetime,
    exposure: float,
) -> Path:
    """Write frame `number` (from 1) of a series that began at `start`; `exposure` is in s."""
    pixels = frame.astype(np.int32)
    pixels[frame == DEAD] = -1
    taken = start + timedelta(seconds=(number - 1) * exposure)
    header = "\r\n# ".join(
        (
            "# Detector: Simulated pixel detector",
            f"{taken:%Y-%m-%dT%H:%M:%S.%f}"[:-3],
            f"Pixel_size {geometry.pixel_size:.6e} m x {geometry.pixel_size:.6e} m",
            f"Exposure_time {exposure:.7f} s",
            f"Exposure_period {exposure:.7f} s",
            f"Count_cutoff {DEAD - 1} counts",
            f"Wavelength {geometry.wavelength:.5f} A",
            f"Detector_distance {geometry.distance:.5f} m",
            f"Beam_xy ({geometry.beam[0]:.2f}, {geometry.beam[1]:.2f}) pixels",
            f"Start_angle {rotation.start + (number - 1) * rotation.width:.4f} deg.",
            f"Angle_increment {rotation.width:.4f} deg.",
        )
    )
    image = CbfImage(
        data=pixels,
        header={"_array_data.header_convention": '"SIMULATED_1.0"', "_array_data.header_contents": header},
    )
    image.write(str(file))
    return file
