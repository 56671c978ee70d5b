"""`starbeam db`: what core does with a database. Fresh ones are made by the tool starbeam-ddl."""

from __future__ import annotations

import click

from starbeam.cli.tools import ToolGroup
from starbeam.cli.upgrade import upgrade


@click.group(cls=ToolGroup)
def db() -> None:
    """The database."""


db.add_command(upgrade)
