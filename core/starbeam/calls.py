"""What asks for something: a request, a command, or the server itself. Known wherever it leads to a write."""

from __future__ import annotations

import getpass
import os
from contextvars import ContextVar
from dataclasses import dataclass

import click


@dataclass
class Call:
    """A request, while it is served. What goes on after it keeps this, so it holds nothing large."""

    request_id: str
    address: str
    """The client's."""
    method: str
    route: str = "unknown"
    """The template of its path, once it is known."""
    account: str = ""

    @property
    def operation(self) -> str:
        """Its method and its route, as in `PATCH /api/dewars/{dewarId}`."""
        return f"{self.method} {self.route}"


@dataclass(frozen=True)
class Command:
    """A command, or what a server does that no request asks for."""

    request_id: str = ""
    address: str = ""

    @property
    def operation(self) -> str:
        """Its words, as in `starbeam serve`; empty in a program of somebody's own."""
        context = click.get_current_context(silent=True)
        return context.command_path if context else ""

    @property
    def account(self) -> str:
        """The system's account that runs it."""
        try:
            return getpass.getuser()
        except (OSError, KeyError):  # one without a name
            return f"uid {os.getuid()}"


_CALL: ContextVar[Call | Command] = ContextVar("call", default=Command())  # noqa: B039 - it is frozen


def current_call() -> Call | Command:
    """What asks at this moment."""
    return _CALL.get()


def begin(call: Call) -> None:
    """From now on this request asks, here and in what is started from here."""
    _CALL.set(call)


def routed(route: str) -> None:
    """Now it is known which route the request takes."""
    if isinstance(call := _CALL.get(), Call):
        call.route = route
