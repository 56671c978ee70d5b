"""Quality indicators of images: SQL."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from sqlalchemy import bindparam, func, select

from starbeam.api.database import Reader, Scope, statement
from starbeam.api.lists import Asked, Filters, Page, Paged
from starbeam_datacollections import schemas
from starbeam_datacollections.models import ImageQualityIndicators
from starbeam_datacollections.queries.filters import CollectionId, GroupId, of_collection, of_group

_LISTS = (
    ImageQualityIndicators.imageNumber,
    ImageQualityIndicators.totalIntegratedSignal,
    ImageQualityIndicators.goodBraggCandidates,
    ImageQualityIndicators.method2Res,
)


class _Indicators(NamedTuple):
    rows: Any
    total: Any


_COLLECTION = ImageQualityIndicators.dataCollectionId


class QualityFilters(Filters, frozen=True):
    """What `/datacollections/quality` is asked for."""

    dataCollectionId: Annotated[CollectionId, of_collection(_COLLECTION)] = None
    dataCollectionGroupId: Annotated[GroupId, of_group(_COLLECTION)] = None


@statement
def _indicators(scope: Scope, asked: Asked) -> _Indicators:
    """A page's rows, and how many there are. They are narrow, so the page needs no join to its keys."""
    where = [scope.sees(ImageQualityIndicators), *QualityFilters.conditions(scope, asked)]
    order: list[Any] = [_COLLECTION, ImageQualityIndicators.imageNumber]
    if scope.has(ImageQualityIndicators.imageQualityIndicatorsId):
        order.append(ImageQualityIndicators.imageQualityIndicatorsId)
    rows: Any = select(*_LISTS).where(*where).order_by(*order)
    total: Any = select(func.count()).select_from(ImageQualityIndicators).where(*where)
    rows = rows.limit(bindparam("limit")).offset(bindparam("skip"))
    return _Indicators(scope.prepare(rows), scope.prepare(total))


async def page(reader: Reader, page: Page, filters: QualityFilters) -> Paged[schemas.PerImageAnalysis]:
    """One analysis of a page of images; `total` counts images. 2 statements, 1 where the page tells it."""
    query, values = reader.scope.build(_indicators(filters.asked)), filters.values(reader)
    rows = await reader.rows(query.rows, skip=page.skip, limit=page.limit, **values)
    lists: list[Any] = [list(column) for column in zip(*rows, strict=True)] or [None] * len(_LISTS)
    analysis = schemas.PerImageAnalysis(filters.dataCollectionId, *lists)
    total = await reader.total(query.total, page, len(rows), **values)
    return Paged(total=total, results=[analysis], skip=page.skip, limit=page.limit)
