"""Numbers of data collections: by outcome, by hour, by energy. What a GROUP BY can count, it counts.

What is no column as it is stored is one of a subquery first: in some SQL modes MariaDB does not know an
expression again (1055).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Select,
    and_,
    case,
    extract,
    func,
    literal,
    literal_column,
    not_,
    select,
    union_all,
)

from starbeam.api.database import Reader, Rows, Scope, containing, contains, statement, whole
from starbeam_ispyb.models import (
    BLSession,
    DataCollection,
    DataCollectionFileAttachment,
    DataCollectionGroup,
    RobotAction,
)
from starbeam_stats.energy import HC
from starbeam_stats.queries.extent import Extent, collections, sessions

LOWEST, WIDTH, BINS = 1000, 200, 120
"""The bins of photon energies, in eV."""

UNSUCCESSFUL = not_(contains(DataCollection.runStatus, containing("success")))
_ABORTED = and_(UNSUCCESSFUL, contains(DataCollection.runStatus, containing("aborted")))
_FAILED = and_(UNSUCCESSFUL, not_(contains(DataCollection.runStatus, containing("aborted"))))
_TYPE = func.coalesce(DataCollectionGroup.experimentType, "")


@statement
def _outcomes(scope: Scope, given: frozenset[str]) -> Select[Any]:
    failed, aborted = (case((condition, 1), else_=0) for condition in (_FAILED, _ABORTED))
    columns = _TYPE.label("type"), failed.label("failed"), aborted.label("aborted")
    each = collections(scope, given, *columns).subquery().c
    return select(each.type, func.count(), func.sum(each.failed), func.sum(each.aborted)).group_by(each.type)


@statement
def _logs(scope: Scope, given: frozenset[str]) -> Select[Any]:
    """Type, data collection and path: of several files of one data collection the newest first."""
    file = DataCollectionFileAttachment
    columns = _TYPE, DataCollection.dataCollectionId, file.fileFullPath
    found = collections(scope, given, *columns).join(
        file, file.dataCollectionId == DataCollection.dataCollectionId
    )
    of_errors = file.fileType == "log", contains(file.fileFullPath, containing("err"))
    visible = scope.below(BLSession).sees(file)
    order = DataCollection.dataCollectionId, file.dataCollectionFileAttachmentId.desc()
    return found.where(_FAILED, *of_errors, visible).order_by(*order)


@statement
def _hours(scope: Scope, given: frozenset[str]) -> CompoundSelect[Any]:
    """Kind, hour of the day, number, and in how many calendar hours."""
    started = collections(scope, given, *_bucket(DataCollection.startTime))
    loaded = select(*_bucket(RobotAction.startTimestamp)).where(
        RobotAction.blsessionId.in_(sessions(scope, given)),
        scope.below(BLSession).sees(RobotAction),
        RobotAction.actionType == "LOAD",
    )
    return union_all(
        _by_hour("datacollections", started),
        _by_hour("loaded", loaded),
    )


def _bucket(time: Any) -> tuple[Any, ...]:
    return func.date(time).label("day"), extract("hour", time).label("hour"), literal(1).label("one")


def _by_hour(kind: str, events: Select[Any]) -> Select[Any]:
    each = events.subquery()
    counted = select(each.c.day, each.c.hour, func.count().label("number"))
    hours = counted.group_by(each.c.day, each.c.hour).subquery()
    columns: Any = (
        literal_column(f"'{kind}'").label("kind"),
        hours.c.hour,
        func.sum(hours.c.number),
        func.count(),
    )
    return select(*columns).select_from(hours).where(hours.c.hour.is_not(None)).group_by(hours.c.hour)


@statement
def _energies(scope: Scope, given: frozenset[str]) -> Select[Any]:
    """Beamline, number of the bin, number of data collections."""
    energy = HC / DataCollection.wavelength
    place = whole((energy - LOWEST) / WIDTH)
    inside = DataCollection.wavelength > 0, energy >= LOWEST, energy < LOWEST + BINS * WIDTH
    found = collections(scope, given, BLSession.beamLineName.label("beamline"), place.label("place"))
    found = found.join(BLSession, BLSession.sessionId == DataCollectionGroup.sessionId).where(*inside)
    each = found.subquery().c
    key = each.beamline, each.place
    return select(*key, func.count()).group_by(*key).order_by(*key)


async def outcomes(reader: Reader, extent: Extent) -> list[tuple[str, int, int, int]]:
    """Experiment type, number of data collections, of failed and of aborted ones. 1 statement."""
    rows = await reader.rows(_outcomes(extent.given), **extent.values)
    return [(kind, total, int(failed), int(aborted)) for kind, total, failed, aborted in rows]


async def logs(reader: Reader, extent: Extent) -> list[tuple[str, int, str]]:
    """Experiment type, data collection and path of the error logs of failed ones. 1 statement."""
    rows = await reader.rows(_logs(extent.given), **extent.values)
    return [(kind, collection, path) for kind, collection, path in rows]


async def hours(reader: Rows, extent: Extent) -> list[tuple[str, int, int, int]]:
    """Kind, hour of the day, number, and in how many calendar hours. 1 statement."""
    rows = await reader.rows(_hours(extent.given), **extent.values)
    return [(kind, int(hour), int(number), count) for kind, hour, number, count in rows]


async def energies(reader: Rows, extent: Extent) -> list[tuple[str | None, int, int]]:
    """Beamline, number of the bin, and of data collections in it. 1 statement."""
    rows = await reader.rows(_energies(extent.given), **extent.values)
    return [(beamline, place, count) for beamline, place, count in rows]
