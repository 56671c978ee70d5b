"""Where the time of sessions went, in sums by session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import CompoundSelect, Select, func, literal_column, select, union_all

from starbeam.db.functions import seconds_between
from starbeam.db.reader import Reader
from starbeam.db.scope import Scope, statement
from starbeam_ispyb.models import (
    BLSession,
    DataCollection,
    DataCollectionGroup,
    EnergyScan,
    RobotAction,
    XFEFluorescenceSpectrum,
)
from starbeam_stats.models import BF_fault
from starbeam_stats.queries import spans
from starbeam_stats.queries.extent import Extent, collections, sessions, where
from starbeam_stats.queries.spans import positive

LONGEST_SUMMED = 900
"""Seconds: longer ones are not summed."""


class Session(msgspec.Struct, frozen=True):
    """A session that has data collections; times in seconds, None where a date is missing."""

    sessionId: int
    duration: int | None
    startup: int | None
    remaining: int | None


@statement
def _sessions(scope: Scope, given: frozenset[str]) -> Select[Any]:
    """Each session with the time before its first and after its last data collection, the latest first."""
    first, last = func.min(DataCollection.startTime), func.max(DataCollection.endTime)
    columns = DataCollectionGroup.sessionId, first.label("first"), last.label("last")
    ends = collections(scope, given, *columns).group_by(DataCollectionGroup.sessionId).subquery("ends")
    durations: Any = (
        seconds_between(BLSession.startDate, BLSession.endDate),
        seconds_between(BLSession.startDate, ends.c.first),
        seconds_between(ends.c.last, BLSession.endDate),
    )
    found = select(BLSession.sessionId, *durations).join(ends, ends.c.sessionId == BLSession.sessionId)
    order = BLSession.startDate.desc(), BLSession.sessionId.desc()
    return found.where(*where(scope, given)).order_by(*order)


@statement
def _spent(scope: Scope, given: frozenset[str]) -> CompoundSelect[Any]:
    """Rows of kind, session, seconds."""
    return union_all(*_sums(scope, given))


def _sums(scope: Scope, given: frozenset[str]) -> Iterator[Select[Any]]:
    times = DataCollection.startTime, DataCollection.endTime
    session = DataCollectionGroup.sessionId
    yield collections(scope, given, *_sum("datacollection", session, *times)).group_by(session)
    for kind, model, key, start, end in (
        ("robot", RobotAction, "blsessionId", "startTimestamp", "endTimestamp"),
        ("edge", EnergyScan, "sessionId", "startTime", "endTime"),
        ("xrf", XFEFluorescenceSpectrum, "sessionId", "startTime", "endTime"),
        ("fault", BF_fault, "sessionId", "beamtimelost_starttime", "beamtimelost_endtime"),
    ):
        if scope.has(model):
            yield _of(scope, given, kind, model, key, start, end)
    centring = spans.centring(scope, given)
    short = seconds_between(centring.c.start, centring.c.end) < LONGEST_SUMMED
    yield _of_spans("centring", centring).where(short)
    yield _of_spans("strategy", spans.strategy(scope, given))


def _sum(kind: str, session: Any, start: Any, end: Any) -> tuple[Any, ...]:
    seconds = func.sum(positive(start, end))
    return literal_column(f"'{kind}'").label("kind"), session.label("session"), seconds.label("seconds")


def _of(
    scope: Scope, given: frozenset[str], kind: str, model: Any, key: str, start: str, end: str
) -> Select[Any]:
    session = getattr(model, key)
    found = select(*_sum(kind, session, getattr(model, start), getattr(model, end)))
    found = found.where(session.in_(sessions(scope, given)), scope.given(BLSession).sees(model))
    if model is BF_fault:
        found = found.where(BF_fault.beamtimelost == 1)
    return found.group_by(session)


def _of_spans(kind: str, span: Any) -> Select[Any]:
    return select(*_sum(kind, span.c.session, span.c.start, span.c.end)).group_by(span.c.session)


async def of_sessions(reader: Reader, extent: Extent) -> list[Session]:
    """The sessions that have data collections, the latest first. 1 statement."""
    rows = await reader.rows(_sessions(extent.given), **extent.values)
    return [Session(*row) for row in rows]


async def spent(reader: Reader, extent: Extent) -> dict[int, dict[str, int]]:
    """Seconds by kind, by session. 1 statement."""
    found: dict[int, dict[str, int]] = {}
    for kind, session, seconds in await reader.rows(_spent(extent.given), **extent.values):
        found.setdefault(session, {})[kind] = int(seconds or 0)
    return found
