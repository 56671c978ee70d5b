"""The table of the plugin `proposals`."""

from __future__ import annotations

from starbeam_proposals.models import SessionType
from starbeam_testing.app import TestDatabase


async def fill(db: TestDatabase) -> None:
    """A type of the session that runs."""
    await db.add(SessionType, sessionTypeId=1, sessionId=1, typeName="Remote")


async def many(db: TestDatabase, keys: range) -> None:
    """A type of each session."""
    await db.add(SessionType, *({"sessionId": n, "typeName": "Remote"} for n in keys))
