"""Groups and who and what is in them: SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Select, bindparam, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from starbeam.db.lists import Listing
from starbeam.db.models import (
    Permission,
    Person,
    UserGroup,
    UserGroup_has_Permission,
    UserGroup_has_Person,
)
from starbeam.db.reader import Reader
from starbeam.db.scope import Scope, statement
from starbeam.db.services import service
from starbeam.db.shape import Shape
from starbeam.paging import Page, Paged
from starbeam_admin import schemas

_Service = service(UserGroup)


def _number_of(link: type[UserGroup_has_Permission | UserGroup_has_Person]) -> ColumnElement[int]:
    count = select(func.count()).select_from(link).where(link.userGroupId == UserGroup.userGroupId)
    return count.scalar_subquery()


_SHAPE = Shape(
    schemas.UserGroup,
    UserGroup,
    metadata=Shape(
        schemas.UserGroupMetaData,
        permissions=_number_of(UserGroup_has_Permission),
        people=_number_of(UserGroup_has_Person),
    ),
)


@statement
def _groups(scope: Scope, by_id: bool) -> Listing[schemas.UserGroup]:
    where = [UserGroup.userGroupId == bindparam("group_id")] if by_id else []
    return Listing(scope, _SHAPE, UserGroup, where=where, order_by=[UserGroup.userGroupId])


async def page(reader: Reader, page: Page, group_id: int | None) -> Paged[schemas.UserGroup]:
    """A page of the groups. 2 statements."""
    values = {} if group_id is None else {"group_id": group_id}
    return await reader.page(_groups(group_id is not None), page, **values)


@statement
def _group(scope: Scope) -> Select[*tuple[Any, ...]]:
    return select(*_SHAPE.columns(scope)).where(UserGroup.userGroupId == bindparam("group_id"))


async def one(session: AsyncSession, scope: Scope, group_id: int) -> schemas.UserGroup | None:
    """A group as it is in this transaction."""
    row = (await session.execute(_group(scope), {"group_id": group_id})).first()
    return _SHAPE.make(row) if row else None


async def add(session: AsyncSession, name: str) -> int:
    """Insert a group. Its id; IntegrityError when there is one of that name."""
    return (await _Service(session).create({"name": name})).userGroupId


async def rename(session: AsyncSession, group_id: int, name: str) -> None:
    """Give a group another name. IntegrityError when there is one of that name."""
    await _Service(session).update({"name": name}, group_id)


@dataclass(frozen=True)
class Content:
    """A kind of rows that groups contain."""

    noun: str
    table: type[Person | Permission]
    key: InstrumentedAttribute[int]
    label: InstrumentedAttribute[Any]
    """What people call such a row."""
    link: type[UserGroup_has_Person | UserGroup_has_Permission]
    link_key: InstrumentedAttribute[int]


PERSON = Content(
    "person", Person, Person.personId, Person.login, UserGroup_has_Person, UserGroup_has_Person.personId
)
PERMISSION = Content(
    "permission",
    Permission,
    Permission.permissionId,
    Permission.type,
    UserGroup_has_Permission,
    UserGroup_has_Permission.permissionId,
)


async def label(session: AsyncSession, content: Content, row_id: int) -> str | None:
    """What people call a person or permission: its id where it has no name, None when there is no such
    row."""
    rows = (await session.execute(select(content.label).where(content.key == row_id))).all()
    return str(rows[0][0] or row_id) if rows else None


async def group_name(session: AsyncSession, group_id: int) -> str | None:
    """The name of a group, None when there is no such group."""
    name: str | None = await session.scalar(select(UserGroup.name).where(UserGroup.userGroupId == group_id))
    return name


async def put_in(session: AsyncSession, content: Content, group_id: int, row_id: int) -> None:
    """Put a person or permission into a group. IntegrityError when it is there already."""
    values = {"userGroupId": group_id, content.link_key.key: row_id}
    await session.execute(insert(content.link).values(values))


async def take_out(session: AsyncSession, content: Content, group_id: int, row_id: int) -> bool:
    """Take a person or permission out of a group. Whether it was there."""
    # Both tables are named, so that `starbeam doctor` asks for DELETE on these and no others.
    removal = delete(UserGroup_has_Person if content is PERSON else UserGroup_has_Permission)
    found = removal.where(content.link.userGroupId == group_id, content.link_key == row_id)
    result = await session.execute(found.execution_options(synchronize_session=False))
    return isinstance(result, CursorResult) and result.rowcount > 0


async def is_held(session: AsyncSession, permission: str) -> bool:
    """Whether somebody who can log in holds a permission, spelled exactly so."""
    query = (
        select(Permission.type)
        .join(UserGroup_has_Permission, UserGroup_has_Permission.permissionId == Permission.permissionId)
        .join(UserGroup_has_Person, UserGroup_has_Person.userGroupId == UserGroup_has_Permission.userGroupId)
        .join(Person, Person.personId == UserGroup_has_Person.personId)
        .where(Permission.type == permission, Person.login.is_not(None))
        .distinct()
    )
    return permission in (await session.scalars(query)).all()
