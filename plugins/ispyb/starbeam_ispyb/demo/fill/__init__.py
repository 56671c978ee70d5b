"""Putting the generators together, in the order in which rows refer to each other."""

from __future__ import annotations

from starbeam.demo import DemoData
from starbeam_ispyb.demo.fill import collections, people, shipments

DATA = (
    DemoData("Beamlines and people", people.facility),
    DemoData("Proposals and sessions", people.proposals),
    DemoData("Shipments and samples", shipments.shipments),
    DemoData("Data collections", collections.collections),
)
"""The generators of this plugin, in the order in which they build on each other."""
