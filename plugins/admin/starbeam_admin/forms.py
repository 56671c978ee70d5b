"""The forms of groups and permissions."""

from __future__ import annotations

from starbeam.api import models
from starbeam.api.database import Reader
from starbeam.api.web import About, FormOf
from starbeam_admin import schemas
from starbeam_admin.changes import groups, permissions
from starbeam_admin.queries.groups import GROUPS
from starbeam_admin.queries.permissions import PERMISSIONS
from starbeam_admin.record import ALONE, Recorded
from starbeam_admin.routes import MANAGE_GROUPS, MANAGE_PERMISSIONS

_GROUPS = About([("Groups", "/admin/groups")])
_PERMISSIONS = About([("Permissions", "/admin/permissions")])


async def _new_group(reader: Reader, parent: str) -> About:
    return _GROUPS


async def _group(reader: Reader, row: schemas.UserGroup) -> About:
    return About([*_GROUPS.places, (_name(row.name), f"/admin/groups/{row.userGroupId}")])


async def _new_permission(reader: Reader, parent: str) -> About:
    return _PERMISSIONS


async def _permission(reader: Reader, row: schemas.Permission) -> About:
    return About([*_PERMISSIONS.places, (_name(row.type), f"/admin/permissions/{row.permissionId}")])


def _name(name: str | None) -> str:
    return name or "without a name"


def forms(recorded: Recorded) -> list[FormOf]:
    """What is typed of groups and permissions."""
    return [
        FormOf(
            title="group",
            under="/admin/groups",
            path="/admin/groups",
            rows=GROUPS,
            key="userGroupId",
            create=schemas.NewUserGroup,
            change=schemas.NewUserGroupOptional,
            add=recorded(groups.add),
            update=recorded(groups.rename),
            models={"": models.UserGroup},
            named_by=("name",),
            of_parent=_new_group,
            of_row=_group,
            called=lambda row: _name(row.name),
            access=MANAGE_GROUPS,
            alone=ALONE,
        ),
        FormOf(
            title="permission",
            under="/admin/permissions",
            path="/admin/permissions",
            rows=PERMISSIONS,
            key="permissionId",
            create=schemas.NewPermission,
            change=schemas.NewPermissionOptional,
            add=recorded(permissions.add),
            update=recorded(permissions.update),
            models={"": models.Permission},
            named_by=("type",),
            of_parent=_new_permission,
            of_row=_permission,
            called=lambda row: _name(row.type),
            access=MANAGE_PERMISSIONS,
            alone=ALONE,
        ),
    ]
