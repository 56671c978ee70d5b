"""Groups and who and what is in them: SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.orm import InstrumentedAttribute

from starbeam.api.database import Shape, Writer
from starbeam.api.lists import Filters, List, Search, Where, query_id, text_in
from starbeam.api.models import Permission, Person, UserGroup, UserGroup_has_Permission, UserGroup_has_Person
from starbeam_admin import schemas


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


class GroupFilters(Filters, frozen=True):
    """What `/admin/groups` is asked for."""

    userGroupId: Annotated[
        int | None,
        query_id("User group id to filter by"),
        Where(UserGroup.userGroupId == bindparam("userGroupId")),
    ] = None
    search: Annotated[Search, text_in(UserGroup.name)] = None


GROUPS = List(_SHAPE, UserGroup, GroupFilters, missing="No such group: `{key}`", for_all=True)
"""2 statements a page."""


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


async def label(writer: Writer, content: Content, row_id: int) -> str | None:
    """What people call a person or permission: its id where it has no name, None when there is no such
    row."""
    rows = await writer.rows(select(content.label).where(content.key == row_id))
    return str(rows[0][0] or row_id) if rows else None


async def group_name(writer: Writer, group_id: int) -> str | None:
    """The name of a group, None when there is no such group."""
    name: str | None = await writer.scalar(select(UserGroup.name).where(UserGroup.userGroupId == group_id))
    return name


async def put_in(writer: Writer, content: Content, group_id: int, row_id: int) -> None:
    """Put a person or permission into a group. IntegrityError when it is there already."""
    await writer.insert(content.link, {"userGroupId": group_id, content.link_key.key: row_id})


async def take_out(writer: Writer, content: Content, group_id: int, row_id: int) -> bool:
    """Take a person or permission out of a group. Whether it was there."""
    link = content.link
    return await writer.delete(link, link.userGroupId == group_id, content.link_key == row_id) > 0


async def holds(writer: Writer, content: Content, group_id: int, row_id: int) -> bool:
    """Whether a person or permission is in a group."""
    link = content.link
    query = select(link.userGroupId).where(link.userGroupId == group_id, content.link_key == row_id)
    return bool(await writer.rows(query))


async def keys_called(writer: Writer, content: Content, name: str) -> list[int]:
    """The people or permissions of this name."""
    query = select(content.key).where(content.label == name).order_by(content.key)
    return [key for (key,) in await writer.rows(query)]


async def is_held(writer: Writer, permission: str) -> bool:
    """Whether somebody who can log in holds a permission, spelled exactly so."""
    query = (
        select(Permission.type)
        .join(UserGroup_has_Permission, UserGroup_has_Permission.permissionId == Permission.permissionId)
        .join(UserGroup_has_Person, UserGroup_has_Person.userGroupId == UserGroup_has_Permission.userGroupId)
        .join(Person, Person.personId == UserGroup_has_Person.personId)
        .where(Permission.type == permission, Person.login.is_not(None))
    )
    return permission in [held for (held,) in await writer.rows(query)]
