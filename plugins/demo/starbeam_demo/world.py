"""The demo's facility while it is being made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from starbeam.api.demo import DemoWorld, Row
from starbeam_demo.content.job import Job
from starbeam_demo.facility import BEAMLINES, BeamLine
from starbeam_demo.kit.alike import Alike

Rows: TypeAlias = list[Row]

_LINES = {line.name: line for line in BEAMLINES}


@dataclass
class World(DemoWorld):
    """Rows that were made, with their keys, for those that hang on them."""

    setups: Rows = field(default_factory=list)
    laboratories: Rows = field(default_factory=list)
    persons: Rows = field(default_factory=list)
    """Those with an account first, then staff, then users, then contacts without a login."""
    proposals: Rows = field(default_factory=list)
    """mx1001 first."""
    team: Rows = field(default_factory=list)
    """Who belongs to which proposal."""
    sessions: Rows = field(default_factory=list)
    folders: dict[int, Path] = field(default_factory=dict)
    """Where the files of a session are, by `sessionId`."""
    labcontacts: Rows = field(default_factory=list)
    shippings: Rows = field(default_factory=list)
    dewars: Rows = field(default_factory=list)
    containers: Rows = field(default_factory=list)
    proteins: Rows = field(default_factory=list)
    crystals: Rows = field(default_factory=list)
    samples: Rows = field(default_factory=list)
    subsamples: Rows = field(default_factory=list)
    workflows: Rows = field(default_factory=list)
    groups: Rows = field(default_factory=list)
    collections: Rows = field(default_factory=list)
    with_files: set[int] = field(default_factory=set)
    """Keys of the sessions whose files are written."""
    pictured: set[int] = field(default_factory=set)
    """Keys of the sessions of which only pictures are."""
    jobs: dict[int, Job] = field(default_factory=dict)
    """What is recorded of their data collections, by `dataCollectionId`."""
    alike: Alike = field(default_factory=Alike)

    def line_of(self, row: Row) -> BeamLine:
        """The beamline of a session, or of what has a `sessionId`."""
        name = row.get("beamLineName") or self.sessions[row["sessionId"] - 1]["beamLineName"]
        return _LINES[name]

    def is_showcase(self, session: Row) -> bool:
        """Whether a session is one of mx1001."""
        return bool(session["proposalId"] == self.proposals[0]["proposalId"])


def grouped(rows: Iterable[Row], name: str) -> dict[int, Rows]:
    """The rows by the value of an attribute; none for a value that no row has."""
    found = defaultdict(list)
    for row in rows:
        found[row[name]].append(row)
    return found
