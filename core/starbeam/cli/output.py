"""What commands print: tables for people, JSON for scripts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click
import msgspec

_GAP = "  "


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, err: bool = False) -> None:
    """A table. On a terminal it is wrapped to fit and never cut; elsewhere each row is one line."""
    if (sys.stderr if err else sys.stdout).isatty():
        _framed(headers, rows, err)
        return
    widths = [max(len(row[column]) for row in (headers, *rows)) for column in range(len(headers))]
    for row in (headers, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(_GAP.join(cells).rstrip(), err=err)


def _framed(headers: Sequence[str], rows: Sequence[Sequence[str]], err: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    framed = Table(show_lines=any(len(cell) > 40 for row in rows for cell in row))
    for header in headers:
        framed.add_column(header, overflow="fold")
    for row in rows:
        framed.add_row(*map(Text, row))
    Console(stderr=err).print(framed)


def json(value: Any) -> None:
    """One JSON document on stdout."""
    click.echo(msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=2))
