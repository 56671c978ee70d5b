"""What log-in and one-time tokens read and write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import CursorResult, delete, insert, inspect, select

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


OPTIONS = select(AdminVar.name, AdminVar.value).order_by(AdminVar.varId)
"""The rows that options may be stored in."""
PERMISSIONS = (
    select(UserGroup_has_Person.personId, Permission.type)
    .join(UserGroup_has_Permission, UserGroup_has_Permission.userGroupId == UserGroup_has_Person.userGroupId)
    .join(Permission, Permission.permissionId == UserGroup_has_Permission.permissionId)
)
"""What each person may do: not DISTINCT, which would leave one of names that differ in case only."""


async def person_by_login(connection: AsyncConnection | AsyncSession, login: str) -> Any | None:
    """`personId`, `login` (as stored), `givenName` and `familyName` of a person, by the login in any case.

    The lowest id when several have it. The database takes letters with and without accents for the same; here
    they are not, since they may be two people.
    """
    columns = Person.personId, Person.login, Person.givenName, Person.familyName
    query = select(*columns).where(Person.login == login).order_by(Person.personId)
    rows = (await connection.execute(query)).all()
    return next((row for row in rows if _folded(row.login) == _folded(login)), None)


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


async def grant(session: AsyncSession, person_id: int, permission: str, description: str | None) -> None:
    """Put a person into the group named as the permission; group and permission are added when missing."""
    permission_id = await _id(session, Permission, Permission.type, permission, description=description)
    group_id = await _id(session, UserGroup, UserGroup.name, permission)
    for link in (
        UserGroup_has_Permission(userGroupId=group_id, permissionId=permission_id),
        UserGroup_has_Person(userGroupId=group_id, personId=person_id),
    ):
        await session.merge(link)
    await session.flush()


async def _id(session: AsyncSession, model: type[Any], name: Any, value: str, **columns: Any) -> int:
    """The key of the row of that name, added when there is none."""
    key = inspect(model).primary_key[0]
    found = (await session.execute(select(key).where(name == value).order_by(key).limit(1))).scalar()
    if found is None:
        row = model(**{name.key: value, **columns})
        session.add(row)
        await session.flush()
        found = getattr(row, key.name)
    return int(found)


async def lock_option(session: AsyncSession, name: str) -> None:
    """Let only one transaction at a time pass here, on MariaDB. Needs the option's row."""
    await session.execute(select(AdminVar.varId).where(AdminVar.name == name).with_for_update())


async def add_person(session: AsyncSession, identity: Identity) -> None:
    """A `Person` row with what the backend knows."""
    known = {name: getattr(identity, name) for name in identity.__struct_fields__}
    await session.execute(
        insert(Person).values({name: value for name, value in known.items() if value is not None})
    )


async def add_onetime_token(session: AsyncSession, token: str, person_id: int, validity: str) -> None:
    """A one-time token; the database dates it."""
    await session.execute(insert(SW_onceToken).values(token=token, personId=person_id, validity=validity))


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


async def take_onetime_token(session: AsyncSession, token_id: int, lifetime: float) -> bool:
    """Delete the token if it is still young. True for exactly one of several callers."""
    fresh = SW_onceToken.recordTimeStamp >= seconds_ago(lifetime)
    result = await session.execute(delete(SW_onceToken).where(SW_onceToken.onceTokenId == token_id, fresh))
    return isinstance(result, CursorResult) and result.rowcount == 1


async def delete_old_onetime_tokens(session: AsyncSession, lifetime: float) -> None:
    """Delete the tokens that nobody may use any more."""
    await session.execute(delete(SW_onceToken).where(SW_onceToken.recordTimeStamp < seconds_ago(lifetime)))
