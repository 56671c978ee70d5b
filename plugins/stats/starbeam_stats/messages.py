"""What the logs of failed data collections end with, and how often."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterable
from difflib import SequenceMatcher
from itertools import groupby
from pathlib import Path

from starbeam.api.files import Files
from starbeam_stats.schemas import ExperimentTypeMessages

TAIL = 8192
"""How many bytes of a file's end are read."""
ALIKE = 0.8
"""Lines that are more similar than this count as one message."""
LONGEST_COMPARED = 300
"""Characters of a line; longer ones are only alike when equal."""
MOST_COMPARED = 2000
"""Pairs of lines that one answer compares, a second's work; further lines are only alike when equal."""


def last_lines(logs: Iterable[tuple[str, int, str]], files: Files) -> dict[str, Counter[str]]:
    """How often logs end with which line, by experiment type. `logs` are type, data collection, and paths of
    which the first that is a file counts. Blocks: for threads."""
    found: dict[str, Counter[str]] = {}
    for (kind, _), some in groupby(logs, key=lambda log: log[:2]):
        existing = (file for _, _, path in some if (file := files.locate(path)) is not None)
        if (file := next(existing, None)) is not None and (line := last_line(files, file)):
            found.setdefault(kind, Counter())[line] += 1
    return found


def last_line(files: Files, file: Path) -> str:
    """The last line without blanks around it; bytes that are no UTF-8 are replaced. Empty for a file that
    went away."""
    try:
        with files.open(file) as opened:
            opened.seek(max(os.fstat(opened.fileno()).st_size - TAIL, 0))
            lines = opened.read(TAIL).decode(errors="replace").splitlines()
    except OSError:
        return ""
    return lines[-1].strip() if lines else ""


async def messages(lines: dict[str, Counter[str]]) -> dict[str, list[ExperimentTypeMessages]]:
    """Messages by experiment type, the least frequent first: similar lines count as the first of them.

    Other requests have their turn between two comparisons.
    """
    left, found = MOST_COMPARED, dict[str, list[ExperimentTypeMessages]]()
    for kind, counts in lines.items():
        known: list[ExperimentTypeMessages] = []
        for line, number in counts.items():
            similar, tried = await _similar(known, line, left)
            left -= tried
            if similar is None:
                known.append(ExperimentTypeMessages(line, number))
            else:
                similar.count += number
        found[kind] = sorted(known, key=lambda message: message.count)
    return found


async def _similar(
    known: list[ExperimentTypeMessages], line: str, most: int
) -> tuple[ExperimentTypeMessages | None, int]:
    """The first message that is similar to a line, and how many were compared with it."""
    if len(line) > LONGEST_COMPARED:
        return None, 0
    matcher = SequenceMatcher(None, "", line)
    compared = [message for message in known if len(message.message) <= LONGEST_COMPARED][:most]
    for tried, message in enumerate(compared, start=1):
        await asyncio.sleep(0)
        matcher.set_seq1(message.message)
        if all(ratio() > ALIKE for ratio in (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio)):
            return message, tried
    return None, len(compared)
