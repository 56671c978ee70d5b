"""Where the time of sessions went. Free of SQL."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from starbeam.api.database import Reader, Rows, kept
from starbeam_stats import schemas
from starbeam_stats.breakdown import hours
from starbeam_stats.queries import spans
from starbeam_stats.queries.extent import Extent
from starbeam_stats.queries.sessions import measured
from starbeam_stats.queries.spans import Span

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


@dataclass
class Spent:
    """Where the time of a session went, and when it was measured."""

    first: int | None
    """The first start of a data collection, in seconds since `spans.EPOCH`."""
    last: int | None
    """The last end of one."""
    seconds: dict[str, int] = field(default_factory=dict)
    """By kind, without spans that lack a time or end before they start."""


async def times(reader: Reader, extent: Extent) -> schemas.Times:
    """Of each session that has a data collection, the latest first, and on average. 2 statements, none where
    many rows' times are kept."""
    return await kept(reader, "times", extent.values, partial(_times, extent))


async def _times(extent: Extent, reader: Rows) -> tuple[int, schemas.Times]:
    found = await spans.read(reader, extent, RECORDED)
    spent = await asyncio.to_thread(sums, found)
    sessions = []
    for key, start, end in await measured(reader, extent):
        if (one := spent.get(key)) is not None:
            lasted = between(start, end), between(start, one.first), between(one.last, end)
            sessions.append(entry(Session(key, *lasted), one.seconds))
    return len(found), schemas.Times(average(sessions), sessions)


def between(start: int | None, end: int | None) -> int | None:
    """The seconds from one time to another, None without both."""
    return None if start is None or end is None else end - start


def sums(found: Sequence[Span]) -> dict[int, Spent]:
    """What spans come to, by session that has data collections. Blocks: for threads."""
    times = defaultdict[tuple[int, str], list[tuple[int | None, int | None]]](list)
    for kind, session, _, start, end in found:
        times[session, kind].append((start, end))
    for session, start, end in spans.centring(found):
        if end - start < LONGEST_SUMMED:
            times[session, "centring"].append((start, end))
    spent = {
        session: Spent(
            first=min((start for start, _ in each if start is not None), default=None),
            last=max((end for _, end in each if end is not None), default=None),
        )
        for (session, kind), each in times.items()
        if kind == "datacollection"
    }
    for (session, kind), each in times.items():
        if session in spent:
            lengths = [end - start for start, end in each if start is not None and end is not None]
            spent[session].seconds[kind] = sum(length for length in lengths if length > 0)
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
