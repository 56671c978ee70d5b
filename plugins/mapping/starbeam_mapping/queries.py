"""Maps and regions of interest: SQL."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import ColumnElement, Select, bindparam, case, func, or_, select
from sqlalchemy.orm import aliased

from starbeam.api import NotHeld
from starbeam.api.database import Reader, Rows, Scope, Shape, digest, joined, statement
from starbeam.api.lists import Filters, List, Where, query_id
from starbeam_ispyb.models import BLSession, DataCollection, DataCollectionGroup, GridInfo
from starbeam_ispyb.queries import goes_on
from starbeam_ispyb.snapshots import PLACED, Placed
from starbeam_mapping import schemas
from starbeam_mapping.image import MOST_BYTES, Stored
from starbeam_mapping.models import XRFFluorescenceMapping, XRFFluorescenceMappingROI

ABSENT = "This database does not hold the data of maps"

_ROI = Shape(schemas.MapROI, XRFFluorescenceMappingROI)
_GRID = Shape(
    schemas.MapGridInfo,
    GridInfo,
    snaked=func.coalesce(GridInfo.snaked, 0),
    orientation=func.coalesce(GridInfo.orientation, "horizontal"),
)
_MAP = Shape(
    schemas.Map,
    XRFFluorescenceMapping,
    GridInfo=_GRID,
    XRFFluorescenceMappingROI=_ROI,
    metadata=Shape(
        schemas.MapMetaData,
        DataCollection,
        blSampleId=DataCollectionGroup.blSampleId,
        url=joined(bindparam("folder"), XRFFluorescenceMapping.xrfFluorescenceMappingId),
    ),
)
_KEY = XRFFluorescenceMapping.xrfFluorescenceMappingId
_REGION = XRFFluorescenceMappingROI.xrfFluorescenceMappingROIId
_MEASURED = (
    GridInfo.__table__.join(
        DataCollection.__table__, DataCollection.dataCollectionId == GridInfo.dataCollectionId
    )
    .join(
        DataCollectionGroup.__table__,
        DataCollectionGroup.dataCollectionGroupId == DataCollection.dataCollectionGroupId,
    )
    .join(BLSession.__table__, BLSession.sessionId == DataCollectionGroup.sessionId)
)
"""Grids that something was measured on."""
_COMPLETE = XRFFluorescenceMapping.__table__.join(
    XRFFluorescenceMappingROI.__table__, XRFFluorescenceMapping.xrfFluorescenceMappingROIId == _REGION
).join(_MEASURED, GridInfo.gridInfoId == XRFFluorescenceMapping.gridInfoId)
"""Maps that have all that belongs to them."""


def has_maps(scope: Scope) -> bool:
    """Whether the database is of the flavour that holds map data."""
    return scope.has(
        XRFFluorescenceMapping.data, XRFFluorescenceMappingROI.blSampleId, GridInfo.dataCollectionId
    )


def require_maps(reader: Rows) -> None:
    """Raises NotHeld where the database is not of the flavour that holds map data."""
    if not has_maps(reader.scope):
        raise NotHeld(ABSENT)


Id = Annotated[int | None, query_id()]


def _one_of(name: str, *columns: Any) -> ColumnElement[bool]:
    """The value of the filter of this name is that of one of these columns."""
    return or_(*(column == bindparam(name) for column in columns))


class RegionFilters(Filters, frozen=True):
    """What `/mapping/rois` is asked for."""

    xrfFluorescenceMappingROIId: Annotated[Id, Where(_one_of("xrfFluorescenceMappingROIId", _REGION))] = None
    blSampleId: Annotated[Id, Where(_one_of("blSampleId", XRFFluorescenceMappingROI.blSampleId))] = None


REGIONS = List(_ROI, XRFFluorescenceMappingROI, RegionFilters)
"""The regions of samples. 2 statements a page."""


def _measured_on(name: str, *columns: Any) -> Where:
    """The filter of this name: what the map was measured on has the value in one of these columns."""
    grids = select(GridInfo.gridInfoId).select_from(_MEASURED)
    return Where(XRFFluorescenceMapping.gridInfoId.in_(grids.where(_one_of(name, *columns))))


class MapFilters(Filters, frozen=True):
    """What `/mapping` is asked for."""

    xrfFluorescenceMappingId: Annotated[Id, Where(_one_of("xrfFluorescenceMappingId", _KEY))] = None
    xrfFluorescenceMappingROIId: Annotated[
        Id, Where(_one_of("xrfFluorescenceMappingROIId", XRFFluorescenceMapping.xrfFluorescenceMappingROIId))
    ] = None
    dataCollectionId: Annotated[Id, _measured_on("dataCollectionId", DataCollection.dataCollectionId)] = None
    dataCollectionGroupId: Annotated[
        Id, _measured_on("dataCollectionGroupId", DataCollectionGroup.dataCollectionGroupId)
    ] = None
    blSampleId: Annotated[
        Id, _measured_on("blSampleId", DataCollectionGroup.blSampleId, DataCollection.blSampleId)
    ] = None
    blSubSampleId: Annotated[Id, _measured_on("blSubSampleId", DataCollection.blSubSampleId)] = None


class SessionMapFilters(MapFilters, frozen=True):
    """What the page of a session's maps is asked for."""

    sessionId: Annotated[Id, _measured_on("sessionId", DataCollectionGroup.sessionId)] = None


