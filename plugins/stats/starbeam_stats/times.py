"""Where the time of sessions went. Free of SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starbeam.db.reader import Reader
from starbeam_stats import schemas
from starbeam_stats.breakdown import hours
from starbeam_stats.queries import times as queries
from starbeam_stats.queries.extent import Extent

SPENT = ("datacollection", "edge", "xrf", "robot", "centring", "strategy", "fault")
"""What is summed over the rows of a session."""


async def times(reader: Reader, extent: Extent) -> schemas.Times:
    """Of each session that has a data collection, the latest first, and on average. 2 statements."""
    spent = await queries.spent(reader, extent)
    sessions = [entry(one, spent.get(one.sessionId, {})) for one in await queries.of_sessions(reader, extent)]
    return schemas.Times(average(sessions), sessions)


def entry(session: queries.Session, spent: Mapping[str, int]) -> schemas.SessionTimeEntry:
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
