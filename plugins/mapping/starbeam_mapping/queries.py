"""Maps and regions of interest: SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, case, func, or_, select

from starbeam.db.lists import Listing
from starbeam.db.reader import Reader
from starbeam.db.scope import Scope, statement
from starbeam.db.shape import Shape
from starbeam.paging import Page, Paged
from starbeam_ispyb.models import BLSession, DataCollection, DataCollectionGroup, GridInfo
from starbeam_mapping import schemas
from starbeam_mapping.image import MOST_BYTES, Stored
from starbeam_mapping.models import XRFFluorescenceMapping, XRFFluorescenceMappingROI

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
        later={"url"},
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


@statement
def _regions(scope: Scope, filtered: tuple[str, ...]) -> Listing[schemas.MapROI]:
    where = [getattr(XRFFluorescenceMappingROI, name) == bindparam(name) for name in filtered]
    where.append(scope.sees(XRFFluorescenceMappingROI))
    return Listing(scope, _ROI, XRFFluorescenceMappingROI, where=where, order_by=[_REGION])


async def regions(reader: Reader, page: Page, **filters: int | None) -> Paged[schemas.MapROI]:
    """A page of the regions of samples that the caller sees, by columns of the region. 2 statements."""
    given = _given(filters)
    return await reader.page(_regions(reader.scope, tuple(given)), page, **given)


_COLUMNS: dict[str, list[Any]] = {
    "dataCollectionId": [DataCollection.dataCollectionId],
    "dataCollectionGroupId": [DataCollectionGroup.dataCollectionGroupId],
    "blSampleId": [DataCollectionGroup.blSampleId, DataCollection.blSampleId],
    "blSubSampleId": [DataCollection.blSubSampleId],
}
"""What filters compare of what a map was measured on: one of these."""


@statement
def _maps(scope: Scope, filtered: tuple[str, ...]) -> Listing[schemas.Map]:
    matching = [
        or_(*(column == bindparam(name) for column in _COLUMNS[name]))
        for name in filtered
        if name in _COLUMNS
    ]
    grids = select(GridInfo.gridInfoId).select_from(_MEASURED).where(*matching)
    where = [
        scope.sees(XRFFluorescenceMapping),
        XRFFluorescenceMapping.gridInfoId.in_(grids),
        XRFFluorescenceMapping.xrfFluorescenceMappingROIId.in_(select(_REGION)),
    ]
    if _KEY.key in filtered:
        where.append(bindparam(_KEY.key) == _KEY)
    return Listing(scope, _MAP, XRFFluorescenceMapping, where=where, order_by=[_KEY], joins=_COMPLETE)


async def maps(reader: Reader, api_root: str, page: Page, **filters: int | None) -> Paged[schemas.Map]:
    """A page of the maps that the caller sees, without their values. 2 statements."""
    given = _given(filters)
    found = await reader.page(_maps(reader.scope, tuple(given)), page, **given)
    for one in found.results:
        one.metadata.url = f"{api_root}/mapping/{one.xrfFluorescenceMappingId}"
    return found


def _given(filters: dict[str, int | None]) -> dict[str, int]:
    return {name: value for name, value in filters.items() if value is not None}


@statement
def _stored(scope: Scope) -> Select[*tuple[Any, ...]]:
    own = XRFFluorescenceMapping
    data = case((func.length(own.data) <= MOST_BYTES, own.data))  # no more than that is ever loaded
    columns = data, own.dataFormat, own.colourMap, own.min, own.max
    grid = GridInfo.steps_x, GridInfo.steps_y, GridInfo.orientation, GridInfo.snaked
    seen = scope.sees(own)
    return select(*columns, *grid).select_from(_COMPLETE).where(bindparam("map") == _KEY, seen)


async def stored(reader: Reader, key: int) -> Stored | None:
    """The map of this key, if the caller sees it. 1 statement."""
    rows = await reader.rows(_stored(reader.scope), map=key)
    if not rows:
        return None
    data, kind, colours, lowest, highest, nx, ny, orientation, snaked = rows[0]
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
