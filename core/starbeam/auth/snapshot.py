"""The options, and what people may do, as they are in the database.

Every worker reads both again every few seconds, so that a request asks memory and not the database; at once
where it changed them itself, within a second where servers share (`starbeam.shared`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starbeam.auth import queries

if TYPE_CHECKING:
    from starbeam.auth.people import People
    from starbeam.db.engine import Database
    from starbeam.options import LiveOptions
    from starbeam.shared import Shared

REFRESH_SECONDS = 5.0


class Snapshot:
    """Reads the options and the permissions of people, both at once."""

    def __init__(self, options: LiveOptions, people: People, database: Database, shared: Shared) -> None:
        self.options = options
        self.people = people
        self._shared = shared
        self._database = database
        self._loaded = False
        self._loading = asyncio.Lock()

    async def ensure_loaded(self) -> None:
        """Read them once before the first request that needs them. Raises what the database raises."""
        if not self._loaded:
            async with self._loading:
                if not self._loaded:
                    await self._load()

    async def reload(self) -> None:
        """Read them now: as they are at this moment or later. Raises what the database raises."""
        async with self._loading:
            await self._load()

    async def changed(self) -> None:
        """Read them again, and let all other servers do so: somebody has changed them."""
        await self.refresh()
        await self._shared.tell()

    async def refresh_once(self) -> None:
        """Read them if they never were; without the database the defaults hold."""
        if not self._loaded:
            await self.refresh()

    async def refresh(self) -> None:
        """Read them again; while the database is away the last ones stay."""
        try:
            await self.reload()
        except Exception as error:  # whatever fails here must not end the background task
            self._database.outage.note(error)

    async def _load(self) -> None:
        await self._database.ready()
        async with self._database.read() as connection:
            options = (await connection.execute(queries.OPTIONS)).all()
            permissions = (await connection.execute(queries.PERMISSIONS)).all()
        self.options.take(options)
        self.people.take(permissions)
        self._database.log_statements = self.options["query_debug"]
        self._loaded = True
        self._database.outage.over()
