"""What the logs of failed data collections end with. Blocks: for threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher
from itertools import groupby
from pathlib import Path

from starbeam_stats.schemas import ExperimentTypeMessages

TAIL = 8192
"""How many bytes of a file's end are read."""
ALIKE = 0.8
"""Lines that are more similar than this count as one message."""

Locate = Callable[[str], Path | None]


def messages(logs: Iterable[tuple[str, int, str]], locate: Locate) -> dict[str, list[ExperimentTypeMessages]]:
    """Messages by experiment type, the least frequent first, from its logs: type, data collection, and paths
    of which the first that is a file counts."""
    found: dict[str, list[ExperimentTypeMessages]] = {}
    for (kind, _), files in groupby(logs, key=lambda log: log[:2]):
        existing = (file for _, _, path in files if (file := locate(path)) is not None)
        if (file := next(existing, None)) is not None and (line := last_line(file)):
            count(found.setdefault(kind, []), line)
    for several in found.values():
        several.sort(key=lambda message: message.count)
    return found


def last_line(file: Path) -> str:
    """The last line without blanks around it; bytes that are no UTF-8 are replaced. Empty for a file that
    went away."""
    try:
        with file.open("rb") as opened:
            opened.seek(max(os.fstat(opened.fileno()).st_size - TAIL, 0))
            lines = opened.read(TAIL).decode(errors="replace").splitlines()
    except OSError:
        return ""
    return lines[-1].strip() if lines else ""


def count(known: list[ExperimentTypeMessages], line: str) -> None:
    """Add a line to the first message that it equals or is similar to, else as a new one."""
    for message in known:
        if message.message == line or _alike(message.message, line):
            message.count += 1
            return
    known.append(ExperimentTypeMessages(line, 1))


def _alike(message: str, line: str) -> bool:
    matcher = SequenceMatcher(None, message, line)
    return matcher.real_quick_ratio() > ALIKE and matcher.quick_ratio() > ALIKE and matcher.ratio() > ALIKE
