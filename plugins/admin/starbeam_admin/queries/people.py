"""People who may log in, with the groups that they are in and what these give them: SQL."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import Struct
from sqlalchemy import Select, bindparam, select

from starbeam.api.database import Reader, Scope, Shape, statement
from starbeam.api.lists import Filters, List, Search, Where, query_id, text_in
from starbeam.api.models import (
    Permission,
    Person,
    UserGroup,
    UserGroup_has_Permission,
    UserGroup_has_Person,
)

_IN_GROUP = select(UserGroup_has_Person.personId).where(
    UserGroup_has_Person.userGroupId == bindparam("userGroupId")
)


class Account(Struct):
    """Somebody who may log in."""

    personId: int
    login: str
    givenName: str | None
    familyName: str | None
    emailAddress: str | None


class AccountFilters(Filters, frozen=True):
    """What the list of people is asked for."""

    userGroupId: Annotated[int | None, query_id("Group"), Where(Person.personId.in_(_IN_GROUP))] = None
    search: Annotated[Search, text_in(Person.login, Person.familyName, Person.givenName)] = None


ACCOUNTS = List(
    Shape(Account, Person),
    Person,
    AccountFilters,
    listed=[Person.login.is_not(None)],
    order_by=[Person.login, Person.personId],
    for_all=True,
)
"""By login. 2 statements a page."""


@statement
def _memberships(scope: Scope) -> Select[int, int, str]:
    return (
        select(UserGroup_has_Person.personId, UserGroup.userGroupId, UserGroup.name)
        .join(UserGroup, UserGroup.userGroupId == UserGroup_has_Person.userGroupId)
        .where(UserGroup_has_Person.personId.in_(bindparam("people", expanding=True)))
        .order_by(UserGroup.name, UserGroup.userGroupId)
    )


@statement
def _given(scope: Scope) -> Select[int, str, int, str]:
    return (
        select(UserGroup.userGroupId, UserGroup.name, Permission.permissionId, Permission.type)
        .join(UserGroup_has_Person, UserGroup_has_Person.userGroupId == UserGroup.userGroupId)
        .outerjoin(UserGroup_has_Permission, UserGroup_has_Permission.userGroupId == UserGroup.userGroupId)
        .outerjoin(Permission, Permission.permissionId == UserGroup_has_Permission.permissionId)
        .where(UserGroup_has_Person.personId == bindparam("person"))
        .order_by(UserGroup.name, UserGroup.userGroupId, Permission.type)
    )


@statement
def _holders(scope: Scope) -> Select[int, str, int, str | None]:
    return (
        select(UserGroup.userGroupId, UserGroup.name, Person.personId, Person.login)
        .join(UserGroup_has_Permission, UserGroup_has_Permission.userGroupId == UserGroup.userGroupId)
        .outerjoin(UserGroup_has_Person, UserGroup_has_Person.userGroupId == UserGroup.userGroupId)
        .outerjoin(Person, Person.personId == UserGroup_has_Person.personId)
        .where(UserGroup_has_Permission.permissionId == bindparam("permission"))
        .order_by(UserGroup.name, UserGroup.userGroupId, Person.login, Person.personId)
    )


class Group(Struct):
    """A group, with the people or the permissions in it: the id and name of each."""

    id: int
    name: str | None
    holds: list[tuple[int, str | None]]


async def groups_of(reader: Reader, people: Iterable[int]) -> dict[int, list[tuple[int, str | None]]]:
    """By person: the id and name of each group that they are in. 1 statement."""
    found: dict[int, list[tuple[int, str | None]]] = {}
    for person, group, name in await reader.rows(_memberships(), people=list(people)):
        found.setdefault(person, []).append((group, name))
    return found


async def given_to(reader: Reader, person: int) -> list[Group]:
    """The groups that a person is in, with the permissions that each gives. 1 statement."""
    return _grouped(await reader.rows(_given(), person=person))


async def holders_of(reader: Reader, permission: int) -> list[Group]:
    """The groups that give a permission, with the people in them. 1 statement."""
    return _grouped(await reader.rows(_holders(), permission=permission))


def _grouped(rows: Iterable[Any]) -> list[Group]:
    found: dict[int, Group] = {}
    for id, name, held, word in rows:
        group = found.setdefault(id, Group(id, name, []))
        if held is not None:
            group.holds.append((held, word))
    return list(found.values())
