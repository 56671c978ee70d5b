"""What a suite is: a database, the plugins that serve it, and what they are asked."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from benchmarks import suites


@dataclass(frozen=True)
class Case:
    """One line of the report: a request, and as whom. `path` is below the API root."""

    title: str
    path: str
    person: int
    clients: int = 16
    """How many ask at once."""
    seconds: int = 5
    """How long they do."""


@dataclass(frozen=True)
class Suite:
    """One table of the report."""

    title: str
    plugins: tuple[str, ...]
    fill: tuple[str, ...]
    """SQL statements for MariaDB that fill an empty database (`benchmarks.databases`)."""
    cases: tuple[Case, ...]
    settings: tuple[tuple[str, object], ...] = ()
    """More settings, by dotted key."""


def found() -> dict[str, ModuleType]:
    """The modules in `benchmarks.suites`, by name.

    Each has `SUITES`, or `measure(database)` for what is no matter of requests: it gives tables, and
    `database()` gives it the address of an empty database.
    """
    names = sorted(module.name for module in iter_modules(suites.__path__))
    return {name: import_module(f"benchmarks.suites.{name}") for name in names}
