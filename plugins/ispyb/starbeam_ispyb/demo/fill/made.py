"""A look at what was made so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from starbeam.demo import DemoWorld, Row
from starbeam_ispyb.demo.facility import BeamLine


def is_showcase(world: DemoWorld, session: Row) -> bool:
    """Whether a session is one of mx1001."""
    first: int = world.made["proposals"][0]["proposalId"]
    return bool(session["proposalId"] == first)


def beamline_of(world: DemoWorld, session: Row) -> BeamLine:
    """The beamline of a session."""
    found: BeamLine = world.made["beamlines"][session["beamLineName"]]
    return found


def grouped(rows: Iterable[Row], name: str) -> dict[int, list[Row]]:
    """The rows by the value of an attribute; none for a value that no row has."""
    grouped = defaultdict(list)
    for row in rows:
        grouped[row[name]].append(row)
    return grouped
