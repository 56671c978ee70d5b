"""Pictures of samples: SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import aliased

from starbeam.db.functions import found_for_row, joined
from starbeam.db.reader import Listing, Reader, Scope, statement
from starbeam.db.shape import Shape
from starbeam.paging import Page, Paged
from starbeam_ispyb.models import BLSample
from starbeam_samples import schemas
from starbeam_samples.models import BLSampleImage
from starbeam_samples.queries.common import is_shipped


def _offset(column: Any) -> Any:
    """0 where the database lacks the column."""
    return lambda scope: func.coalesce(scope.column(column), 0)


_SHAPE = Shape(
    schemas.SampleImage,
    BLSampleImage,
    offsetX=_offset(BLSampleImage.offsetX),
    offsetY=_offset(BLSampleImage.offsetY),
    metadata=Shape(
        schemas.SampleImageMetaData, url=joined(bindparam("folder"), BLSampleImage.blSampleImageId)
    ),
)


def _where(scope: Scope, of_sample: bool = False) -> list[ColumnElement[bool]]:
    """Pictures that the caller sees, of samples in a shipment."""
    sample = aliased(BLSample)
    own = select(sample.blSampleId).where(sample.blSampleId == BLSampleImage.blSampleId, is_shipped(sample))
    where = [scope.sees(BLSampleImage), found_for_row(own)]
    return [*where, BLSampleImage.blSampleId == bindparam("sample_id")] if of_sample else where


@statement
def _page(scope: Scope, of_sample: bool) -> Listing[schemas.SampleImage]:
    order_by = [BLSampleImage.blSampleImageId]
    return Listing(scope, _SHAPE, BLSampleImage, where=_where(scope, of_sample), order_by=order_by)


@statement
def _path(scope: Scope) -> Select[Any]:
    wanted = BLSampleImage.blSampleImageId == bindparam("image_id")
    return select(BLSampleImage.imageFullPath).where(wanted, *_where(scope))


async def page(reader: Reader, page: Page, sample_id: int | None, folder: str) -> Paged[schemas.SampleImage]:
    """A page of the pictures that the caller sees; `folder` is the address below which they are served.
    2 statements."""
    listing = _page(reader.scope, sample_id is not None)
    return await reader.page(listing, page, sample_id=sample_id, folder=folder)


async def path(reader: Reader, image_id: int) -> str | None:
    """Where the file of a picture is; None also for a picture that the caller does not see."""
    found: str | None = await reader.scalar(_path(reader.scope), image_id=image_id)
    return found
