"""Permissions: SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from starbeam.db.functions import containing, contains
from starbeam.db.lists import Listing
from starbeam.db.models import Permission, UserGroup_has_Permission
from starbeam.db.reader import Reader
from starbeam.db.scope import Scope, statement
from starbeam.db.services import service
from starbeam.db.shape import Shape
from starbeam.paging import Page, Paged
from starbeam_admin import schemas

_Service = service(Permission)
_SHAPE = Shape(schemas.Permission, Permission)


@statement
def _permissions(scope: Scope, filters: frozenset[str]) -> Listing[schemas.Permission]:
    in_group = select(UserGroup_has_Permission.permissionId).where(
        UserGroup_has_Permission.userGroupId == bindparam("group_id")
    )
    conditions = {
        "permission_id": Permission.permissionId == bindparam("permission_id"),
        "group_id": Permission.permissionId.in_(in_group),
        "search": contains(Permission.type, bindparam("search")),
    }
    where = [condition for name, condition in conditions.items() if name in filters]
    return Listing(scope, _SHAPE, Permission, where=where, order_by=[Permission.permissionId])


async def page(
    reader: Reader, page: Page, permission_id: int | None, group_id: int | None, search: str | None
) -> Paged[schemas.Permission]:
    """A page of the permissions. 2 statements."""
    text = None if search is None else containing(search)
    given = {"permission_id": permission_id, "group_id": group_id, "search": text}
    values = {name: value for name, value in given.items() if value is not None}
    return await reader.page(_permissions(frozenset(values)), page, **values)


@statement
def _permission(scope: Scope) -> Select[*tuple[Any, ...]]:
    return select(*_SHAPE.columns(scope)).where(Permission.permissionId == bindparam("permission_id"))


async def one(session: AsyncSession, scope: Scope, permission_id: int) -> schemas.Permission | None:
    """A permission as it is in this transaction."""
    row = (await session.execute(_permission(scope), {"permission_id": permission_id})).first()
    return _SHAPE.make(row) if row else None


async def exists(session: AsyncSession, type_: str, besides: int | None = None) -> bool:
    """Whether there is a permission of this type, besides one of this id."""
    found = await session.scalars(select(Permission.permissionId).where(Permission.type == type_))
    return any(permission_id != besides for permission_id in found)


async def add(session: AsyncSession, data: schemas.NewPermission) -> int:
    """Insert a permission. Its id."""
    return (await _Service(session).create(data)).permissionId


async def update(session: AsyncSession, permission_id: int, changes: dict[str, Any]) -> None:
    """Set columns of a permission."""
    await _Service(session).update(changes, permission_id)
