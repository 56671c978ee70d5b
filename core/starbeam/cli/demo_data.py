"""The demo's database: made by the plugins' generators at the first start, whole or not at all."""

from __future__ import annotations

import os
import random
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import text

from starbeam.cli.database import create_tables
from starbeam.cli.progress import steps
from starbeam.cli.upgrade import upgrade_tables
from starbeam.db.engine import Database
from starbeam.demo import DemoData, DemoWorld
from starbeam.faults import StartupError

if TYPE_CHECKING:
    from starbeam.app import Starbeam

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

    @property
    def _accounts(self) -> Path:
        return self.database.with_suffix(".json")

    def accounts(self) -> list[tuple[str, str]]:
        """Logins to try, and who each is."""
        try:
            return msgspec.json.decode(self._accounts.read_bytes(), type=list[tuple[str, str]])
        except (OSError, msgspec.MsgspecError):
            return []

    def keep_accounts(self, accounts: Any) -> None:
        """Write them down for later starts, which do not run the generators."""
        self._accounts.write_bytes(msgspec.json.format(msgspec.json.encode(accounts)))

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
    generators = _generators(app)
    place.clear()
    place.files.mkdir(parents=True)
    url = f"sqlite+aiosqlite:///{place.unfinished}"
    database = Database(msgspec.structs.replace(app.settings.database, url=url))
    try:
        await create_tables(database.engines[1], "union")
        await upgrade_tables(database, app.registry)
        accounts = await _fill(database, generators, app, place)
        async with database.transaction() as session:
            await session.execute(text("ANALYZE"))
    finally:
        await database.close()
    place.keep_accounts(accounts)
    place.unfinished.rename(place.database)


def _generators(app: Starbeam) -> list[DemoData]:
    found = [one for _, made in app.plugins.call("register_demo_data", ctx=app.context) for one in made]
    if app.plugins.faults:
        raise StartupError(app.plugins.faults)
    return found


async def _fill(database: Database, generators: list[DemoData], app: Starbeam, place: Place) -> Any:
    """Run all generators in one transaction; the accounts that they name."""
    now = app.clock.now().replace(minute=0, second=0, microsecond=0)
    async with database.transaction() as session:
        world = DemoWorld(session, random.Random(SEED), now, place.files.resolve())  # noqa: S311 - repeatable
        with steps("making data", len(generators)) as progress:
            for generator in generators:
                progress(generator.title)
                await generator.fill(world)
    return world.made.get("accounts", [])
