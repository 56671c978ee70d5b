"""Spans of time: those that rows hold, and those that lie between them, centring and strategy."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    case,
    func,
    literal,
    literal_column,
    select,
    union_all,
)

from starbeam.api.database import Rows, Scope, seconds_between, statement
from starbeam_ispyb.models import (
    BLSession,
    DataCollection,
    DataCollectionGroup,
    EnergyScan,
    RobotAction,
    Screening,
    XFEFluorescenceSpectrum,
)
from starbeam_stats.models import BF_fault
from starbeam_stats.queries.extent import Extent, collections, sessions

LONGEST_PREPARATION = 1000
"""Seconds: who takes longer from mounting a sample to measuring it does something else meanwhile."""
EPOCH = datetime(2000, 1, 1)
Span = tuple[int | None, int | None]
"""From when to when, in seconds since `EPOCH`."""


class Sum(NamedTuple):
    """What the spans of one kind in one session come to."""

    kind: str
    session: int
    number: int
    first: int | None
    """The first start, in seconds since `EPOCH`."""
    last: int | None
    """The last end."""
    seconds: int
    """Without spans that lack a time or end before they start."""


def since_epoch(time: Any) -> ColumnElement[int]:
    """Seconds since `EPOCH`: numbers are faster to read, sort and sum than times."""
    return seconds_between(literal_column(f"'{EPOCH}'"), time)


def as_time(seconds: int) -> datetime:
    """The time at so many seconds since `EPOCH`."""
    return EPOCH + timedelta(seconds=seconds)


async def sums(reader: Rows, extent: Extent, kinds: tuple[str, ...]) -> list[Sum]:
    """What the spans of these kinds come to, by session. 1 statement."""
    rows = await reader.rows(_sums(extent.given, kinds), **extent.values)
    return [Sum(*row)._replace(seconds=int(row[-1])) for row in rows]  # MariaDB sums numbers to decimals


@statement
def _sums(scope: Scope, given: frozenset[str], kinds: tuple[str, ...]) -> CompoundSelect[Any]:
    spans = [(kind, _span(scope, given, kind)) for kind in kinds]
    return union_all(*(_sum(kind, found) for kind, found in spans if found is not None))


def _sum(kind: str, found: Select[Any]) -> Select[Any]:
    span = found.subquery(f"{kind}_spans").c
    length = case((span.end > span.start, span.end - span.start), else_=0)
    times = func.min(span.start), func.max(span.end), func.sum(length)
    return select(literal(kind), span.session, func.count(), *times).group_by(span.session)


async def strategy(reader: Rows, extent: Extent) -> list[Span]:
    """From the end of each data collection that has a screening to the latest of these. 1 statement."""
    return [(start, end) for _, start, end in await reader.rows(_strategies(extent.given), **extent.values)]


@statement
def _strategies(scope: Scope, given: frozenset[str]) -> Select[Any]:
    return _strategy(scope, given)


def _span(scope: Scope, given: frozenset[str], kind: str) -> Select[Any] | None:
    """The spans of one kind; None where the database has no table of them."""
    if kind == "datacollection":
        times = DataCollection.startTime, DataCollection.endTime
        return collections(scope, given, *_columns(DataCollectionGroup.sessionId, *times))
    if kind == "strategy":
        return _strategy(scope, given)
    session, start, end, *lost = _EVENTS[kind]
    if not scope.has(session.class_):
        return None
    visible = session.in_(sessions(scope, given)), scope.below(BLSession).sees(session.class_)
    return select(*_columns(session, start, end)).where(*visible, *lost)


_EVENTS: dict[str, tuple[Any, ...]] = {
    "robot": (RobotAction.blsessionId, RobotAction.startTimestamp, RobotAction.endTimestamp),
    "edge": (EnergyScan.sessionId, EnergyScan.startTime, EnergyScan.endTime),
    "xrf": (
        XFEFluorescenceSpectrum.sessionId,
        *(XFEFluorescenceSpectrum.startTime, XFEFluorescenceSpectrum.endTime),
    ),
    "fault": (
        *(BF_fault.sessionId, BF_fault.beamtimelost_starttime, BF_fault.beamtimelost_endtime),
        BF_fault.beamtimelost == 1,
    ),
}
"""Where events come from: session, start and end, and a condition."""


def _columns(session: Any, start: Any, end: Any) -> tuple[Any, ...]:
    return session.label("session"), since_epoch(start).label("start"), since_epoch(end).label("end")


def _strategy(scope: Scope, given: frozenset[str]) -> Select[Any]:
    """From the end of each data collection that has a screening to the latest of these."""
    by_collection = Screening.dataCollectionId == DataCollection.dataCollectionId
    by_group = Screening.dataCollectionGroupId == DataCollection.dataCollectionGroupId
    links = by_collection, by_group
    screened = union_all(*(_screened(scope, given, link) for link in links)).subquery("screened").c
    ends = select(screened.session, screened.start, func.max(screened.screening).label("end"))
    found = ends.group_by(screened.collection, screened.session, screened.start).subquery("strategy").c
    return select(*_columns(found.session, found.start, found.end))


def _screened(scope: Scope, given: frozenset[str], link: ColumnElement[bool]) -> Select[Any]:
    columns = (
        DataCollection.dataCollectionId.label("collection"),
        DataCollectionGroup.sessionId.label("session"),
        DataCollection.endTime.label("start"),
        Screening.bltimeStamp.label("screening"),
    )
    visible = scope.below(BLSession).sees(Screening)
    return (
        collections(scope, given, *columns)
        .join(Screening, link)
        .where(DataCollection.endTime.is_not(None), visible)
    )


async def centring(reader: Rows, extent: Extent) -> list[tuple[int, int, int]]:
    """From the end of each robot action to the next start of a data collection on the same sample in the
    same session: session, start, end. 1 statement, 2 where robots mounted samples that are known."""
    mounted = await reader.rows(_mounted(extent.given), **extent.values)
    if not mounted:
        return []
    measured = await reader.rows(_measured(extent.given), **extent.values)
    return await asyncio.to_thread(_prepared, mounted, measured)


@statement
def _mounted(scope: Scope, given: frozenset[str]) -> Select[Any]:
    known = RobotAction.blsampleId.is_not(None), RobotAction.endTimestamp.is_not(None)
    visible = RobotAction.blsessionId.in_(sessions(scope, given)), scope.below(BLSession).sees(RobotAction)
    of = RobotAction.blsessionId, RobotAction.blsampleId
    columns: Any = *of, since_epoch(RobotAction.endTimestamp)
    return select(*columns).where(*visible, *known)


@statement
def _measured(scope: Scope, given: frozenset[str]) -> Select[Any]:
    of = DataCollectionGroup.sessionId, DataCollectionGroup.blSampleId
    known = DataCollectionGroup.blSampleId.is_not(None), DataCollection.startTime.is_not(None)
    return collections(scope, given, *of, since_epoch(DataCollection.startTime)).where(*known)


def _prepared(mounted: Sequence[Any], measured: Sequence[Any]) -> list[tuple[int, int, int]]:
    """What lies between robot actions and data collections, both given as session, sample, time. Blocks: for
    threads.

    Here and not in SQL, where a window over both costs more than all that is read.
    """
    starts = defaultdict[tuple[int, int], list[int]](list)
    for session, sample, start in measured:
        starts[session, sample].append(start)
    for times in starts.values():
        times.sort()
    found = []
    for session, sample, end in mounted:
        following = starts.get((session, sample), [])
        place = bisect_left(following, end)
        if place < len(following) and following[place] - end < LONGEST_PREPARATION:
            found.append((session, end, following[place]))
    return found
