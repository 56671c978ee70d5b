"""All rows, in the order in which they refer to each other, each made with the files that it names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starbeam_demo.rows import (
    beamtime,
    collections,
    groups,
    images,
    maps,
    movies,
    people,
    processing,
    proposals,
    samples,
    scans,
    sessions,
    shipments,
    subsamples,
)
from starbeam_demo.world import World

FACILITY: tuple[tuple[str, Callable[[World], Awaitable[None]]], ...] = (
    ("Beamlines and people", people.fill),
    ("Proposals", proposals.fill),
    ("Sessions", sessions.fill),
    ("Shipments", shipments.fill),
    ("Samples", samples.fill),
)
MEASURED: tuple[tuple[str, Callable[[World], Awaitable[None]]], ...] = (
    ("Groups of data collections", groups.fill),
    ("Sub samples and pictures", subsamples.fill),
    ("Data collections and frames", collections.fill),
    ("Energy scans and spectra", scans.fill),
    ("Images of data collections", images.fill),
    ("Maps", maps.fill),
    ("Processing", processing.fill),
    ("Movies and particles", movies.fill),
    ("Runs, faults and a day to work out", beamtime.fill),
)
"""Titles for who waits, and what fills the world."""
