"""What was written, and by whom."""

from __future__ import annotations

from starbeam_audit.models import StarbeamAudit
from starbeam_testing.app import TestDatabase
from support import world

CHANGES = '[{"key":"77","before":{"code":"old"},"after":{"code":"new"}}]'


async def fill(db: TestDatabase) -> None:
    """A change of a dewar, by the member's script."""
    await db.add(StarbeamAudit, _written("77"))


async def many(db: TestDatabase, keys: range) -> None:
    """A change for each key."""
    await db.add(StarbeamAudit, *(_written(str(key)) for key in keys))


def _written(key: str) -> dict[str, object]:
    return {
        "writtenAt": world.NOW,
        "login": "session_member",
        "personId": world.PEOPLE["session_member"],
        "token": "laptop",
        "behalf": "proposal_member",
        "address": "10.3.0.7",
        "requestId": "8f0c",
        "operation": "PATCH /ispyb/api/v1/dewars/{dewarId:int}",
        "verb": "update",
        "tableName": "Dewar",
        "rowCount": 1,
        "firstKey": key,
        "lastKey": key,
        "changes": CHANGES.replace("77", key),
    }
