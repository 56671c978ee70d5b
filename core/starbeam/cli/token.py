"""`starbeam token`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from starbeam.cli.failure import Failure
from starbeam.cli.options import config_option, read_settings
from starbeam.cli.people import person_of, with_database
from starbeam.cli.tools import ToolGroup

if TYPE_CHECKING:
    from starbeam.db.engine import Database


class TokenGroup(ToolGroup):
    """Takes a login where it knows no command of that name: `starbeam token LOGIN`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command, or that for persons."""
        if self.get_command(ctx, args[0]) is None:
            args = ["person", *args]
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Options of `person` may come before the login."""
        if (args and args[0] == "--config") or (args and args[0].startswith("--config=")):
            args = ["person", *args]
        return super().parse_args(ctx, args)


@click.group(cls=TokenGroup)
def token() -> None:
    """Print tokens of people, and manage those of machines.

    `starbeam token LOGIN` prints a token of a person.
    """


@token.command()
@click.argument("login")
@config_option
def person(login: str, config: Path | None) -> None:
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
