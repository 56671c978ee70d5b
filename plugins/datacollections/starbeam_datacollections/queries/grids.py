"""The grids of grid scans, and what quick looks at their images found, of several data collections: SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, bindparam, or_, select

from starbeam.api.database import Reader, Scope, Shape, statement
from starbeam_datacollections.grids import Grid, Look
from starbeam_datacollections.models import ImageQualityIndicators
from starbeam_ispyb.models import DataCollection, GridInfo
from starbeam_ispyb.snapshots import PLACED

_COLLECTIONS: Any = bindparam("collections", expanding=True)
_GRID = Shape(Grid, GridInfo, **PLACED)


@statement
def _grids(scope: Scope) -> Select[Any]:
    one, of = GridInfo, DataCollection
    hangs = one.dataCollectionGroupId == of.dataCollectionGroupId
    if scope.has(one.dataCollectionId):
        hangs = or_(one.dataCollectionId == of.dataCollectionId, hangs & one.dataCollectionId.is_(None))
    rows = select(of.dataCollectionId, *_GRID.columns(scope)).join(one, hangs)
    seen = scope.sees(of), scope.below(of).sees(one)
    return rows.where(of.dataCollectionId.in_(_COLLECTIONS), *seen).order_by(one.gridInfoId.desc())


@statement
def _looks(scope: Scope) -> Select[Any]:
    one = ImageQualityIndicators
    values: Any = (one.imageNumber, one.goodBraggCandidates, one.method2Res, one.totalIntegratedSignal)
    wanted = one.dataCollectionId.in_(_COLLECTIONS), scope.sees(one)
    found: Select[Any] = select(one.dataCollectionId, *values)
    return found.where(*wanted)


async def grids(reader: Reader, collections: Collection[int]) -> dict[int, Grid]:
    """The first grid of each of these data collections that has one. 1 statement."""
    rows = await reader.rows(_grids(), collections=list(collections))
    return {key: _GRID.make(row) for key, *row in rows}


async def looks(reader: Reader, collections: Collection[int]) -> dict[int, list[Look]]:
    """What was found on the images of these data collections. 1 statement; none where the database lacks the
    table."""
    found: dict[int, list[Look]] = defaultdict(list)
    if collections and reader.scope.has(ImageQualityIndicators):
        for key, *values in await reader.rows(_looks(), collections=list(collections)):
            found[key].append(Look(*values))
    return found
