"""What a session comes to: its data collections, samples, and beam."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    select,
    union,
)

from starbeam.api.database import Reader, Scope, contains, seconds_between, statement
from starbeam_events.sources.tables import SUCCESS
from starbeam_ispyb.models import (
    BLSample,
    BLSession,
    Container,
    DataCollection,
    DataCollectionGroup,
    RobotAction,
)

_SESSION: Any = bindparam("session")


class Figures(msgspec.Struct):
    """Numbers of a session."""

    collections: int
    failed: int
    """Those of them that have a status which says no success."""
    seconds: int
    """Of beam: the sum over those that have both times."""
    samples: int
    """That were mounted or measured."""
    in_changer: int
    """Samples in the changer of its beamline, at present."""


@statement
def _figures(scope: Scope) -> Select[Any]:
    below = scope.below(BLSession)
    one, group = DataCollection, DataCollectionGroup
    failed = and_(one.runStatus.is_not(None), ~contains(one.runStatus, SUCCESS))
    lasted = seconds_between(one.startTime, one.endTime)
    columns = (
        func.count(),
        func.coalesce(func.sum(case((failed, 1), else_=0)), 0),
        func.coalesce(func.sum(case((lasted > 0, lasted), else_=0)), 0),
        _samples(scope).label("samples"),
        _in_changer(scope).label("in_changer"),
    )
    found = (
        select(*columns)
        .select_from(one)
        .join(group, group.dataCollectionGroupId == one.dataCollectionGroupId)
    )
    return found.where(group.sessionId == _SESSION, below.sees(one))


def _samples(scope: Scope) -> ColumnElement[int]:
    below, group, action = scope.below(BLSession), DataCollectionGroup, RobotAction
    parts = [select(group.blSampleId.label("id")).where(group.sessionId == _SESSION, below.sees(group))]
    if scope.has(action):
        parts.append(select(action.blsampleId).where(action.blsessionId == _SESSION, below.sees(action)))
    seen = union(*parts).subquery("seen").c
    return select(func.count(seen.id)).scalar_subquery()


def _in_changer(scope: Scope) -> ColumnElement[int]:
    if not scope.has(Container.beamlineLocation, Container.sampleChangerLocation):
        return literal_column("0", Integer())
    place = Container.sampleChangerLocation
    found = (
        select(func.count())
        .select_from(BLSample)
        .join(Container, Container.containerId == BLSample.containerId)
    )
    found = found.join(BLSession, BLSession.beamLineName == Container.beamlineLocation)
    return found.where(
        BLSession.sessionId == _SESSION, place.is_not(None), place != "", scope.sees(BLSample)
    ).scalar_subquery()


async def figures(reader: Reader, session: int) -> Figures:
    """Of a session that the caller sees. 1 statement."""
    (row,) = await reader.rows(_figures(), session=session)
    return Figures(*map(int, row))
