"""What commands of plugins and of tools are made of.

    @click.command()
    @config_option
    def simulate(config: Path | None) -> None:
        \"\"\"Make sessions with data.\"\"\"
        starbeam = build(config)

`register_commands(cli)` adds it: ``cli.add_command(simulate)``. A command that cannot go on raises `Failure`.
Importing this costs little; import what is slow inside of the command.
"""

from starbeam.cli import output
from starbeam.cli.db import upgrade_tables
from starbeam.cli.failure import AWAY, Failure, run
from starbeam.cli.group import cli
from starbeam.cli.options import (
    build,
    config_option,
    finish,
    json_option,
    plugins_dir_option,
    read_settings,
    require_file,
    require_folder,
)
from starbeam.cli.output import toml, toml_key
from starbeam.cli.people import with_database
from starbeam.cli.progress import steps
from starbeam.cli.serve import bind, require_tables

__all__ = [
    "AWAY",
    "Failure",
    "bind",
    "build",
    "cli",
    "config_option",
    "finish",
    "json_option",
    "output",
    "plugins_dir_option",
    "read_settings",
    "require_file",
    "require_folder",
    "require_tables",
    "run",
    "steps",
    "toml",
    "toml_key",
    "upgrade_tables",
    "with_database",
]