def _maps(filters: type[MapFilters]) -> List[schemas.Map]:
    return List(
        _MAP,
        XRFFluorescenceMapping,
        filters,
        joins=_COMPLETE,
        listed=[
            XRFFluorescenceMapping.gridInfoId.in_(select(GridInfo.gridInfoId).select_from(_MEASURED)),
            XRFFluorescenceMapping.xrfFluorescenceMappingROIId.in_(select(_REGION)),
        ],
        missing="Map not found",
    )


MAPS = _maps(MapFilters)
"""Maps without their values. 2 statements a page. `folder`, below which they are served, is to be bound."""
MAPS_OF_SESSION = _maps(SessionMapFilters)
"""The same, for pages."""


_PLACED = Shape(Placed, GridInfo, **PLACED)


@statement
def _placed(scope: Scope) -> Select[Any]:
    one, of = GridInfo, DataCollection
    rows = select(one.gridInfoId, *_PLACED.columns(scope)).join(
        of, of.dataCollectionId == one.dataCollectionId
    )
    wanted = of.dataCollectionId == bindparam("collection"), scope.sees(of), scope.below(of).sees(one)
    return rows.where(*wanted).order_by(one.gridInfoId)


async def placed(reader: Reader, collection: int) -> dict[int, Placed]:
    """Where the grids of a data collection lie; none of one that the caller does not see. 1 statement."""
    rows = await reader.rows(_placed(), collection=collection)
    return {key: _PLACED.make(row) for key, *row in rows}


@statement
def _session_end(scope: Scope) -> Select[Any]:
    own = BLSession
    return select(own.endDate).where(own.sessionId == bindparam("session"), scope.sees(own))


async def session_end(reader: Reader, session: int) -> datetime | None:
    """When a session ends that the caller sees. 1 statement."""
    end: datetime | None = await reader.scalar(_session_end(), session=session)
    return end


def measured(scope: Scope, one: Any) -> ColumnElement[Any] | None:
    """What shows that maps of a data collection have other values while it runs and shortly after; None where
    there are no maps."""
    if not has_maps(scope):
        return None
    own, grid = aliased(XRFFluorescenceMapping), aliased(GridInfo)
    found = select(func.sum(_mark(own))).join(grid, grid.gridInfoId == own.gridInfoId)
    return case((goes_on(one), found.where(grid.dataCollectionId == one.dataCollectionId).scalar_subquery()))


def _mark(own: Any) -> ColumnElement[Any]:
    shown = own.points, own.min, own.max, own.opacity, own.colourMap, own.data
    return digest(own.xrfFluorescenceMappingId, *shown)


@statement
def _marks(scope: Scope) -> Select[Any]:
    own = XRFFluorescenceMapping
    rows: Select[Any] = select(_KEY, _mark(own))
    return rows.where(_KEY.in_(bindparam("maps", expanding=True)), scope.sees(own))


async def marks(reader: Reader, maps: Collection[schemas.Map]) -> dict[int, int]:
    """A number for each of these maps, another one when it has other values: pages ask for its picture by it,
    since browsers keep what they have under the same address. 1 statement."""
    keys = [one.xrfFluorescenceMappingId for one in maps]
    rows = await reader.rows(_marks(), maps=keys) if keys else []
    return {int(key): int(mark) for key, mark in rows}


@statement
def _counts(scope: Scope) -> Select[Any]:
    own: Any = GridInfo.dataCollectionId
    rows = select(own, func.count()).select_from(_COMPLETE)
    wanted = own.in_(bindparam("collections", expanding=True))
    return rows.where(wanted, scope.sees(XRFFluorescenceMapping)).group_by(own)


async def counts(reader: Reader, collections: Collection[int]) -> dict[int, int]:
    """How many maps there are of those of these data collections that have any. 1 statement."""
    return dict(map(tuple, await reader.rows(_counts(), collections=list(collections))))


@statement
def _stored(scope: Scope) -> Select[*tuple[Any, ...]]:
    own = XRFFluorescenceMapping
    data = case((func.length(own.data) <= MOST_BYTES, own.data))  # no more than that is ever loaded
    columns = data, own.dataFormat, own.colourMap, own.min, own.max
    grid = GridInfo.steps_x, GridInfo.steps_y, GridInfo.orientation, GridInfo.snaked
    seen = scope.sees(own)
    return select(*columns, *grid).select_from(_COMPLETE).where(bindparam("map") == _KEY, seen)


async def stored(reader: Reader, key: int) -> Stored:
    """The map of this key. Raises Missing where the caller sees none, NotHeld where the database holds none.
    1 statement."""
    require_maps(reader)
    row = await reader.first(_stored(), MAPS.missing, map=key)
    data, kind, colours, lowest, highest, nx, ny, orientation, snaked = row
    return Stored(
        data=data.encode() if isinstance(data, str) else data,  # SQLite keeps what it is given
        format=kind,
        nx=max(int(nx or 0), 0),
        ny=max(int(ny or 0), 0),
        vertical=(orientation or "").lower() == "vertical",
        snaked=bool(snaked),
        colours=colours,
        lowest=lowest,
        highest=highest,
    )
