"""What stops a command: one line and a hint, or the table of all that keeps the server from starting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, Any

import click

from starbeam.cli import output
from starbeam.faults import Fault, StartupError, from_settings
from starbeam.settings import SettingsError

AWAY = 3
"""The exit status of commands that need the database and cannot reach it."""


class Failure(click.ClickException):
    """A command cannot go on: `message` says why in one line, `hint` what to do."""

    def __init__(self, message: str, hint: str = "", status: int = 1) -> None:
        super().__init__(message)
        self.hint = hint
        self.exit_code = status  # type: ignore[misc]  # click means it for classes, and reads the instance's

    def show(self, file: IO[Any] | None = None) -> None:
        """Write both to stderr."""
        click.echo(f"starbeam: {self.message}", err=True)
        if self.hint:
            click.echo(f"  {self.hint}", err=True)


class Faults(click.ClickException):
    """The server cannot start: every cause, in one table."""

    exit_code = 2

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("Starbeam cannot start")
        self.faults = faults

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the table to stderr."""
        number = len(self.faults)
        click.echo(f"starbeam: cannot start: {number} {'cause' if number == 1 else 'causes'}", err=True)
        output.table(
            ("plugin", "package", "stage", "cause", "what to do"),
            [
                (fault.plugin or "-", fault.distribution or "-", fault.stage, fault.cause, fault.remedy)
                for fault in self.faults
            ],
            err=True,
        )


def explained(error: Exception) -> click.ClickException | None:
    """An error as what stops a command; None for one that is a mistake of this program."""
    if isinstance(error, StartupError):
        return Faults(error.faults)
    if isinstance(error, SettingsError):
        return Faults(from_settings(error))
    if isinstance(error, BrokenPipeError):  # whoever read the output went away: click ends in silence
        return None
    if isinstance(error, OSError) and error.filename:
        return Failure(f"{error.filename}: {error.strerror}", "Is it there, and may this account use it?")
    return _database(error)


def _database(error: Exception) -> Failure | None:
    from starbeam.db.trouble import Trouble, first_line, trouble  # only now: it is slow to import

    kind = trouble(error)
    if kind is None:
        return None
    if kind is Trouble.INCOMPLETE:
        hint = "`starbeam db check` lists all; `starbeam db upgrade` makes the tables of plugins."
        return Failure(str(error), hint, 2)
    if kind in (Trouble.DENIED, Trouble.REFUSED):
        hint = "`starbeam doctor --db` says what this account may not do, and what the server refuses."
        return Failure(f"the database refuses: {first_line(error)}", hint)
    hint = "Does database.url name a server that runs, and a database that exists?"
    return Failure(f"the database does not answer: {first_line(error)}", hint, AWAY)
