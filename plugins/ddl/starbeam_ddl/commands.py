"""`starbeam db create`, `db check` and `db indexes`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from starbeam.api.commands import (
    Failure,
    build,
    config_option,
    finish,
    json_option,
    output,
    read_settings,
    require_file,
    require_folder,
    steps,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.ext.asyncio import AsyncEngine

    from starbeam.api.database import Schema
    from starbeam.api.tools import Starbeam
    from starbeam_ddl.facts import Flavour
    from starbeam_ddl.indexes import Lacking


@click.command()
@config_option
@click.option(
    "--flavour",
    type=click.Choice(["union", "community", "diamond"]),
    default="union",
    show_default=True,
    help="The schema: of one family of facilities, or all that both have.",
)
def create(config: Path | None, flavour: Flavour) -> None:
    """Create all tables in an empty database; on MariaDB the database itself must exist."""
    from starbeam.api.database import Database
    from starbeam_ddl.ddl import DatabaseNotEmpty

    database = Database(read_settings(config).settings.database)
    require_folder(database.sqlite_file)
    try:
        finish(_create(database, flavour))
    except DatabaseNotEmpty as error:
        raise Failure(str(error), "Name an empty database in database.url.") from error
    click.echo(
        f"created the tables of the flavour {flavour} in {database.sqlite_file or database.url.database}"
    )


async def _create(database: Any, flavour: Flavour) -> None:
    try:
        await create_tables(database.engines[1], flavour)
    finally:
        await database.close()


async def create_tables(engine: AsyncEngine, flavour: Flavour) -> None:
    """Create the tables of a flavour, with progress on stderr."""
    import asyncio

    from starbeam_ddl import ddl

    if engine.url.get_backend_name() == "sqlite":  # whose connections make no file
        await asyncio.to_thread(Path(str(engine.url.database)).touch)
    with steps("creating tables", len(ddl.tables(flavour).tables)) as begin, _telling(flavour, begin):
        await ddl.create(engine, flavour)


@contextmanager
def _telling(flavour: Flavour, begin: Callable[[str], None]) -> Iterator[None]:
    """Call `begin` before each table."""
    from sqlalchemy import event

    from starbeam_ddl import ddl

    def tell(table: Any, *args: Any, **kwargs: Any) -> None:
        begin(table.name)

    tables = ddl.tables(flavour).tables.values()
    for table in tables:
        event.listen(table, "before_create", tell)
    try:
        yield
    finally:
        for table in tables:
            event.remove(table, "before_create", tell)


@click.command()
@config_option
@json_option
def check(config: Path | None, as_json: bool) -> None:
    """Compare the database with what the enabled plugins need.

    Status 0: it has all that is required; 1: it lacks some of it; 3: it is away.
    """
    starbeam = build(config)
    require_file(starbeam.database)
    schema = finish(_schema(starbeam))
    rows = [
        row for plugin in starbeam.registry.owners_of_tables() for row in _lacks(starbeam, schema, plugin)
    ]
    if as_json:
        output.json(rows)
    elif rows:
        output.table(
            ("plugin", "lacks", "consequence"), [(r["plugin"], r["lacks"], _MEANING[r["kind"]]) for r in rows]
        )
    else:
        click.echo("ok: the database has everything that the enabled plugins know")
    sys.exit(any(row["kind"] == "required" for row in rows))


_MEANING = {"required": "the server cannot start", "optional": "null or empty in answers"}


async def _schema(starbeam: Starbeam) -> Schema:
    from starbeam.api.database import reflect

    try:
        async with starbeam.database.read() as connection:
            return await reflect(connection)
    finally:
        await starbeam.database.close()


def _lacks(starbeam: Starbeam, schema: Schema, plugin: str) -> list[dict[str, str]]:
    """Tables and columns of a plugin that the database lacks."""
    models = starbeam.registry.models_of(plugin)
    required = schema.missing(models)
    optional = [name for name in schema.absent(models) if name not in required]
    return [
        {"plugin": plugin, "lacks": name, "kind": kind}
        for kind, names in (("required", required), ("optional", optional))
        for name in names
    ]


@click.command()
@config_option
@json_option
def indexes(config: Path | None, as_json: bool) -> None:
    """Print the SQL of the indexes that make queries of the enabled plugins faster and that the database
    lacks. Nothing is run: whoever runs the database decides.
    """
    starbeam = build(config)
    require_file(starbeam.database)
    found = finish(_lacking(starbeam))
    if as_json:
        output.json(found)
        return
    for one in found:
        for plugin, why in one.reasons:
            click.echo(f"-- {plugin}: {why}")
        click.echo(f"{one.sql};\n")
    if not found:
        click.echo("-- the database has every index that the enabled plugins want")


async def _lacking(starbeam: Starbeam) -> list[Lacking]:
    from starbeam.api.database import reflect
    from starbeam_ddl.indexes import lacking

    wanted = starbeam.registry.indexes
    try:
        async with starbeam.database.read() as connection:
            schema = await reflect(connection)
            return await connection.run_sync(lacking, wanted, schema)
    finally:
        await starbeam.database.close()
