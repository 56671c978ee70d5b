"""`starbeam token`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from starbeam.cli.failure import Failure
from starbeam.cli.options import config_option, read_settings
from starbeam.cli.people import person_of, with_database

if TYPE_CHECKING:
    from starbeam.db.engine import Database


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
            person_id, spelling = await person_of(connection, login)
            permissions = await queries.permissions(connection, person_id)
        return Tokens(settings.auth).make(spelling, person_id, permissions)

    click.echo(with_database(Database(settings.database, mapped(Base)), make))
