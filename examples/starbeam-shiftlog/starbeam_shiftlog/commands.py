"""``starbeam shiftlog``."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from starbeam.api.commands import build, config_option


@click.command()
@click.argument("session_id", type=int)
@config_option
def shiftlog(session_id: int, config: Path | None) -> None:
    """Print the log of a session, oldest first."""
    for line in asyncio.run(_lines(session_id, config)):
        click.echo(line)


async def _lines(session_id: int, config: Path | None) -> list[str]:
    from sqlalchemy import select

    from starbeam_shiftlog.models import ShiftlogEntry

    database = build(config).database
    wanted = select(ShiftlogEntry.created, ShiftlogEntry.category, ShiftlogEntry.text)
    query = wanted.where(ShiftlogEntry.sessionId == session_id).order_by(ShiftlogEntry.shiftlogEntryId)
    try:
        async with database.read() as connection:
            return [f"{when} {category}: {text}" for when, category, text in await connection.execute(query)]
    finally:
        await database.close()
