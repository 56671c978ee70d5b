"""What happened, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Select, literal, select

from starbeam.api.database import Reader, Scope, Shape, statement
from starbeam_ispyb.models import (
    BLSample,
    BLSession,
    Crystal,
    DataCollection,
    DataCollectionGroup,
    EnergyScan,
    Proposal,
    Protein,
    RobotAction,
    XFEFluorescenceSpectrum,
)
from starbeam_ispyb.names import session_name
from starbeam_stats import schemas
from starbeam_stats.models import BF_fault
from starbeam_stats.queries import spans
from starbeam_stats.queries.counts import UNSUCCESSFUL
from starbeam_stats.queries.extent import Extent, collections, sessions, where

PLOTTED = ("beamSizeAtSampleX", "beamSizeAtSampleY", "chiStart", "phiStart", "kappaStart")
"""The columns of data collections that are plotted as they are."""

_OTHERS = {"protein", "sample", "subType", "status", "title", "session", "sessionId"}


def _point(kind: str, start: Any, end: Any, **fields: Any) -> Shape[schemas.BreakdownPoint]:
    later = _OTHERS - fields.keys()
    times = {"eventType": literal(kind), "startTime": start, "endTime": end}
    return Shape(schemas.BreakdownPoint, later=later, **times, **fields)


_WHAT = {"sample": BLSample.name, "protein": Protein.name}
_COLLECTION = _point(
    "dc",
    DataCollection.startTime,
    DataCollection.endTime,
    subType=DataCollectionGroup.experimentType,
    status=DataCollection.runStatus,
    **_WHAT,
)
_ROBOT = _point(
    "robot",
    RobotAction.startTimestamp,
    RobotAction.endTimestamp,
    subType=RobotAction.actionType,
    status=RobotAction.status,
    **_WHAT,
)
_EDGE = _point("edge", EnergyScan.startTime, EnergyScan.endTime, **_WHAT)
_XRF = _point("xrf", XFEFluorescenceSpectrum.startTime, XFEFluorescenceSpectrum.endTime, **_WHAT)
_FAULT = _point("fault", BF_fault.beamtimelost_starttime, BF_fault.beamtimelost_endtime, title=BF_fault.title)
_SESSION = _point(
    "session",
    BLSession.startDate,
    BLSession.endDate,
    title=Proposal.title,
    session=session_name(),
    sessionId=BLSession.sessionId,
)


def _with_sample(query: Select[Any], sample_id: Any) -> Select[Any]:
    """The same, with the sample and its protein, if there is one."""
    return (
        query.outerjoin(BLSample, BLSample.blSampleId == sample_id)
        .outerjoin(Crystal, Crystal.crystalId == BLSample.crystalId)
        .outerjoin(Protein, Protein.proteinId == Crystal.proteinId)
    )


@statement
def _collections(scope: Scope, given: frozenset[str]) -> Select[Any]:
    plotted = [DataCollection.wavelength, *(getattr(DataCollection, name) for name in PLOTTED)]
    more = DataCollection.dataCollectionId, UNSUCCESSFUL, *plotted
    found = collections(scope, given, *_COLLECTION.columns(scope), *more)
    both = DataCollection.startTime.is_not(None), DataCollection.endTime.is_not(None)
    order = DataCollection.startTime, DataCollection.dataCollectionId
    return _with_sample(found, DataCollectionGroup.blSampleId).where(*both).order_by(*order)


@statement
def _events(scope: Scope, given: frozenset[str], kind: str) -> Select[Any]:
    """Robot actions, energy scans, spectra: also those that lack a time, which count."""
    shape, model, session, sample, end, key = {
        "robot": (
            *(_ROBOT, RobotAction, RobotAction.blsessionId, RobotAction.blsampleId),
            *(RobotAction.endTimestamp, RobotAction.robotActionId),
        ),
        "edge": (
            *(_EDGE, EnergyScan, EnergyScan.sessionId, EnergyScan.blSampleId),
            *(EnergyScan.endTime, EnergyScan.energyScanId),
        ),
        "xrf": (
            *(_XRF, XFEFluorescenceSpectrum, XFEFluorescenceSpectrum.sessionId),
            *(XFEFluorescenceSpectrum.blSampleId, XFEFluorescenceSpectrum.endTime),
            XFEFluorescenceSpectrum.xfeFluorescenceSpectrumId,
        ),
    }[kind]
    found = _with_sample(select(*shape.columns(scope)).select_from(model), sample)
    visible = scope.below(BLSession).sees(model)
    return found.where(session.in_(sessions(scope, given)), visible).order_by(end, key)


@statement
def _faults(scope: Scope, given: frozenset[str]) -> Select[Any]:
    lost = BF_fault.beamtimelost == 1, BF_fault.sessionId.in_(sessions(scope, given))
    visible = scope.below(BLSession).sees(BF_fault)
    found = select(*_FAULT.columns(scope)).where(*lost, visible)
    return found.order_by(BF_fault.beamtimelost_endtime, BF_fault.faultId)


@statement
def _sessions(scope: Scope, given: frozenset[str]) -> Select[Any]:
    found = select(*_SESSION.columns(scope)).where(*where(scope, given), BLSession.scheduled == 1)
    joined = found.join(Proposal, Proposal.proposalId == BLSession.proposalId)
    return joined.order_by(BLSession.startDate, BLSession.sessionId)


class Measured:
    """The data collections with both times, how many of them failed, and what is plotted of each: the
    wavelength first."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self.points: list[schemas.BreakdownPoint] = []
        self.keys: list[int] = []
        self.failed = 0
        self.plotted: list[Sequence[float | None]] = []
        first = -1 - len(PLOTTED)
        for row in rows:
            point = _COLLECTION.make(row)
            if timed(point):
                self.points.append(point)
                self.keys.append(row[first - 2])
                self.failed += bool(row[first - 1])
                self.plotted.append(row[first:])


