"""How often tokens are used: added up, and written once a minute."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

from starbeam.api import NOBODY
from starbeam_tokens import queries

if TYPE_CHECKING:
    from starbeam.api import Context
    from starbeam.api.database import Database, Writer

SECONDS = 60.0


class Uses:
    """The uses that were not written yet."""

    def __init__(self, ctx: Context, uncounted: Collection[str]) -> None:
        """`uncounted` are the ids of tokens that no table has."""
        self._ctx = ctx
        self._uncounted = uncounted
        self._noted: dict[str, tuple[int, datetime, str]] = {}

    def note(self, token_id: str, address: str) -> None:
        """A token was used."""
        if token_id in self._uncounted:
            return
        uses = self._noted[token_id][0] if token_id in self._noted else 0
        self._noted[token_id] = uses + 1, self._ctx.clock.now(), address

    async def longest_rest(self, database: Database) -> float:
        """For how many seconds the token of a machine was not used that has rested longest."""
        now = self._ctx.clock.now()
        try:
            await database.ready()
            async with database.read() as connection:
                last = await connection.scalar(queries.LONGEST_UNUSED, {"now": now})
        except Exception as error:  # whatever fails here must not end the background task
            self._ctx.database.outage.note(error, "looking for tokens that are not used")
            return 0.0
        return max((now - last).total_seconds(), 0.0) if last else 0.0

    async def write(self) -> None:
        """Add them to the table; what could not be written is lost."""
        noted, self._noted = self._noted, {}
        if not noted:
            return
        try:
            await (await self._ctx.own.write(NOBODY))(_add, noted)
        except Exception as error:  # whatever fails here must not end the background task
            self._ctx.database.outage.note(error, "counting uses of tokens")


async def _add(writer: Writer, noted: dict[str, tuple[int, datetime, str]]) -> None:
    for token_id, (uses, last, address) in sorted(noted.items()):
        await queries.add_uses(writer, token_id, uses, last, address)
