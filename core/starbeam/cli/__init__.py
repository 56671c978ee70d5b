"""The command `starbeam`, and what plugins need to add commands of their own.

    @click.command()
    @config_option
    def simulate(config: Path | None) -> None:
        \"\"\"Make sessions with data.\"\"\"
        starbeam = build(config)

`register_commands(cli)` adds it: ``cli.add_command(simulate)``. A command that cannot go on raises `Failure`.
"""

from starbeam.cli.failure import Failure
from starbeam.cli.options import build, config_option, finish, json_option, read_settings

__all__ = ["Failure", "build", "config_option", "finish", "json_option", "read_settings"]
