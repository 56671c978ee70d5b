"""`starbeam admin`: who may do what."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from starbeam.access import NOBODY
from starbeam.cli.failure import Failure
from starbeam.cli.options import build, config_option
from starbeam.cli.people import person_of, with_database

if TYPE_CHECKING:
    from starbeam.db.engine import Database
    from starbeam.db.writer import Writer
    from starbeam.permissions import Permission


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
        person_id, spelling = await person_of(writer.session, login)
        if permission in await queries.permissions(writer.session, person_id):
            return f"{spelling} has {permission} already"
        await queries.grant(writer, person_id, permission, declared.description if declared else None)
        return f"{spelling} has {permission} now; a running server sees it within seconds"

    async def run(database: Database) -> str:
        said = await (await starbeam.write(NOBODY))(give)
        await starbeam.shared.tell()
        await starbeam.shared.close()
        return said

    click.echo(with_database(starbeam.database, run))


def _declared(known: dict[str, Permission], name: str, force: bool) -> Permission | None:
    """The permission as its plugin declares it."""
    if name not in known and not force:
        near = difflib.get_close_matches(name, known, n=3) or sorted(known)
        raise Failure(
            f"no enabled plugin declares the permission {name}",
            f"Known: {', '.join(near)}. --force grants it all the same.",
        )
    return known.get(name)
