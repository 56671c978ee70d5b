"""Pictures of samples: SQL."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, func, select
from sqlalchemy.orm import aliased

from starbeam.api.database import Reader, Scope, Shape, found_for_row, joined, statement
from starbeam.api.lists import Filters, List, Where
from starbeam_ispyb.models import BLSample
from starbeam_samples import schemas
from starbeam_samples.models import BLSampleImage
from starbeam_samples.queries.common import SampleId, is_shipped


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


def _of_shipped(scope: Scope) -> ColumnElement[bool]:
    """Of a sample in a shipment."""
    sample = aliased(BLSample)
    own = select(sample.blSampleId).where(sample.blSampleId == BLSampleImage.blSampleId, is_shipped(sample))
    return found_for_row(own)


class ImageFilters(Filters, frozen=True):
    """What `/samples/images` is asked for."""

    blSampleId: Annotated[SampleId, Where(BLSampleImage.blSampleId == bindparam("blSampleId"))] = None


IMAGES = List(_SHAPE, BLSampleImage, ImageFilters, listed=[_of_shipped], missing="Sample image not found")
"""2 statements a page. `folder`, the address below which pictures are served, is to be bound."""


@statement
def _path(scope: Scope) -> Select[Any]:
    wanted = BLSampleImage.blSampleImageId == bindparam("image_id")
    return select(BLSampleImage.imageFullPath).where(wanted, scope.sees(BLSampleImage), _of_shipped(scope))


async def path(reader: Reader, image_id: int) -> str | None:
    """Where the file of a picture is; None also for a picture that the caller does not see."""
    found: str | None = await reader.scalar(_path(), image_id=image_id)
    return found


MOST = 25
"""Pictures that the page of a sample shows: the last ones."""


class Picture(NamedTuple):
    """A picture of a sample."""

    key: int
    path: str | None
    microns: float | None
    """Of one pixel."""


@statement
def _pictures(scope: Scope) -> Select[*tuple[Any, ...]]:
    one = BLSampleImage
    found = select(one.blSampleImageId, one.imageFullPath, one.micronsPerPixelX)
    wanted = one.blSampleId == bindparam("sample"), scope.sees(one), _of_shipped(scope)
    return found.where(*wanted).order_by(one.blSampleImageId.desc()).limit(MOST)


async def pictures(reader: Reader, sample: int) -> list[Picture]:
    """The last pictures of a sample, the newest first. 1 statement."""
    return [Picture(*row) for row in await reader.rows(_pictures(), sample=sample)]
