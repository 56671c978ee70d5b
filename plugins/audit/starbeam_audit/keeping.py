"""Forgetting what is old."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from starbeam.api import NOBODY, every
from starbeam_audit import queries

if TYPE_CHECKING:
    from starbeam.api import Context

SECONDS = 3600.0


class Keeping:
    """Deletes from the record what is older than some days."""

    def __init__(self, ctx: Context, days: int) -> None:
        self._ctx = ctx
        self._kept = timedelta(days=days)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do so every hour."""
        async with every(SECONDS, self.forget):
            yield

    async def forget(self) -> None:
        """Do so now. While the database is away it is left for the next time."""
        outage = self._ctx.database.outage
        try:
            await (await self._ctx.own.write(NOBODY))(queries.forget, self._ctx.clock.now() - self._kept)
            outage.over("forgetting old writes")
        except Exception as error:  # whatever fails here must not end the background task
            outage.note(error, "forgetting old writes")
