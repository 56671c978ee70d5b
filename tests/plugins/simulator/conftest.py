"""A facility with two proposals, and a configuration of simulations with raw files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from starbeam.db.models import Person
from starbeam_ispyb import models as m
from starbeam_simulator import configuration
from starbeam_simulator.simulation import Collected, Simulator
from starbeam_testing.app import TestApp, TestDatabase
from starbeam_testing.fixtures import MakeApp
from support.commands import Site
from support.schemas import SQLITE, fresh_database

PLUGINS = ("ispyb", "samples", "mapping", "processing", "legacy", "em_legacy", "simulator")
NOW = datetime(2026, 3, 10, 12)
"""What the time is."""


def settings(folder: Path) -> dict[str, Any]:
    """A configuration whose experiment `scan` copies files of `folder/raw`, which are there."""
    raw = folder / "raw"
    raw.mkdir(exist_ok=True)
    for name in ("scan.h5", "one.png", "onet.png", "two.jpeg", "twot.jpeg", "four.png"):
        (raw / name).write_bytes(name.encode())
    return {
        "sessions": {"id01": "mx1-1", "id02": "mx2-1", "gone": "mx9-9"},
        "raw_data": str(raw),
        "data_dir": str(folder / "data" / "{beamline}"),
        "ispyb_url": "https://ui.example.org/",
        "components": {
            "c1": {"acronym": "Lyso", "name": "Lysozyme", "density": 1.35},
            "c2": {"acronym": "Thau"},
        },
        "samples": {
            "s1": {"name": "sample one", "component": "c1"},
            "s2": {"name": "sample two", "component": "c1"},
        },
        "experiments": {
            "scan": {
                "experimentType": "Mesh",
                "data": "scan.h5",
                "sample": "s1",
                "numberOfImages": 12,
                "wavelength": 0.98,
                "exposureTime": 0.1,
                "xtalSnapshotFullPath1": "one.png",
                "xtalSnapshotFullPath2": "two.jpeg",
                "xtalSnapshotFullPath3": "three.png",
                "xtalSnapshotFullPath4": "four.png",
                "grid": {
                    "steps_x": 4,
                    "steps_y": 3,
                    "dx_mm": 0.02,
                    "dy_mm": 0.03,
                    "snapshot_offsetXPixel": 5,
                    "snapshot_offsetYPixel": 6,
                    "pixelsPerMicronX": 0.5,
                    "pixelsPerMicronY": 0.25,
                },
                "subsample": {"x": 0, "y": 7, "x2": 8, "type": "roi"},
            },
            "plain": {"experimentType": "OSC", "data": "scan.h5", "sample": "s2"},
        },
    }


async def populate(db: TestDatabase) -> None:
    """Two proposals, mx1 and mx2, each with a session, on id01 and id02."""
    await db.add(Person, personId=1, login="pi", familyName="Investigator")
    for key in (1, 2):
        await db.add(m.Proposal, proposalId=key, personId=1, proposalCode="mx", proposalNumber=str(key))
        await db.add(m.BLSession, sessionId=key, proposalId=key, visit_number=1, beamLineName=f"id0{key}")


@dataclass
class Simulating:
    """Runs simulations in the test's own process."""

    app: TestApp
    folder: Path
    warnings: list[str] = field(default_factory=list)

    def simulator(self, values: dict[str, Any] | Path | None = None) -> Simulator:
        """What simulates by a configuration, given as a table or a file."""
        file = values if isinstance(values, Path) else self.folder / "simulation.yml"
        if not isinstance(values, Path):
            file.write_text(yaml.safe_dump(values or settings(self.folder), sort_keys=False))
        loaded = configuration.load(file)
        self.warnings = loaded.warnings
        return Simulator(self.app.starbeam, loaded, self.warnings.append)

    async def run(self, beamline: str, experiment: str, values: Any = None) -> Collected:
        """Simulate an experiment without a delay."""
        return await self.simulator(values).run(beamline, experiment, delay=0, tell=lambda step: None)

    async def sql(self, statement: str) -> Sequence[Any]:
        """Rows of a query."""
        return await self.app.database.sql(statement)

    async def counts(self) -> dict[str, int]:
        """How many rows each table that a simulation writes has."""
        tables = (
            *("Protein", "Crystal", "BLSample", "BLSubSample", "Position", "Shipping", "Dewar", "Container"),
            *("ContainerHistory", "DataCollectionGroup", "DataCollection", "GridInfo"),
        )
        return {table: (await self.sql(f"SELECT count(*) FROM {table}"))[0][0] for table in tables}

    def files(self) -> list[str]:
        """Every file and folder that simulations wrote, from the folder on."""
        return sorted(str(path.relative_to(self.folder)) for path in (self.folder / "data").rglob("*"))


@pytest.fixture
async def simulating(make_app: MakeApp, tmp_path: Path) -> Simulating:
    """The app, its database and the configuration."""
    app = await make_app(*PLUGINS)
    app.set_time(NOW)
    await populate(app.database)
    return Simulating(app, tmp_path)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The same for the command line: a working folder with an SQLite database and `simulation.yml`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    made = Site(tmp_path, plugins=["auth_dummy", *PLUGINS])

    async def fill() -> None:
        db = TestDatabase(await fresh_database(SQLITE, tmp_path))
        await populate(db)
        await db.engine.dispose()

    asyncio.run(fill())
    (tmp_path / "simulation.yml").write_text(yaml.safe_dump(settings(tmp_path), sort_keys=False))
    return made
