"""All that is made, in the order in which it builds on each other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starbeam_demo import files
from starbeam_demo.fill import (
    beamtime,
    collections,
    images,
    movies,
    people,
    processing,
    shipments,
    subsamples,
)
from starbeam_demo.world import World

PARTS: tuple[tuple[str, Callable[[World], Awaitable[None]]], ...] = (
    ("Beamlines and people", people.facility),
    ("Proposals and sessions", people.proposals),
    ("Shipments and samples", shipments.shipments),
    ("Data collections", collections.collections),
    ("Sub samples and pictures", subsamples.fill),
    ("Images of data collections", images.fill),
    ("Processing", processing.fill),
    ("Movies and particles", movies.fill),
    ("Runs, faults and a day to work out", beamtime.fill),
    ("Frames, pictures and maps", files.fill),
)
"""Titles for who waits, and what fills the world."""
