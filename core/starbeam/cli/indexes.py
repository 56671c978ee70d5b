"""`starbeam db indexes`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from starbeam.cli import output
from starbeam.cli.options import build, config_option, json_option, require_file

if TYPE_CHECKING:
    from starbeam.app import Starbeam
    from starbeam.db.indexes import Lacking


@click.command()
@config_option
@json_option
def indexes(config: Path | None, as_json: bool) -> None:
    """Print the SQL of the indexes that make queries of the enabled plugins faster and that the database
    lacks. Nothing is run: whoever runs the database decides.
    """
    starbeam = build(config)
    require_file(starbeam.database)
    found = asyncio.run(_lacking(starbeam))
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
    from starbeam.db.indexes import lacking
    from starbeam.db.schema import reflect

    wanted = starbeam.registry.indexes
    try:
        async with starbeam.database.read() as connection:
            schema = await reflect(connection)
            return await connection.run_sync(lacking, wanted, schema)
    finally:
        await starbeam.database.close()
