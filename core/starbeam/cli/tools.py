"""Commands that installed packages bring, enabled or not: entry points of the group `starbeam.commands`.

An entry point's name is the command's (`demo`), or that of one in a group of core (`db.create`); its value is
a `click.Command`. Names are listed without importing anything, and a command is imported when it is called.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint

import click

from starbeam.cli.failure import Failure
from starbeam.discovery import entry_points_of
from starbeam.faults import did_you_mean

GROUP = "starbeam.commands"


class ToolGroup(click.Group):
    """A group of commands that installed packages may add to."""

    @property
    def prefix(self) -> str:
        """What names of entry points for this group begin with."""
        return f"{self.name}."

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that a line names; for an unknown name the question which one was meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            meant = did_you_mean(args[0], self.list_commands(ctx), "")
            said = f"{error.message} {meant[:1].upper()}{meant[1:]}".rstrip()
            raise click.UsageError(said, error.ctx) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Its own commands, then those of installed packages."""
        return [*super().list_commands(ctx), *tools(self.prefix)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; its own come first."""
        if (own := super().get_command(ctx, cmd_name)) is not None:
            return own
        point = tools(self.prefix).get(cmd_name)
        return None if point is None else load(cmd_name, point)


@cache
def tools(prefix: str = "") -> dict[str, EntryPoint]:
    """The entry points for a group by the names of the commands, sorted. Raises `Failure` when two differ."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points_of(GROUP):
        name = point.name.removeprefix(prefix)
        if not point.name.startswith(prefix) or "." in name:
            continue
        if found.setdefault(name, point).value != point.value:
            both = f"{package(found[name])} and {package(point)}"
            raise Failure(f"{both} both bring the command {name}", "Uninstall one of the two.", 2)
    return dict(sorted(found.items()))


def package(point: EntryPoint) -> str:
    """The distribution that brings an entry point."""
    return point.dist.name if point.dist else point.value


def load(name: str, point: EntryPoint) -> click.Command:
    """Import a command. One that cannot be imported says so when it is called, and leaves the help whole."""
    try:
        command: click.Command = point.load()
        return command
    except Exception as error:  # an import can fail in any way
        cause = f"{package(point)} cannot be imported: {type(error).__name__}: {error}"

    def fail() -> None:
        raise Failure(cause, "Repair or reinstall the package.", 2)

    takes_anything = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
    return click.Command(name, takes_anything, fail, help=cause)
