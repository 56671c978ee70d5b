"""`starbeam token` and `starbeam admin`: who may do what."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from starbeam.access import NOBODY
from starbeam.cli.failure import Failure
from starbeam.cli.options import build, config_option, finish, read_settings, require_file

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

    from starbeam.db.engine import Database
    from starbeam.db.writer import Writer
    from starbeam.permissions import Permission

T = TypeVar("T")


@click.command()
@click.argument("login")
@config_option
def token(login: str, config: Path | None) -> None:
    """Print a token of a person.

    It has the permissions that the database tells.
    """
    from starbeam.auth.tokens import Tokens
    from starbeam.db.engine import Database
    from starbeam.db.models import Base, mapped
    from starbeam.settings import secret_problem

    settings = read_settings(config).settings
    if problem := secret_problem(settings.auth.secret_key):
        raise Failure(problem, status=2)

    async def make(database: Database) -> str:
        from starbeam.auth import queries

        async with database.read() as connection:
            person_id, spelling = await _person(connection, login)
            permissions = await queries.permissions(connection, person_id)
        return Tokens(settings.auth).make(spelling, person_id, permissions)

    click.echo(_with_database(Database(settings.database, mapped(Base)), make))


@click.group()
def admin() -> None:
    """What administrators do outside of the API."""


@admin.command()
@click.argument("login")
@click.argument("permission")
@config_option
@click.option("--force", is_flag=True, help="Grant a permission that no enabled plugin declares.")
@click.option("--create", is_flag=True, help="Add the person when nobody has the login: in a new database.")
def grant(login: str, permission: str, config: Path | None, force: bool, create: bool) -> None:
    """Give a person a permission, through the group of the permission's name."""
    starbeam = build(config)
    declared = _declared(starbeam.registry.permissions, permission, force)

    async def give(writer: Writer) -> str:
        from starbeam.auth import queries
        from starbeam.auth.backends import Identity

        if create and not await queries.person_by_login(writer.session, login):
            await queries.add_person(writer, Identity(login))
        person_id, spelling = await _person(writer.session, login)
        if permission in await queries.permissions(writer.session, person_id):
            return f"{spelling} has {permission} already"
        await queries.grant(writer, person_id, permission, declared.description if declared else None)
        return f"{spelling} has {permission} now; a running server sees it within seconds"

    async def run(database: Database) -> str:
        return await (await starbeam.write(NOBODY))(give)

    click.echo(_with_database(starbeam.database, run))


def _declared(known: dict[str, Permission], name: str, force: bool) -> Permission | None:
    """The permission as its plugin declares it."""
    if name not in known and not force:
        near = difflib.get_close_matches(name, known, n=3) or sorted(known)
        raise Failure(
            f"no enabled plugin declares the permission {name}",
            f"Known: {', '.join(near)}. --force grants it all the same.",
        )
    return known.get(name)


async def _person(connection: AsyncConnection | AsyncSession, login: str) -> tuple[int, str]:
    """The id of a person and the login as the database spells it."""
    from starbeam.auth import queries

    if found := await queries.person_by_login(connection, login):
        return found.personId, found.login
    near = difflib.get_close_matches(login, await queries.logins(connection), n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else "`starbeam admin grant --create` adds a person."
    raise Failure(f"nobody has the login {login}", hint)


def _with_database(database: Database, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `work` on a database, once it is known to have what it must."""
    require_file(database)

    async def run() -> T:
        try:
            await database.ready()
            return await work(database)
        finally:
            await database.close()

    return finish(run())
