"""`starbeam openapi`."""

from __future__ import annotations

from pathlib import Path

import click

from starbeam.cli import output
from starbeam.cli.options import build, config_option


@click.command()
@config_option
def openapi(config: Path | None) -> None:
    """Print the API document.

    It has all operations, also those that a runtime option switches off.
    """
    from starbeam.http.openapi import document

    output.json(document(build(config).asgi))
