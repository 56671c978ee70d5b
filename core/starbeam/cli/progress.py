"""Progress of long work on stderr: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import click

_MOST_LINES = 50
"""More steps than this are not worth a line each."""


@contextmanager
def steps(title: str, number: int) -> Iterator[Callable[[str], None]]:
    """Show which of `number` steps is under way: call the function that is given at the beginning of each."""
    if not sys.stderr.isatty():
        click.echo(title, err=True)
        yield lambda step: click.echo(f"  {step}", err=True) if number <= _MOST_LINES else None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=number)

        done = count()

        def begin(step: str) -> None:
            progress.update(task, completed=next(done), description=f"{title}: {step}")

        yield begin
