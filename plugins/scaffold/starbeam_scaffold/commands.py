"""`starbeam plugins new`."""

from __future__ import annotations

from pathlib import Path

import click

from starbeam.api.commands import Failure


@click.command()
@click.argument("name")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The folder to make the package's folder in, instead of the working directory.",
)
def new(name: str, into: Path) -> None:
    """Write the package of a new plugin: a route, a table, a setting and tests that pass.

    NAME is a word in small letters, such as `radiation` or `beam_tuning`.
    """
    from starbeam_scaffold.package import NameRefused, write

    try:
        folder = write(name, into)
    except NameRefused as error:
        raise Failure(str(error), "Choose a word in small letters, such as beam_tuning.", 2) from error
    except FileExistsError as error:
        raise Failure(f"there is a {error.filename} already", "Choose another name, or --into.") from error
    click.echo(f"wrote {folder}\n\nTry it:\n  cd {folder}\n  pip install -e '.[testing]'\n  pytest")
