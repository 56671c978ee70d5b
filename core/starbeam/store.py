"""A database, with what reads and writes it for a caller: ISPyB's, or a second one where a plugin has its own
tables."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from starbeam.db.connection import ReadConnection
from starbeam.db.reader import Reader
from starbeam.db.scope import Scopes
from starbeam.db.trouble import SchemaIncomplete
from starbeam.db.writer import Write
from starbeam.visibility import Visibility

if TYPE_CHECKING:
    from starbeam.access import Principal
    from starbeam.clock import Clock
    from starbeam.db.engine import Database
    from starbeam.db.writer import Begin, Listener
    from starbeam.options import LiveOptions
    from starbeam.shared import Shared
    from starbeam.visibility import Rule


class Store:
    """One database, as callers see it."""

    def __init__(
        self,
        database: Database,
        rules: Sequence[Rule],
        listeners: Sequence[Listener],
        clock: Clock,
        options: LiveOptions,
        beside: str = "",
        shared: Shared | None = None,
    ) -> None:
        """`beside` is the plugin whose second database it is. Hooks may still add rules and listeners. What
        is found here is shared with other servers by `shared`."""
        self.database = database
        self.beside = beside
        self._rules = rules
        self._listeners = listeners
        self._clock = clock
        self._options = options
        self._shared = shared

    @cached_property
    def scopes(self) -> Scopes:
        """What statements are built for. Not while hooks run: they give the rules."""
        return Scopes(self.database, Visibility(self._rules), shared=self._shared)

    async def write(self, who: Principal, begin: Begin | None = None) -> Write:
        """What runs a caller's changes. Raises what the database raises while it is away."""
        scope = await self.scopes.of(who, writes=True)
        about = who, self._clock.now(), self._options.values
        return Write(self.database, scope, *about, self._listeners, begin, self.beside)

    @asynccontextmanager
    async def reads(self, who: Principal, *, anywhere: bool = False) -> AsyncIterator[Reader]:
        """What reads for a caller; `anywhere` from replicas, too. Raises what the database raises while it is
        away."""
        connection = ReadConnection(self.database, anywhere=anywhere)
        try:
            scope = await self.scopes.of(who)
            yield Reader(connection, scope, who, self._clock.now(), self._options.values)
        finally:
            await connection.close()

    async def trouble(self) -> str | None:
        """Whether it lacks tables. Raises what keeps it from answering."""
        try:
            await self.database.look_again()
        except SchemaIncomplete as error:
            return f"{error}: starbeam db upgrade makes them"
        return None
