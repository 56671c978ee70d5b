"""Where the time of sessions went. Free of SQL."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from starbeam.api.database import Reader, Rows, kept
from starbeam_stats import schemas
from starbeam_stats.breakdown import hours
from starbeam_stats.queries import sessions, spans
from starbeam_stats.queries.extent import Extent
from starbeam_stats.queries.spans import Sum

RECORDED = ("datacollection", "edge", "xrf", "robot", "strategy", "fault")
SPENT = (*RECORDED, "centring")
"""What is summed over the spans of a session."""
LONGEST_SUMMED = 900
"""Seconds: longer ones are not summed."""


@dataclass(frozen=True)
class Session:
    """A session that has data collections; times in seconds, None where a date is missing."""

    sessionId: int
    duration: int | None
    startup: int | None
    remaining: int | None


async def times(reader: Reader, extent: Extent) -> schemas.Times:
    """Of each session that has a data collection, the latest first, and on average. At most 4 statements,
    none where many rows' times are kept."""
    return await kept(reader, "times", extent.values, partial(_times, extent))


async def _times(extent: Extent, reader: Rows) -> tuple[int, schemas.Times]:
    found = await spans.sums(reader, extent, RECORDED)
    measured = {one.session: one for one in found if one.kind == "datacollection"}
    spent = by_kind(found, await spans.centring(reader, extent))
    entries = []
    for key, start, end in await sessions.measured(reader, extent):
        if (one := measured.get(key)) is not None:
            lasted = between(start, end), between(start, one.first), between(one.last, end)
            entries.append(entry(Session(key, *lasted), spent[key]))
    return sum(one.number for one in found), schemas.Times(average(entries), entries)


def between(start: int | None, end: int | None) -> int | None:
    """The seconds from one time to another, None without both."""
    return None if start is None or end is None else end - start


def by_kind(recorded: Iterable[Sum], centring: Iterable[tuple[int, int, int]]) -> dict[int, Counter[str]]:
    """What was spent, by session and kind."""
    spent = defaultdict[int, Counter[str]](Counter)
    for one in recorded:
        spent[one.session][one.kind] = one.seconds
    for session, start, end in centring:
        if end - start < LONGEST_SUMMED:
            spent[session]["centring"] += end - start
    return spent


def entry(session: Session, spent: Mapping[str, int]) -> schemas.SessionTimeEntry:
    """A session's hours: `thinking` is what all the others leave of its duration."""
    seconds = {
        **{kind: spent.get(kind, 0) for kind in SPENT},
        "startup": max(session.startup or 0, 0),
        "remaining": max(session.remaining or 0, 0),
    }
    duration = max(session.duration or 0, 0)
    seconds["thinking"] = max(duration - sum(seconds.values()), 0)
    seconds["duration"] = duration
    given = {kind: hours(value) for kind, value in seconds.items()}
    return schemas.SessionTimeEntry(sessionId=session.sessionId, **given)


def average(sessions: Sequence[schemas.SessionTimeEntry]) -> schemas.TimeEntry:
    """The mean of each field; 0 without sessions."""
    count = max(len(sessions), 1)
    means = {
        name: sum(getattr(session, name) for session in sessions) / count
        for name in schemas.TimeEntry.__struct_fields__
    }
    return schemas.TimeEntry(**means)
