"""Changing permissions."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, structs

from starbeam.refusals import Missing
from starbeam_admin.changes import Change, Refused, refusing
from starbeam_admin.groups import keeping_a_manager
from starbeam_admin.queries import permissions
from starbeam_admin.schemas import ActionType, NewPermission, NewPermissionOptional, Permission


async def add(change: Change, data: NewPermission) -> Permission:
    """Add a permission."""
    what, taken = "Could not add new permission", f"Permission type `{data.type}` already exists"
    if await permissions.exists(change.session, data.type):
        raise Refused(what, taken)
    with refusing(what, taken):
        permission_id = await permissions.add(change.session, data)
    added = await _permission(change, permission_id)
    await change.record(ActionType.DB_PERMISSIONS, f"added permission `{data.type}`", None, added)
    return added


async def update(change: Change, permission_id: int, data: NewPermissionOptional) -> Permission:
    """Change a permission's type or description."""
    old = await _permission(change, permission_id)
    sent = {name: value for name, value in structs.asdict(data).items() if value is not UNSET}
    changes = {name: value for name, value in sent.items() if value != getattr(old, name)}
    if not changes:
        return old
    what, taken = "Could not update permission", f"Permission type `{data.type}` already exists"
    if "type" in changes and await permissions.exists(change.session, changes["type"], permission_id):
        raise Refused(what, taken)
    async with keeping_a_manager(change.session, what):
        with refusing(what, taken):
            await permissions.update(change.session, permission_id, changes)
    new = await _permission(change, permission_id)
    await change.record(ActionType.DB_PERMISSIONS, _comments(old, changes), old, new)
    return new


async def _permission(change: Change, permission_id: int) -> Permission:
    found = await permissions.one(change.session, change.scope, permission_id)
    if found is None:
        raise Missing(f"No such permission: `{permission_id}`")
    return found


def _comments(old: Permission, changes: dict[str, Any]) -> str:
    parts = (f"{name} `{getattr(old, name) or ''}` to `{new or ''}`" for name, new in changes.items())
    return f"changed permission `{old.type}`: {', '.join(parts)}"
