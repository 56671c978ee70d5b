"""The demo's facility while it is being made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from starbeam.demo import DemoWorld, Row

if TYPE_CHECKING:
    from starbeam_demo.facility import BeamLine

Rows = list[Row]


@dataclass
class World(DemoWorld):
    """Rows that were made, with their keys, for those that hang on them."""

    beamlines: dict[str, BeamLine] = field(default_factory=dict)
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

    def beamline_of(self, session: Row) -> BeamLine:
        """The beamline of a session."""
        return self.beamlines[session["beamLineName"]]

    def is_showcase(self, session: Row) -> bool:
        """Whether a session is one of mx1001."""
        return bool(session["proposalId"] == self.proposals[0]["proposalId"])


def grouped(rows: Iterable[Row], name: str) -> dict[int, Rows]:
    """The rows by the value of an attribute; none for a value that no row has."""
    found = defaultdict(list)
    for row in rows:
        found[row[name]].append(row)
    return found
