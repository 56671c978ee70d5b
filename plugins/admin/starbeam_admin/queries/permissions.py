"""Permissions: SQL."""

from __future__ import annotations

from typing import Annotated

from sqlalchemy import bindparam, select

from starbeam.api.database import Shape, Writer
from starbeam.api.lists import Filters, List, Search, Where, query_id, text_in
from starbeam.api.models import Permission, UserGroup_has_Permission
from starbeam_admin import schemas

_IN_GROUP = select(UserGroup_has_Permission.permissionId).where(
    UserGroup_has_Permission.userGroupId == bindparam("userGroupId")
)


class PermissionFilters(Filters, frozen=True):
    """What `/admin/permissions` is asked for."""

    permissionId: Annotated[
        int | None,
        query_id("Permission id to filter by"),
        Where(Permission.permissionId == bindparam("permissionId")),
    ] = None
    userGroupId: Annotated[
        int | None, query_id("User group id to filter by"), Where(Permission.permissionId.in_(_IN_GROUP))
    ] = None
    search: Annotated[Search, text_in(Permission.type)] = None


PERMISSIONS = List(
    Shape(schemas.Permission, Permission),
    Permission,
    PermissionFilters,
    missing="No such permission: `{key}`",
    for_all=True,
)
"""2 statements a page."""


async def exists(writer: Writer, type_: str, besides: int | None = None) -> bool:
    """Whether there is a permission of this type, besides one of this id."""
    found = await writer.rows(select(Permission.permissionId).where(Permission.type == type_))
    return any(permission_id != besides for (permission_id,) in found)
