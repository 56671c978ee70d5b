"""What log-in and one-time tokens read and write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, inspect, literal, select

from starbeam.db.functions import seconds_ago
from starbeam.db.models import (
    AdminVar,
    Permission,
    Person,
    SW_onceToken,
    UserGroup,
    UserGroup_has_Permission,
    UserGroup_has_Person,
)

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

    from starbeam.auth.backends import Identity
    from starbeam.db.writer import Writer


OPTIONS = select(AdminVar.name, AdminVar.value).order_by(AdminVar.varId)
"""The rows that options may be stored in."""
PERMISSIONS = (
    select(UserGroup_has_Person.personId, Permission.type)
    .join(UserGroup_has_Permission, UserGroup_has_Permission.userGroupId == UserGroup_has_Person.userGroupId)
    .join(Permission, Permission.permissionId == UserGroup_has_Permission.permissionId)
)
"""What each person may do: not DISTINCT, which would leave one of names that differ in case only."""


BY_LOGIN = (
    select(Person.personId, Person.login, Person.givenName, Person.familyName)
    .where(Person.login == bindparam("login"))
    .order_by(Person.personId)
)
"""People whose login is the bound one to the database: `of_login` tells which of them it is."""


async def person_by_login(connection: AsyncConnection | AsyncSession, login: str) -> Any | None:
    """`personId`, `login` (as stored), `givenName` and `familyName` of a person, by the login in any case.

    The lowest id when several have it. The database finds them; letters that are one to its collation only,
    such as `e` and `é`, tell two people apart (docs/adr/0022-accents-tell-log-ins-apart.md).
    """
    return of_login((await connection.execute(BY_LOGIN, {"login": login})).all(), login)


def of_login(rows: Sequence[Any], login: str) -> Any | None:
    """The one of `BY_LOGIN` that a login means."""
    return next((row for row in rows if is_one(row.login, login)), None)


async def login_of(connection: AsyncConnection, person_id: int) -> str | None:
    """The login of a person."""
    found: str | None = await connection.scalar(select(Person.login).where(Person.personId == person_id))
    return found


def is_one(stored: str, login: str) -> bool:
    """Whether both are the same login."""
    return _folded(stored) == _folded(login)


def _folded(login: str) -> str:
    return login.rstrip(" ").casefold()


async def permissions(connection: AsyncConnection | AsyncSession, person_id: int) -> list[str]:
    """The permissions of all groups of a person, each spelling once."""
    query = (
        select(Permission.type)
        .join(UserGroup_has_Permission, UserGroup_has_Permission.permissionId == Permission.permissionId)
        .join(UserGroup_has_Person, UserGroup_has_Person.userGroupId == UserGroup_has_Permission.userGroupId)
        .where(UserGroup_has_Person.personId == person_id)
        .order_by(Permission.type, Permission.permissionId)
    )
    return list(dict.fromkeys((await connection.execute(query)).scalars()))


async def logins(connection: AsyncConnection | AsyncSession) -> list[str]:
    """The logins of all persons."""
    return [login for login in (await connection.execute(select(Person.login))).scalars() if login]


async def grant(writer: Writer, person_id: int, permission: str, description: str | None) -> None:
    """Put a person into the group named as the permission; group and permission are added when missing."""
    permission_id = await _id(writer, Permission, Permission.type, permission, description=description)
    group_id = await _id(writer, UserGroup, UserGroup.name, permission)
    await _link(writer, UserGroup_has_Permission, userGroupId=group_id, permissionId=permission_id)
    await _link(writer, UserGroup_has_Person, userGroupId=group_id, personId=person_id)


async def _id(writer: Writer, model: type[Any], name: Any, value: str, **columns: Any) -> int:
    """The key of the row of that name, added when there is none. Permissions of one name in other letters are
    others; groups are not."""
    key = inspect(model).primary_key[0]
    rows = await writer.rows(select(key, name).where(name == value).order_by(key))
    same = [found for found, spelled in rows if spelled == value or model is UserGroup]
    found = same[0] if same else None
    if found is None:
        found = getattr(await writer.create(model, {name.key: value, **columns}), key.name)
    return int(found)


async def _link(writer: Writer, model: type[Any], **keys: int) -> None:
    if not await writer.rows(select(literal(1)).select_from(model).filter_by(**keys)):
        await writer.insert(model, keys)


async def lock_option(writer: Writer, name: str) -> None:
    """Let only one transaction at a time pass here, on MariaDB. Needs the option's row."""
    await writer.rows(select(AdminVar.varId).where(AdminVar.name == name).with_for_update())


async def add_person(writer: Writer, identity: Identity) -> None:
    """A `Person` row with what the backend knows."""
    known = {name: getattr(identity, name) for name in identity.__struct_fields__}
    await writer.insert(Person, {name: value for name, value in known.items() if value is not None})


async def add_onetime_token(writer: Writer, token: str, person_id: int, validity: str) -> None:
    """A one-time token; the database dates it."""
    await writer.insert(SW_onceToken, {"token": token, "personId": person_id, "validity": validity})


async def onetime_tokens(connection: AsyncConnection, token: str) -> Sequence[Any]:
    """Rows whose token equals this one as the database compares text: the caller compares exactly."""
    columns = (
        SW_onceToken.onceTokenId,
        SW_onceToken.token,
        SW_onceToken.validity,
        SW_onceToken.personId,
        Person.login,
    )
    query = select(*columns).outerjoin(Person, Person.personId == SW_onceToken.personId)
    return (await connection.execute(query.where(SW_onceToken.token == token))).all()


async def take_onetime_token(
    writer: Writer, token_id: int, person_id: int, lifetime: float
) -> list[str] | None:
    """Delete the token if it is still young: what its person may do, for exactly one of several callers."""
    fresh = SW_onceToken.recordTimeStamp >= seconds_ago(lifetime)
    if not await writer.delete(SW_onceToken, SW_onceToken.onceTokenId == token_id, fresh):
        return None
    return await permissions(writer.session, person_id)


async def delete_old_onetime_tokens(writer: Writer, lifetime: float) -> None:
    """Delete the tokens that nobody may use any more."""
    await writer.delete(SW_onceToken, SW_onceToken.recordTimeStamp < seconds_ago(lifetime))
