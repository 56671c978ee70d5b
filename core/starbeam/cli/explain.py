"""`starbeam explain`: why somebody sees something, or does not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from starbeam.cli.failure import Failure
from starbeam.cli.options import build, config_option
from starbeam.cli.output import table
from starbeam.cli.people import person_of, with_database

if TYPE_CHECKING:
    from starbeam.db.engine import Database
    from starbeam.explanation import Explanation


@click.command()
@click.argument("login")
@click.argument("path")
@config_option
def explain(login: str, path: str, config: Path | None) -> None:
    """Say why a person sees what a path is about, or why not.

    It is said rule by rule.

    PATH is as clients send it, with or without the API root: /sessions/7, /sessions/mx1001-1, /samples/42.
    """
    starbeam = build(config)

    async def run(database: Database) -> tuple[str, Explanation]:
        from starbeam.refusals import Missing

        async with database.read() as connection:
            await person_of(connection, login)
        try:
            return await starbeam.explain(login, path)
        except Missing as error:
            raise Failure(error.sentence, "Paths are those of the API: /sessions/7, /samples/42.") from None

    spelling, found = with_database(starbeam.database, run)
    click.echo(f"{spelling} {'sees' if found.sees else 'does not see'} {found.about}")
    table(
        ["holds", "of", "rule"], [["yes" if one.holds else "no", one.about, one.says] for one in found.lines]
    )
