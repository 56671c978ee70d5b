"""What content is made for, and what it leaves for the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from starbeam_demo.kit import diffraction, hdf5
from starbeam_demo.kit.randomness import seeded

DETECTOR = (616, 632)
"""Pixels of the simulated detector, across and down."""
PIXEL = 300e-6
"""Their size, in m."""
DISTANCE = 0.15
"""From sample to detector, in m."""
FRAMES = 10
"""How many different frames a data collection has at most; further images repeat them."""
WAVELENGTH = 0.9763
CELL = (78.9, 78.9, 37.1, 90.0, 90.0, 90.0)
"""Of the crystal that is simulated, in Å and degrees."""
SPACE_GROUP = "P43212"


SNAPSHOTS = tuple(f"xtalSnapshotFullPath{number}" for number in range(1, 5))
"""The columns that name pictures of the crystal."""


class Grid(msgspec.Struct, frozen=True):
    """The grid of a mesh scan, by columns of `GridInfo`."""

    steps_x: float | None = None
    steps_y: float | None = None
    dx_mm: float | None = None
    dy_mm: float | None = None
    snapshot_offsetXPixel: float | None = None
    snapshot_offsetYPixel: float | None = None
    pixelsPerMicronX: float | None = None
    pixelsPerMicronY: float | None = None


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
    """How many different frames are made at most."""
    digits: int = 5
    """Of the wavelength: what the frames are true to."""
    proceed: Callable[[], None] = lambda: None
    """To be called now and then in long work: raises when that is to end."""

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
    def series(self) -> tuple[str, float, int]:
        """What frames depend on: seed, wavelength in Å, and their number."""
        return self.seed, round(self.wavelength, self.digits), min(self.images, self.most)

    @property
    def rotation(self) -> diffraction.Rotation:
        """The images of the data collection."""
        return diffraction.Rotation(*self.axis, self.images)

    @property
    def resolution(self) -> float:
        """At the nearest edge of the detector, in Å."""
        return round(float(diffraction.resolution(self.geometry)[DETECTOR[1] // 2, 0]), 2)

    @property
    def steps(self) -> tuple[int, int]:
        """Columns and rows of the grid."""
        grid = self.grid or Grid()
        return int(grid.steps_x or 20), int(grid.steps_y or 20)

    @property
    def stem(self) -> str:
        """What the names of the files begin with."""
        return Path(self.data).stem.removesuffix("_master").replace("_*", "")


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
