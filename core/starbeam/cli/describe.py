"""Commands that tell what a configuration serves: its routes, its API document."""

from __future__ import annotations

from pathlib import Path

import click

from starbeam.cli import output
from starbeam.cli.options import build, config_option, json_option


@click.command()
@config_option
@json_option
def routes(config: Path | None, as_json: bool) -> None:
    """List all operations, with plugin and access."""
    from starbeam.registry import operations_of

    found = operations_of(build(config).asgi)
    output.listing(output.rows(found, "method", "path", "plugin", "access", "operation_id"), as_json)


@click.command()
@config_option
def openapi(config: Path | None) -> None:
    """Print the API document.

    It has all operations, also those that a runtime option switches off.
    """
    from starbeam.http.openapi import document

    output.json(document(build(config).asgi))
