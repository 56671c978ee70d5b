"""The demo's database: made at the first start, whole or not at all."""

from __future__ import annotations

import os
import random
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import text

from starbeam.api import StartupError
from starbeam.api.commands import steps, upgrade_tables
from starbeam.api.database import Database
from starbeam.api.demo import DemoData
from starbeam_ddl.commands import create_tables

if TYPE_CHECKING:
    from starbeam.api.tools import Starbeam

SEED = "starbeam"


@dataclass(frozen=True)
class Place:
    """Where the demo keeps what it made: files beside each other, of the database's name."""

    database: Path

    @property
    def files(self) -> Path:
        """The folder of the files that rows name."""
        return self.database.with_suffix(".files")

    @property
    def unfinished(self) -> Path:
        """The database while it is being made."""
        return self.database.with_suffix(".part")

    def secret_key(self) -> str:
        """The key that signs the demo's tokens, made once; only its owner can read it."""
        path = self.database.with_suffix(".secret")
        with suppress(FileExistsError):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32))
        return path.read_text()

    def clear(self) -> None:
        """Remove what an interrupted start left."""
        for leftover in self.unfinished.parent.glob(self.unfinished.name + "*"):
            leftover.unlink()
        shutil.rmtree(self.files, ignore_errors=True)


async def make(app: Starbeam, place: Place) -> None:
    """Make the database under another name, and give it its own when it is whole."""
    added = _of_plugins(app)
    place.clear()
    place.files.mkdir(parents=True)
    url = f"sqlite+aiosqlite:///{place.unfinished}"
    database = Database(msgspec.structs.replace(app.settings.database, url=url))
    try:
        await create_tables(database.engines[1], "union")
        await upgrade_tables(database, app.registry)
        await _fill(database, added, app, place)
        async with database.transaction() as session:
            await session.execute(text("ANALYZE"))
    finally:
        await database.close()
    place.unfinished.rename(place.database)


def _of_plugins(app: Starbeam) -> list[DemoData]:
    found = [one for _, made in app.plugins.call("register_demo_data", ctx=app.context) for one in made]
    if app.plugins.faults:
        raise StartupError(app.plugins.faults)
    return found


async def _fill(database: Database, added: list[DemoData], app: Starbeam, place: Place) -> None:
    """Make everything in one transaction: the facility, then what plugins add to it."""
    from starbeam_demo.rows import FACILITY, MEASURED  # only now: later starts do without numpy and h5py
    from starbeam_demo.world import World

    now = app.clock.now().replace(minute=0, second=0, microsecond=0)
    parts = [*FACILITY, *MEASURED, *((one.title, one.fill) for one in added)]
    async with database.transaction() as session:
        world = World(session, random.Random(SEED), now, place.files.resolve())  # noqa: S311 - repeatable
        with steps("making data", len(parts)) as progress:
            for title, fill in parts:
                progress(title)
                await fill(world)
