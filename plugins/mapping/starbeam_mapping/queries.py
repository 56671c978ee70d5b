"""Maps and regions of interest: SQL."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select

from starbeam.db.reader import Listing, Reader, Scope, statement
from starbeam.db.shape import Shape
from starbeam.http.paging import Page, Paged
from starbeam_ispyb.models import BLSession, DataCollection, DataCollectionGroup, GridInfo
from starbeam_mapping import schemas
from starbeam_mapping.image import Stored
from starbeam_mapping.models import XRFFluorescenceMapping, XRFFluorescenceMappingROI


class Filters(Struct, frozen=True):
    """What maps are filtered by."""

    xrfFluorescenceMappingId: int | None = None
    dataCollectionId: int | None = None
    dataCollectionGroupId: int | None = None
    blSampleId: int | None = None
    blSubSampleId: int | None = None


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
_MAP_ID = XRFFluorescenceMapping.xrfFluorescenceMappingId
_WITH_GRID = (
    XRFFluorescenceMapping.__table__.join(
        XRFFluorescenceMappingROI.__table__,
        XRFFluorescenceMappingROI.xrfFluorescenceMappingROIId
        == XRFFluorescenceMapping.xrfFluorescenceMappingROIId,
    )
    .join(GridInfo.__table__, GridInfo.gridInfoId == XRFFluorescenceMapping.gridInfoId)
    .join(DataCollection.__table__, DataCollection.dataCollectionId == GridInfo.dataCollectionId)
    .join(
        DataCollectionGroup.__table__,
        DataCollectionGroup.dataCollectionGroupId == DataCollection.dataCollectionGroupId,
    )
    .join(BLSession.__table__, BLSession.sessionId == DataCollectionGroup.sessionId)
)


def has_maps(scope: Scope) -> bool:
    """Whether the database is of the flavour that holds map data."""
    return scope.has(
        XRFFluorescenceMapping.data, XRFFluorescenceMappingROI.blSampleId, GridInfo.dataCollectionId
    )


@statement
def _regions(scope: Scope, filtered: tuple[str, ...]) -> Listing[schemas.MapROI]:
    where = [getattr(XRFFluorescenceMappingROI, name) == bindparam(name) for name in filtered]
    key = XRFFluorescenceMappingROI.xrfFluorescenceMappingROIId
    seen = scope.sees(XRFFluorescenceMappingROI)
    return Listing(scope, _ROI, XRFFluorescenceMappingROI, where=[seen, *where], order_by=[key])


async def regions(reader: Reader, page: Page, **filters: int | None) -> Paged[schemas.MapROI]:
    """A page of the regions of samples that the caller sees. 2 statements."""
    given = {name: value for name, value in filters.items() if value is not None}
    return await reader.page(_regions(reader.scope, tuple(given)), page, **given)


def _complete(filtered: tuple[str, ...] = ()) -> ColumnElement[bool]:
    """The map has its region, grid, data collection, group and session, which match the filters."""
    columns: dict[str, Any] = {
        "dataCollectionId": DataCollection.dataCollectionId,
        "dataCollectionGroupId": DataCollectionGroup.dataCollectionGroupId,
        "blSubSampleId": DataCollection.blSubSampleId,
    }
    where = [columns[name] == bindparam(name) for name in filtered if name in columns]
    if "blSampleId" in filtered:
        sample: Any = bindparam("blSampleId")
        where.append(or_(DataCollectionGroup.blSampleId == sample, sample == DataCollection.blSampleId))
    return _MAP_ID.in_(select(_MAP_ID).select_from(_WITH_GRID).where(*where).correlate(None))


@statement
def _maps(scope: Scope, filtered: tuple[str, ...]) -> Listing[schemas.Map]:
    where = [scope.sees(XRFFluorescenceMapping), _complete(filtered)]
    if "xrfFluorescenceMappingId" in filtered:
        where.append(bindparam("xrfFluorescenceMappingId") == _MAP_ID)
    return Listing(scope, _MAP, XRFFluorescenceMapping, where=where, order_by=[_MAP_ID], joins=_WITH_GRID)


async def maps(reader: Reader, api_root: str, page: Page, filters: Filters) -> Paged[schemas.Map]:
    """A page of the maps that the caller sees, without their values. 2 statements."""
    given = {
        name: getattr(filters, name)
        for name in filters.__struct_fields__
        if getattr(filters, name) is not None
    }
    found = await reader.page(_maps(reader.scope, tuple(given)), page, **given)
    for one in found.results:
        one.metadata.url = f"{api_root}/mapping/{one.xrfFluorescenceMappingId}"
    return found


@statement
def _stored(scope: Scope) -> Select[*tuple[Any, ...]]:
    own = XRFFluorescenceMapping
    columns = own.data, own.dataFormat, own.colourMap, own.min, own.max
    grid = GridInfo.steps_x, GridInfo.steps_y, GridInfo.orientation, GridInfo.snaked
    seen = scope.sees(own)
    return select(*columns, *grid).select_from(_WITH_GRID).where(bindparam("map") == _MAP_ID, seen)


async def stored(reader: Reader, key: int) -> Stored | None:
    """The map of this key, if the caller sees it. 1 statement."""
    rows = await reader.rows(_stored(reader.scope), map=key)
    if not rows:
        return None
    data, kind, colours, lowest, highest, nx, ny, orientation, snaked = rows[0]
    return Stored(
        data=data or b"",
        format=kind or "",
        nx=max(int(nx or 0), 0),
        ny=max(int(ny or 0), 0),
        vertical=orientation == "vertical",
        snaked=bool(snaked),
        colours=colours,
        lowest=lowest,
        highest=highest,
    )
