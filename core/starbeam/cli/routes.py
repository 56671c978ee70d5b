"""`starbeam routes`."""

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
    listed = output.rows(found, "method", "path", "plugin", "access", "operation_id")
    for one, row in zip(found, listed, strict=True):
        if not one.handler.resolve_include_in_schema():
            row["operation_id"] = None  # what is not in the document has none
    output.listing(listed, as_json)
