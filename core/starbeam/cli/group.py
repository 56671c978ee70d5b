"""The group of all commands: those of core, of installed tools, and those that the enabled plugins add."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from starbeam.cli.failure import explained, run
from starbeam.cli.options import CONFIG_VARIABLE, read_settings
from starbeam.cli.tools import ToolGroup, package, tools
from starbeam.faults import StartupError
from starbeam.settings import SettingsError

if TYPE_CHECKING:
    from starbeam.loader import Plugins

CORE = ("serve", "plugins", "config", "routes", "openapi", "db", "token", "admin", "explain")
"""The commands of core, in the order of `starbeam --help`; each is in the module of its name."""


class Commands(ToolGroup):
    """Imports a command when it is called, and asks the enabled plugins for names that neither core nor an
    installed tool has."""

    prefix = ""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands of core, then those of plugins and tools."""
        return [*CORE, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, if core, a tool or a plugin that was asked has one."""
        if cmd_name in CORE:
            command: click.Command = getattr(import_module(f"starbeam.cli.{cmd_name}"), cmd_name)
            return command
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Ask the plugins before a name counts as unknown."""
        config = config_in(args, os.environ)
        if args[0] in CORE or args[0] in tools() or config is None:
            return super().resolve_command(ctx, args)
        self.commands.update(found := plugin_commands(config))
        try:
            return super().resolve_command(ctx, args)
        finally:
            for name in found:
                self.commands.pop(name, None)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the plugins' commands too when the environment says which plugins run."""
        if config := os.environ.get(CONFIG_VARIABLE):
            with suppress(StartupError, SettingsError):  # help must come even then
                self.commands.update(plugin_commands(Path(config)))
        super().format_commands(ctx, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        """Run, with every expected error as a line or a table."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            if failure := explained(error):
                raise failure from error
            raise


def config_in(args: Iterable[str], environ: Mapping[str, str]) -> Path | None:
    """The configuration file that a command line names whose command is not known yet."""
    words = iter(args)
    for word in words:
        name, equals, value = word.partition("=")
        if name == "--config":
            return Path(value if equals else next(words, ""))
    return Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None


def plugin_commands(config: Path) -> dict[str, click.Command]:
    """The commands that the enabled plugins add. Raises `StartupError`, also for names that are taken."""
    from starbeam import loader  # only now: it is slow to import

    plugins = loader.load(read_settings(config))
    found = commands_of(plugins)
    if plugins.faults:
        raise StartupError(plugins.faults)
    return found


def commands_of(plugins: Plugins) -> dict[str, click.Command]:
    """The commands that plugins add; names that are taken are faults."""
    found: dict[str, click.Command] = {}
    owners = {name: package(point) for name, point in tools().items()} | dict.fromkeys(CORE, "core")
    collector = click.Group()
    for plugin, _ in plugins.call("register_commands", cli=collector):
        for name, command in collector.commands.items():
            if name in owners:
                cause = f"command {name} is claimed by {owners[name]} too"
                plugins.fault(plugin, "collisions", cause, "disable one of the two")
            owners.setdefault(name, plugin)
            found[name] = command
        collector.commands.clear()
    return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="starbeam-core", prog_name="starbeam")
def cli() -> None:
    """REST API of ISPyB laboratory databases, built of plugins.

    Enabled plugins may add commands: they are found when --config or STARBEAM_CONFIG names a configuration.
    """


def main() -> None:
    """Run the command line of this process."""
    run(cli, "starbeam")
