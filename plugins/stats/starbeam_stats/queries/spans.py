"""Spans of time: those that rows hold, and those that lie between them, centring and strategy."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Integer, Select, func, literal_column, select, union_all

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
Span = tuple[str, int, int | None, int | None, int | None]
"""What happened, in which session, on which sample, from when to when, in seconds since `EPOCH`."""


def since_epoch(time: Any) -> ColumnElement[int]:
    """Seconds since `EPOCH`: numbers are faster to read, sort and sum than times."""
    return seconds_between(literal_column(f"'{EPOCH}'"), time)


def as_time(seconds: int) -> datetime:
    """The time at so many seconds since `EPOCH`."""
    return EPOCH + timedelta(seconds=seconds)


async def read(reader: Rows, extent: Extent, kinds: tuple[str, ...]) -> Sequence[Span]:
    """The spans of these kinds, in any order, the data collections in one walk. 1 statement."""
    rows: Sequence[Any] = await reader.rows(_spans(extent.given, kinds), **extent.values)
    return rows


@statement
def _spans(scope: Scope, given: frozenset[str], kinds: tuple[str, ...]) -> CompoundSelect[Any]:
    return union_all(*(part for kind in kinds if (part := _span(scope, given, kind)) is not None))


def _span(scope: Scope, given: frozenset[str], kind: str) -> Select[Any] | None:
    """The spans of one kind; None where the database has no table of them."""
    if kind == "datacollection":
        times = DataCollection.startTime, DataCollection.endTime
        named = DataCollectionGroup.sessionId, DataCollectionGroup.blSampleId
        return collections(scope, given, *_columns(kind, *named, *times))
    if kind == "strategy":
        return _strategy(scope, given)
    session, sample, start, end, *lost = _EVENTS[kind]
    if not scope.has(session.class_):
        return None
    visible = session.in_(sessions(scope, given)), scope.below(BLSession).sees(session.class_)
    return select(*_columns(kind, session, sample, start, end)).where(*visible, *lost)


_NONE: Any = literal_column("NULL", Integer())
_EVENTS: dict[str, tuple[Any, ...]] = {
    "robot": (
        *(RobotAction.blsessionId, RobotAction.blsampleId),
        *(RobotAction.startTimestamp, RobotAction.endTimestamp),
    ),
    "edge": (EnergyScan.sessionId, _NONE, EnergyScan.startTime, EnergyScan.endTime),
    "xrf": (
        *(XFEFluorescenceSpectrum.sessionId, _NONE),
        *(XFEFluorescenceSpectrum.startTime, XFEFluorescenceSpectrum.endTime),
    ),
    "fault": (
        *(BF_fault.sessionId, _NONE, BF_fault.beamtimelost_starttime, BF_fault.beamtimelost_endtime),
        BF_fault.beamtimelost == 1,
    ),
}
"""Where events come from: session, sample, start and end, and a condition."""


def _columns(kind: str, session: Any, sample: Any, start: Any, end: Any) -> tuple[Any, ...]:
    what: tuple[Any, ...] = (
        literal_column(f"'{kind}'").label("kind"),
        session.label("session"),
        sample.label("sample"),
    )
    return *what, since_epoch(start).label("start"), since_epoch(end).label("end")


def _strategy(scope: Scope, given: frozenset[str]) -> Select[Any]:
    """From the end of each data collection that has a screening to the latest of these."""
    by_collection = Screening.dataCollectionId == DataCollection.dataCollectionId
    by_group = Screening.dataCollectionGroupId == DataCollection.dataCollectionGroupId
    links = by_collection, by_group
    screened = union_all(*(_screened(scope, given, link) for link in links)).subquery("screened").c
    ends = select(screened.session, screened.start, func.max(screened.screening).label("end"))
    found = ends.group_by(screened.collection, screened.session, screened.start).subquery("strategy").c
    return select(*_columns("strategy", found.session, _NONE, found.start, found.end))


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


def centring(spans: Iterable[Span]) -> Iterator[tuple[int, int, int]]:
    """From the end of each robot action to the next start of a data collection on the same sample in the
    same session: session, start, end.

    Here and not in SQL, where a window over both costs more than all that is read.
    """
    starts = defaultdict[tuple[int, int], list[int]](list)
    mounted: list[tuple[int, int, int]] = []
    for kind, session, sample, start, end in spans:
        if kind == "datacollection" and sample is not None and start is not None:
            starts[session, sample].append(start)
        elif kind == "robot" and sample is not None and end is not None:
            mounted.append((session, sample, end))
    for found in starts.values():
        found.sort()
    for session, sample, end in mounted:
        following = starts.get((session, sample), [])
        place = bisect_left(following, end)
        if place < len(following) and following[place] - end < LONGEST_PREPARATION:
            yield session, end, following[place]
