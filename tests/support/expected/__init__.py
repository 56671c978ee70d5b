"""What is expected of every route in the small world of `support.world`.

`support.expected.<plugin>` holds `ROUTES`, by method and path below the API root, and may hold `EMPTY`: the
fields of answers that have no value in a flavour. A route without an entry fails the tests in `contract/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from support.world import CALLERS

MOST_STATEMENTS = 8
"""How many SQL statements a list may take."""


@dataclass(frozen=True)
class Total:
    """A page that counts this many rows."""

    rows: int


Answer = int | Total
"""A status, or 200 with a page."""


@dataclass(frozen=True)
class Cost:
    """What a list costs, however many rows there are."""

    statements: int
    """SQL statements, at most."""
    reads: int
    """Rows and keys that MariaDB reads for the regular's page, at most, per session of the regular."""
    one: str = "limit=1"
    """A query that is answered with one row …"""
    hundred: str = "limit=100"
    """… and one that is answered with many."""
    rows: int = 100
    """How many these are."""


@dataclass(frozen=True)
class Route:
    """What is expected of one route."""

    answers: Mapping[str, Answer]
    """By caller; the anonymous need no entry."""
    path: str = ""
    """An address; the route's own path, if it has no parameters."""
    also: tuple[str, ...] = ()
    """More addresses, so that every field of the answer has a value in one of them."""
    body: Any = None
    """What to send."""
    cost: Cost | None = None
    """For lists."""
    open: bool = False
    """What it answers is meant for everybody who is logged in."""


def totals(**seen: int) -> dict[str, Answer]:
    """A list: how many rows each caller sees; 0 for those not named."""
    return {**dict.fromkeys(CALLERS, Total(0)), **{caller: Total(rows) for caller, rows in seen.items()}}


def found_by(*callers: str) -> dict[str, Answer]:
    """Something that these callers see, and that does not exist for the others."""
    return {caller: 200 if caller in callers else 404 for caller in CALLERS}


def allowed(*callers: str, status: int = 200) -> dict[str, Answer]:
    """Something that these callers have the permission for."""
    return {caller: status if caller in callers else 403 for caller in CALLERS}


def everybody(status: int = 200) -> dict[str, Answer]:
    """The same for all callers."""
    return dict.fromkeys(CALLERS, status)


def routes() -> dict[str, Route]:
    """The routes of all plugins."""
    return {name: route for module in _modules() for name, route in module.ROUTES.items()}


def empty(flavour: str) -> set[str]:
    """Fields without a value in this flavour, as `Component.field`."""
    return {
        field
        for module in _modules()
        for where, fields in getattr(module, "EMPTY", {}).items()
        if where in (flavour, "all")
        for field in fields
    }


def _modules() -> list[Any]:
    return [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
