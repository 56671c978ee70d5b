"""Requests with an `Idempotency-Key` and their answers, for a day.

They are nobody's data: no listener is told of them, and so no record of who wrote what.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from starbeam.api.database import Begun, KeyedRequest, Remembered, Repeats
from starbeam_tokens import queries
from starbeam_tokens.models import StarbeamIdempotency

if TYPE_CHECKING:
    from starbeam.api.database import Store, Writer

KEPT = 86_400
"""Seconds for which they are kept at least: what is older is deleted once an hour."""


class StoredRepeats(Repeats):
    """Remembers requests in a table."""

    def __init__(self, tables: Store) -> None:
        self._beside = tables.beside
        self._database = tables.database

    async def find(self, key: str) -> Remembered | None:
        """What a key was used for."""
        await self._database.ready()
        async with self._database.read() as connection:
            found = (await connection.execute(queries.REPEAT, {"key": key})).first()
        if found is None:
            return None
        return Remembered(found.requestHash, found.status, (found.answer or "").encode())

    async def begin(self, writer: Writer, asked: KeyedRequest) -> None:
        """Hold the key: in the transaction of the work, or from now on where that is in another database.
        Raises `Begun`."""
        if writer.beside != self._beside:
            async with self._database.transaction() as session:
                await self._hold(session, asked)
            asked.begun = True
            return
        await self._hold(writer.session, asked)

        async def begun() -> None:
            asked.begun = True

        writer.committed.append(begun)

    async def _hold(self, session: Any, asked: KeyedRequest) -> None:
        if not await queries.hold(session, asked.key, asked.request, int(time.time())):
            raise Begun

    async def keep(self, asked: KeyedRequest, status: int, answer: bytes) -> None:
        """Remember the answer."""
        async with self._database.transaction() as session:
            await queries.keep(session, asked.key, status, answer.decode())

    async def forget(self, asked: KeyedRequest) -> None:
        """Let the key be free again."""
        async with self._database.transaction() as session:
            await queries.let_go(session, StarbeamIdempotency.keyHash == asked.key)

    async def clean(self) -> None:
        """Forget what is older than a day."""
        async with self._database.transaction() as session:
            await queries.let_go(session, StarbeamIdempotency.createdAt < int(time.time()) - KEPT)
