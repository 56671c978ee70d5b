"""The grids that data collections were taken on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, or_, select

from starbeam.api.database import Reader, Scope, Shape, statement
from starbeam_events import schemas
from starbeam_events.sources.base import Query
from starbeam_ispyb.models import DataCollection, DataCollectionGroup, GridInfo


def _pixels(*columns: Any) -> Any:
    """The first of these columns that has a value."""
    return lambda scope: func.coalesce(*(scope.column(column) for column in columns), None)


_GRID = Shape(
    schemas.GridInfo,
    GridInfo,
    pixelsPerMicronX=_pixels(GridInfo.pixelspermicronX, GridInfo.micronsPerPixelX),
    pixelsPerMicronY=_pixels(GridInfo.pixelspermicronY, GridInfo.micronsPerPixelY),
)


@statement
def _grids(scope: Scope) -> Query:
    """Grids of some groups and data collections, with the keys of both."""
    collection = scope.column(GridInfo.dataCollectionId)
    wanted: ColumnElement[bool] = GridInfo.dataCollectionGroupId.in_(bindparam("groups", expanding=True))
    if scope.has(GridInfo.dataCollectionId):
        wanted = or_(wanted, collection.in_(bindparam("collections", expanding=True)))
    seen = scope.below(DataCollection, DataCollectionGroup).sees(GridInfo)
    rows = select(*_GRID.columns(scope), GridInfo.dataCollectionGroupId, collection).where(wanted, seen)
    return rows.order_by(GridInfo.gridInfoId)


async def add_grids(reader: Reader, items: Sequence[schemas.DataCollection]) -> None:
    """Fill in the grids: those of the group, and those of the data collection itself."""
    groups = [item.DataCollectionGroup.dataCollectionGroupId for item in items]
    ids = [item.dataCollectionId for item in items]
    rows = await reader.rows(_grids(), groups=groups, collections=ids) if items else []
    for item in items:
        near = (item.DataCollectionGroup.dataCollectionGroupId, item.dataCollectionId)
        item.GridInfo = [_GRID.make(row) for row in rows if row[-2] == near[0] or row[-1] == near[1]]
