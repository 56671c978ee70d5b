"""The table of the plugin `admin`, and what it administers."""

from __future__ import annotations

from starbeam.db.models import AdminVar, Permission, UserGroup
from starbeam_admin.models import AdminActivity
from starbeam_testing.app import TestDatabase
from support import world

MOST = 300
"""How many groups, permissions and administrators a large facility has."""


async def fill(db: TestDatabase) -> None:
    """A message of the day, and who wrote it."""
    await db.add(AdminVar, name="motd", value='"Beam at noon"')
    await db.add(AdminActivity, **_activity("administrator"))


async def many(db: TestDatabase, keys: range) -> None:
    """A group, a permission and an administrator for each key, up to what a facility has."""
    few = [key for key in keys if key < world.FIRST + MOST]
    await db.add(UserGroup, *({"name": f"group {key}"} for key in few))
    await db.add(Permission, *({"type": f"permission {key}"} for key in few))
    await db.add(AdminActivity, *(_activity(f"admin{key}") for key in few))


def _activity(login: str) -> dict[str, object]:
    comments = "changed `motd` to `Beam at noon`"
    return {"username": login, "action": "db_options", "comments": comments, "dateTime": world.NOW}
