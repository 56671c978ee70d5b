"""Spans that no row holds: centring and strategy. Each is defined here, for the history and for the sums."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, case, func, literal_column, select, union_all

from starbeam.db.functions import seconds_between
from starbeam.db.scope import Scope
from starbeam_ispyb.models import (
    BLSession,
    DataCollection,
    DataCollectionGroup,
    RobotAction,
    Screening,
)
from starbeam_stats.queries.extent import collections, sessions

LONGEST_PREPARATION = 1000
"""Seconds: who takes longer from mounting a sample to measuring it does something else meanwhile."""


def positive(start: Any, end: Any) -> ColumnElement[int]:
    """The seconds of a span; 0 for one that lacks a time, or that ends before it starts."""
    seconds = seconds_between(start, end)
    return case((seconds > 0, seconds), else_=0)


def centring(scope: Scope, given: frozenset[str]) -> Subquery:
    """From the end of each robot action to the next start of a data collection on the same sample in the
    same session: `session`, `start`, `end`.

    One pass over both in the order of time, backwards, remembering the start that was met last.
    """
    below = scope.given(BLSession)
    columns: Any = (
        RobotAction.blsessionId.label("session"),
        RobotAction.blsampleId.label("sample"),
        RobotAction.endTimestamp.label("time"),
        literal_column("1").label("mounting"),
    )
    mounted = select(*columns).where(
        RobotAction.blsessionId.in_(sessions(scope, given)), below.sees(RobotAction)
    )
    measured = collections(
        scope,
        given,
        DataCollectionGroup.sessionId,
        DataCollectionGroup.blSampleId,
        DataCollection.startTime,
        literal_column("0"),
    )
    events = union_all(
        mounted.where(RobotAction.blsampleId.is_not(None)),
        measured.where(DataCollectionGroup.blSampleId.is_not(None), DataCollection.startTime.is_not(None)),
    ).subquery("events")
    following = func.min(case((events.c.mounting == 0, events.c.time))).over(
        partition_by=(events.c.session, events.c.sample),
        order_by=(events.c.time.desc(), events.c.mounting),
        rows=(None, 0),
    )
    pairs = select(
        events.c.session, events.c.time.label("start"), following.label("end"), events.c.mounting
    ).subquery("pairs")
    found = select(pairs.c.session, pairs.c.start, pairs.c.end).where(
        pairs.c.mounting == 1, seconds_between(pairs.c.start, pairs.c.end) < LONGEST_PREPARATION
    )
    return found.subquery("centring")


def strategy(scope: Scope, given: frozenset[str]) -> Subquery:
    """From the end of each data collection that has a screening to the latest of these: `session`, `start`,
    `end`."""
    by_collection = Screening.dataCollectionId == DataCollection.dataCollectionId
    by_group = Screening.dataCollectionGroupId == DataCollection.dataCollectionGroupId
    screened = union_all(*(_screened(scope, given, link) for link in (by_collection, by_group))).subquery(
        "screened"
    )
    key = screened.c.collection, screened.c.session, screened.c.start
    found = select(
        screened.c.session, screened.c.start, func.max(screened.c.screening).label("end")
    ).group_by(*key)
    return found.subquery("strategy")


def _screened(scope: Scope, given: frozenset[str], link: ColumnElement[bool]) -> Select[Any]:
    columns = (
        DataCollection.dataCollectionId.label("collection"),
        DataCollectionGroup.sessionId.label("session"),
        DataCollection.endTime.label("start"),
        Screening.bltimeStamp.label("screening"),
    )
    visible = scope.given(BLSession).sees(Screening)
    return (
        collections(scope, given, *columns)
        .join(Screening, link)
        .where(DataCollection.endTime.is_not(None), visible)
    )
