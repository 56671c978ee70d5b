"""What can be made up for a data collection: its files, and the rows that name them.

Each function of `CONTENT` writes files into the folder of a `Job` and returns what the database has to hold.
They draw from the job's own source of randomness only, so that the same seed gives the same content.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from starbeam_demo.content import movies, processed, recorded, scanned
from starbeam_demo.content.job import Job, Made

Content = Literal["frames", "snapshots", "images", "log", "map", "energy_scan", "xrf", "processing", "movies"]
"""What can be made up."""
CONTENT: dict[Content, Callable[[Job], Made]] = {
    "frames": recorded.frames,
    "snapshots": recorded.snapshots,
    "images": recorded.images,
    "log": recorded.log,
    "map": recorded.fluorescence_maps,
    "energy_scan": scanned.energy_scan,
    "xrf": scanned.xrf,
    "processing": processed.processing,
    "movies": movies.movies,
}
"""By the names that the configuration uses, in the order in which they are made."""
