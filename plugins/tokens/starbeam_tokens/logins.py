"""Log-ins that last: whose there are, and ending them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starbeam.api import Missing
from starbeam.api.lists import Paged
from starbeam_tokens import queries
from starbeam_tokens.models import StarbeamRefresh
from starbeam_tokens.schemas import HeldLogIn, RunningLogIn

if TYPE_CHECKING:
    from starbeam.api import Clock
    from starbeam.api.database import Writer
    from starbeam.api.lists import List

MISSING = "Log-in not found"


class LogIns:
    """Tells of log-ins as the facility's clock does."""

    def __init__(self, clock: Clock, idle_hours: int) -> None:
        self._clock = clock
        self._idle = idle_hours * 3600

    def told(self, page: Paged[HeldLogIn]) -> Paged[RunningLogIn]:
        """A page of them."""
        results = [self._told(one) for one in page.results]
        return Paged(total=page.total, results=results, skip=page.skip, limit=page.limit).holding(
            RunningLogIn
        )

    def _told(self, held: HeldLogIn) -> RunningLogIn:
        return RunningLogIn(
            held.familyId,
            held.login,
            held.backend,
            held.address,
            held.userAgent,
            self._local(held.createdAt),
            self._local(held.lastUsedAt),
            self._local(min(held.expiresAt, held.lastUsedAt + self._idle)),
            None if held.revokedAt is None else self._local(held.revokedAt),
        )

    def _local(self, seconds: int) -> datetime:
        return self._clock.local(datetime.fromtimestamp(seconds, UTC))


async def end(writer: Writer, which: List[HeldLogIn], family: str) -> None:
    """End a log-in of a list. Raises `Missing`."""
    if await writer.one(which.shape, which.one(), key=family) is None:
        raise Missing(MISSING)
    await queries.end_families(writer, StarbeamRefresh.familyId == family, int(time.time()))


async def end_all(writer: Writer, login: str) -> None:
    """End all log-ins of a person."""
    await queries.end_families(writer, StarbeamRefresh.login == login, int(time.time()))