def timed(point: schemas.BreakdownPoint) -> bool:
    """Whether it has both times."""
    return point.startTime is not None and point.endTime is not None


async def measured(reader: Reader, extent: Extent) -> Measured:
    """The data collections. 1 statement."""
    return Measured(await reader.rows(_collections(extent.given), **extent.values))


async def events(reader: Reader, extent: Extent, kind: str) -> list[schemas.BreakdownPoint]:
    """All robot actions (`robot`), energy scans (`edge`) or spectra (`xrf`). 1 statement."""
    shape = {"robot": _ROBOT, "edge": _EDGE, "xrf": _XRF}[kind]
    return await reader.shaped(shape, _events(extent.given, kind), **extent.values)


async def others(reader: Reader, extent: Extent) -> list[schemas.BreakdownPoint]:
    """Spans of centring and strategy, of a session; faults; the scheduled sessions, of a run. At most 4
    statements."""
    scope, given, values = reader.scope, extent.given, extent.values
    found: list[schemas.BreakdownPoint] = []
    if extent.session is not None:
        centring = [(start, end) for _, start, end in await spans.centring(reader, extent)]
        found += _between("centring", centring)
        found += _between("strategy", await spans.strategy(reader, extent))
    if scope.has(BF_fault):
        found += await reader.shaped(_FAULT, _faults(given), **values)
    if extent.session is None:
        found += await reader.shaped(_SESSION, _sessions(given), **values)
    return [point for point in found if timed(point)]


def _between(kind: str, found: Iterable[spans.Span]) -> Iterator[schemas.BreakdownPoint]:
    """What lies between the rows, by start."""
    both = [(start, end) for start, end in found if start is not None and end is not None]
    for start, end in sorted(both):
        times = spans.as_time(start), spans.as_time(end)
        yield schemas.BreakdownPoint(kind, *times, *[None] * len(_OTHERS))
