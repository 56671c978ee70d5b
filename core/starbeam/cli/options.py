"""Options that commands share, and what they lead to: settings, an app, and work that is awaited."""

from __future__ import annotations

import os
from collections.abc import Coroutine, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import click

from starbeam.cli.failure import Failure
from starbeam.settings import Loaded, load

if TYPE_CHECKING:
    from starbeam.app import Starbeam
    from starbeam.db.engine import Database

CONFIG_VARIABLE = "STARBEAM_CONFIG"
T = TypeVar("T")
_NOTHING: Mapping[str, Any] = MappingProxyType({})

config_option = click.option(
    "--config",
    metavar="FILE",
    envvar=CONFIG_VARIABLE,
    show_envvar=True,
    type=click.Path(path_type=Path),
    help="The configuration file.",
)
"""Decorates a command that reads the configuration: its `config` is the file's path, or None."""
plugins_dir_option = click.option(
    "--plugins-dir", metavar="FOLDER", help="Folder of plugins, a file each, instead of plugins.dir."
)
"""Decorates a command that serves: its `plugins_dir` is what `plugins.dir` is then, or None."""
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
"""Decorates a command that prints JSON when it is asked to (`as_json`)."""


def read_settings(config: Path | None, overrides: Mapping[str, Any] = _NOTHING) -> Loaded:
    """The settings of a command; `overrides` are what its command line says by dotted key (None: nothing)."""
    given = {key: value for key, value in overrides.items() if value is not None}
    return load(config, os.environ, given)


def require_file(database: Database, status: int = 1) -> None:
    """Stop when an SQLite database has no file, since connecting would make one, or may not write."""
    file = database.sqlite_file
    if file is not None and not file.exists():
        message = f"there is no database file {file}"
        raise Failure(message, "`starbeam db create` makes it, with all tables.", status)
    require_folder(file, status)


def require_folder(file: Path | None, status: int = 1) -> None:
    """Stop when SQLite could not write a database's file, or those that it keeps beside the file."""
    if file is None:
        return
    if not os.access(file.parent, os.W_OK) or (file.exists() and not os.access(file, os.W_OK)):
        message = f"{file} cannot be written: its folder is missing or belongs to somebody else"
        raise Failure(message, "Run this in a folder of yours, or name one in database.url.", status)


def build(config: Path | None, *, needs_secret: bool = False) -> Starbeam:
    """The app of a configuration, to look at it. All that keeps it from starting is raised together."""
    from starbeam.app import Starbeam  # only now: it takes a second

    return Starbeam(read_settings(config), needs_secret=needs_secret)


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run asynchronous work to its end, and return what it does."""
    import asyncio  # only now: the help imports every command

    return asyncio.run(work)
