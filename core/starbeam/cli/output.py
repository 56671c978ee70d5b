"""What commands print: tables for people, JSON for scripts."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap
from typing import Any

import click
import msgspec

_GAP = "  "
_READABLE = 110
"""How many columns a terminal must have for tables of many columns."""


def table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, err: bool = False, lines: bool = True
) -> None:
    """A table. On a terminal it is wrapped to fit and never cut, or, where its columns would be too narrow to
    read, a block of lines for each row; elsewhere each row is one line, without `lines` only if all
    fit."""
    if (sys.stderr if err else sys.stdout).isatty():
        _framed(headers, rows, err)
        return
    widths = [max(len(row[column]) for row in (headers, *rows)) for column in range(len(headers))]
    columns = shutil.get_terminal_size().columns
    if not lines and sum(widths) + len(_GAP) * (len(widths) - 1) > columns:
        _blocks(headers, rows, columns, err)
        return
    for row in (headers, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(_GAP.join(cells).rstrip(), err=err)


def _framed(headers: Sequence[str], rows: Sequence[Sequence[str]], err: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(stderr=err)
    if (columns := os.environ.get("COLUMNS", "")).isdigit():
        # Rich takes a dumb terminal for 80 columns wide, unless both are said.
        console = Console(stderr=err, width=int(columns), height=25)
    widest = [max(len(row[column]) for row in (headers, *rows)) for column in range(len(headers))]
    if len(headers) > 3 and console.width < min(_READABLE, sum(widest) + 3 * len(widest) + 1):
        _blocks(headers, rows, console.width, err)
        return
    framed = Table(show_lines=any(len(cell) > 40 for row in rows for cell in row))
    for header in headers:
        framed.add_column(header, overflow="fold")
    for row in rows:
        framed.add_row(*map(Text, row))
    console.print(framed)


def _blocks(headers: Sequence[str], rows: Sequence[Sequence[str]], width: int, err: bool) -> None:
    """What a row holds, each value on lines of its own."""
    indent = max(map(len, headers)) + len(_GAP)
    for row in rows:
        for header, value in zip(headers, row, strict=True):
            if value:
                lines = wrap(value, max(width - indent, 20), break_on_hyphens=False)
                click.echo(header.ljust(indent) + ("\n" + " " * indent).join(lines), err=err)
        click.echo(err=err)


def rows(things: Iterable[Any], *names: str) -> list[dict[str, Any]]:
    """These attributes of things."""
    return [{name: getattr(one, name) for name in names} for one in things]


def listing(found: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """Rows of one form: for scripts, or for people."""
    if as_json:
        json(found)
    elif found:
        headers = tuple(name.replace("_", " ") for name in found[0])
        table(headers, [tuple(map(cell, row.values())) for row in found])


def cell(value: Any) -> str:
    """A value as a table shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def toml(value: Any) -> str:
    """A value as TOML writes it. TOML has no null: None is an empty text here."""
    if isinstance(value, msgspec.Struct):
        value = msgspec.to_builtins(value)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{toml_key(key)} = {toml(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    return "" if value is None else msgspec.json.encode(value).decode()


def toml_key(key: str) -> str:
    """A key as TOML writes it."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else msgspec.json.encode(key).decode()


def json(value: Any) -> None:
    """One JSON document on stdout."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))
