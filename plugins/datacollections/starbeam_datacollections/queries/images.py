"""Where the images of a data collection are: SQL."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Select, bindparam, select

from starbeam.api.database import Reader, Scope, statement
from starbeam_ispyb.models import DataCollection, Image

_WANTED: Any = bindparam("collection_id")


@statement
def _of_collection(scope: Scope, column: str) -> Select[str | None]:
    found = scope.column(getattr(DataCollection, column))
    return select(found).where(DataCollection.dataCollectionId == _WANTED, scope.sees(DataCollection))


@statement
def _first_image(scope: Scope, column: str) -> Select[str | None]:
    wanted = Image.dataCollectionId == _WANTED, Image.imageNumber == 1
    found = select(getattr(Image, column)).where(*wanted, scope.sees(Image))
    return found.order_by(Image.imageId).limit(1)


async def snapshot(reader: Reader, collection_id: int, number: int) -> str | None:
    """The path of snapshot 1 to 4 of the crystal. 1 statement."""
    query = _of_collection(f"xtalSnapshotFullPath{number}")
    path: str | None = await reader.scalar(query, collection_id=collection_id)
    return path


async def quality_plot(reader: Reader, collection_id: int) -> str | None:
    """The path of the plot of the quality indicators, which only the community schema has. 1 statement."""
    query = _of_collection("imageQualityIndicatorsPlotPath")
    path: str | None = await reader.scalar(query, collection_id=collection_id)
    return path


async def diffraction(reader: Reader, collection_id: int, thumbnail: bool) -> str | None:
    """The path of the first diffraction image or its thumbnail. 1 statement."""
    column = "jpegThumbnailFileFullPath" if thumbnail else "jpegFileFullPath"
    path: str | None = await reader.scalar(_first_image(column), collection_id=collection_id)
    return path


def thumbnail(path: str) -> str:
    """Where the thumbnail of a snapshot is: `t` before the last extension, as in `a/b.png` → `a/bt.png`."""
    suffix = PurePosixPath(path).suffix
    return path.removesuffix(suffix) + "t" + suffix
