"""What stops a command: one line and a hint, or the table of all that keeps the server from starting."""

from __future__ import annotations

import errno
import sys
from collections.abc import Sequence
from typing import IO, Any, NoReturn

import click

from starbeam import logs, streams
from starbeam.cli import output
from starbeam.faults import Fault, StartupError, from_settings
from starbeam.refusals import Invalid, Refusal
from starbeam.settings import SettingsError

AWAY = 3
"""The exit status of commands that need the database and cannot reach it."""

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EPIPE, errno.EBADF}
"""What writing meets where nobody takes it."""


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


def run(command: click.Command, name: str) -> NoReturn:
    """Run a command in this process, and end it. Output that nobody takes is status 1, and no traceback."""
    streams.prepare()
    logs.configure_when_used()
    try:
        try:
            command.main(prog_name=name)
        finally:
            sys.stdout.flush()
    except OSError as error:
        streams.give_up_output()
        if error.errno not in _NO_ROOM:
            raise
        if not isinstance(error, BrokenPipeError):  # a reader that has seen enough needs no word
            Failure(f"cannot write: {error.strerror}").show()
    sys.exit(1)


def explained(error: Exception) -> click.ClickException | None:
    """An error as what stops a command; None for one that is a mistake of this program."""
    if isinstance(error, click.ClickException | click.exceptions.Exit | click.Abort):
        return None  # click's own: the help ends so, too
    if isinstance(error, StartupError):
        return Faults(error.faults)
    if isinstance(error, SettingsError):
        return Faults(from_settings(error))
    if isinstance(error, Refusal):
        name = f"{error.loc[-1]} " if isinstance(error, Invalid) and error.loc else ""
        return Failure(f"{name}{error.sentence}")
    if isinstance(error, BrokenPipeError):  # whoever read the output went away: click ends in silence
        return None
    if isinstance(error, UnicodeError):
        return Failure(
            f"a text cannot be used: {error}", "Has an argument characters that have no place there?"
        )
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
    if kind in (Trouble.DENIED, Trouble.LOCKED, Trouble.REFUSED):
        hint = "`starbeam doctor --db` says what this account may not do, and what the server refuses."
        return Failure(f"the database refuses: {first_line(error)}", hint)
    hint = "Does database.url name a server that runs, and a database that exists?"
    return Failure(f"the database does not answer: {first_line(error)}", hint, AWAY)
