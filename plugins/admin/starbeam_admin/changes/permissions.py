"""Changing permissions."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from starbeam.api import models
from starbeam.api.database import Patch, sent
from starbeam_admin.changes.groups import keeping_a_manager
from starbeam_admin.queries import permissions
from starbeam_admin.queries.permissions import PERMISSIONS
from starbeam_admin.record import Change, refused, refusing
from starbeam_admin.schemas import ActionType, NewPermission, NewPermissionOptional, Permission


async def add(change: Change, data: NewPermission) -> Permission:
    """Add a permission."""
    what, taken = "Could not add new permission", f"Permission type `{data.type}` already exists"
    if await permissions.exists(change.writer, data.type):
        raise refused(what, taken)
    with refusing(what, taken):
        row = await change.writer.create(models.Permission, structs.asdict(data))
    added = await change.writer.get(PERMISSIONS, row.permissionId)
    await change.record(ActionType.DB_PERMISSIONS, f"added permission `{data.type}`", None, added)
    return added


async def update(change: Change, permission_id: int, patch: Patch[NewPermissionOptional]) -> Permission:
    """Change a permission's type or description."""
    old = await change.writer.get(PERMISSIONS, permission_id)
    if not (changes := sent(patch.of(old))):
        return old
    what = "Could not update permission"
    taken = f"Permission type `{changes.get('type')}` already exists"
    if "type" in changes and await permissions.exists(change.writer, changes["type"], permission_id):
        raise refused(what, taken)
    async with keeping_a_manager(change.writer, what):
        with refusing(what, taken):
            await change.writer.update(models.Permission, permission_id, changes)
    new = await change.writer.get(PERMISSIONS, permission_id)
    await change.record(ActionType.DB_PERMISSIONS, _comments(old, changes), old, new)
    return new


def _comments(old: Permission, changes: dict[str, Any]) -> str:
    parts = (f"{name} `{getattr(old, name) or ''}` to `{new or ''}`" for name, new in changes.items())
    return f"changed permission `{old.type}`: {', '.join(parts)}"
