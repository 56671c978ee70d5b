"""The section of a release in CHANGELOG.md."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime

NEXT = "## [Unreleased]\n"


def day_of(text: str, version: str) -> date | None:
    """When a version was released; None: it has no section."""
    found = re.search(rf"^## \[{re.escape(version)}\] - (\S+)$", text, re.MULTILINE)
    return date.fromisoformat(found[1]) if found else None


def drafted(text: str, version: str, today: date, subjects: Iterable[str]) -> str:
    """The changelog with a section for this version, which holds what was unreleased.

    Where that says nothing, it holds the subjects of the commits, to be rewritten for who reads it. A section
    that is there stays as it is.
    """
    if day_of(text, version):
        return text
    before, _, rest = text.partition(NEXT)
    waiting, mark, released = rest.partition("\n## [")
    if "- " not in waiting:
        waiting = "\n### Changed\n\n" + "".join(f"- {subject}\n" for subject in subjects)
    return f"{before}{NEXT}\n## [{version}] - {today}\n{waiting}{mark}{released}"


def epoch(day: date) -> int:
    """The time that files in packages of a release have, in seconds since 1970: its day begins in UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
