"""The four databases that tests run on: SQLite with the union of the flavours, MariaDB with each."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from sqlalchemy.ext.asyncio import create_async_engine

from starbeam.db import sqlite
from starbeam_ddl import ddl
from starbeam_ddl.facts import Flavour
from support import mariadb


@dataclass(frozen=True)
class Kind:
    """A kind of database: server and flavour."""

    server: Literal["sqlite", "mariadb"]
    flavour: Flavour

    def __str__(self) -> str:
        """The kind's name, for test ids: `mariadb-diamond`."""
        return f"{self.server}-{self.flavour}"


SQLITE = Kind("sqlite", "union")
MARIADB_UNION = Kind("mariadb", "union")
KINDS = (SQLITE, MARIADB_UNION, Kind("mariadb", "community"), Kind("mariadb", "diamond"))
"""All kinds: `@pytest.mark.parametrize("kind", KINDS, ids=str)`."""


async def fresh_database(kind: Kind, folder: Path) -> str:
    """The address of a database with all tables of the kind and no row; on SQLite a new file in the folder.

    On MariaDB it is the process's one database of that flavour, emptied: two calls give the same address.
    """
    if kind.server == "mariadb":
        return await server().fresh_database(kind.flavour)
    file = folder / f"{kind.flavour}.db"
    shutil.copyfile(await _template(kind.flavour), file)
    return f"sqlite+aiosqlite:///{file}"


@cache
def server() -> mariadb.Server:
    """The process's MariaDB, started at the first call and stopped when the process ends."""
    return mariadb.start()


async def _template(flavour: Flavour) -> Path:
    """A file to copy, made once for each state of the schema."""
    template = mariadb.cache_folder() / f"sqlite-{flavour}-{mariadb.fingerprint()}.db"
    if not template.exists():
        with tempfile.TemporaryDirectory(dir=template.parent) as folder:
            made = Path(folder) / "made.db"
            engine = create_async_engine(f"sqlite+aiosqlite:///{made}", connect_args=sqlite.connect_args())
            await ddl.create(engine, flavour)
            await engine.dispose()
            made.replace(template)
    return template
