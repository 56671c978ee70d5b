"""`starbeam db`: what core does with a database. Fresh ones are made by the tool starbeam-ddl."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from starbeam.cli.failure import Failure
from starbeam.cli.options import build, config_option, finish, require_file
from starbeam.cli.tools import ToolGroup

if TYPE_CHECKING:
    from starbeam.app import Starbeam
    from starbeam.db.engine import Database
    from starbeam.registry import Registry


@click.group(cls=ToolGroup)
def db() -> None:
    """The database."""


@db.command()
@config_option
def upgrade(config: Path | None) -> None:
    """Make or change the tables that plugins bring of their own. ISPyB's tables are never touched."""
    from sqlalchemy.exc import DBAPIError

    from starbeam.db.migrations import NewerTables, NotItsTable
    from starbeam.db.trouble import Trouble, first_line, trouble

    starbeam = build(config)
    require_file(starbeam.database)
    try:
        applied = finish(_upgrade(starbeam))
    except NotItsTable as error:
        raise Failure(str(error), "Report it to the plugin's authors, or disable the plugin.") from error
    except NewerTables as error:
        raise Failure(str(error), "They stay as they are, and this version serves them.") from error
    except DBAPIError as error:
        if trouble(error) is Trouble.AWAY:
            raise
        hint = "Use an account that may CREATE and ALTER: STARBEAM_DATABASE__URL=…"
        raise Failure(f"the database refuses: {first_line(error)}", hint) from error
    for line in applied:
        click.echo(line)
    click.echo(f"applied {len(applied)}" if applied else "nothing to do: every table of a plugin is there")


async def _upgrade(starbeam: Starbeam) -> list[str]:
    try:
        applied = await upgrade_tables(starbeam.database, starbeam.registry)
        for plugin, store in starbeam.stores.items():
            applied += await upgrade_tables(store.database, starbeam.registry, plugin)
        return applied
    finally:
        for database in starbeam.databases:
            await database.close()


async def upgrade_tables(database: Database, registry: Registry, beside: str = "") -> list[str]:
    """Apply the revisions of all plugins, or those of one that has this second database; what was applied, as
    `plugin revision: title`."""
    applied: list[str] = []
    if beside and (file := database.sqlite_file):
        file.touch(0o600)
    for migrations in registry.revisions(beside):
        async with database.engines[1].begin() as connection:
            done = await connection.run_sync(migrations.upgrade)
        applied += [f"{migrations.plugin} {one}" for one in done]
    return applied
