"""What ``starbeam doctor`` looks at: whether a configuration, and a database, are as a server wants them.

Nothing here changes anything.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Level = Literal["ok", "warning", "error"]


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at: what it is like, and what to do."""

    level: Level
    about: str
    says: str
    remedy: str = ""
    sql: tuple[str, ...] = ()
    """Statements for whoever runs the database."""


def ok(about: str, says: str) -> Finding:
    """All is well."""
    return Finding("ok", about, says)


def warning(about: str, says: str, remedy: str = "", sql: tuple[str, ...] = ()) -> Finding:
    """It works, but somebody should know."""
    return Finding("warning", about, says, remedy, sql)


def error(about: str, says: str, remedy: str = "", sql: tuple[str, ...] = ()) -> Finding:
    """It does not work."""
    return Finding("error", about, says, remedy, sql)
