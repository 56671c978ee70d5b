"""Which pictures there are of data collections: SQL."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import Select, and_, bindparam, select

from starbeam.api.database import Reader, Scope, statement
from starbeam.api.files import Files
from starbeam_ispyb.models import DataCollection, Image

_SNAPSHOTS = [getattr(DataCollection, f"xtalSnapshotFullPath{number}") for number in (1, 2, 3, 4)]
_IMAGES = [Image.jpegThumbnailFileFullPath, Image.jpegFileFullPath]


class Pictures(msgspec.Struct):
    """What can be shown of a data collection."""

    snapshots: list[int]
    """Numbers of the snapshots of the crystal whose files are there."""
    named: bool
    """The database names a snapshot."""
    thumbnail: bool
    """The thumbnail of the first diffraction image is there."""
    diffraction: bool
    """The picture of the first diffraction image is there."""
    stored: bool
    """The database names a picture of the first diffraction image."""


@statement
def _paths(scope: Scope) -> Select[Any]:
    first = and_(
        Image.dataCollectionId == DataCollection.dataCollectionId,
        Image.imageNumber == 1,
        scope.below(DataCollection).sees(Image),
    )
    columns = [scope.column(column) for column in (*_SNAPSHOTS, *_IMAGES)]
    wanted = DataCollection.dataCollectionId.in_(bindparam("collections", expanding=True))
    rows = select(DataCollection.dataCollectionId, *columns).outerjoin(Image, first)
    return rows.where(wanted, scope.sees(DataCollection)).order_by(Image.imageId.desc())


async def pictures(reader: Reader, files: Files, collections: Collection[int]) -> dict[int, Pictures]:
    """The pictures of those of these data collections that the caller sees. 1 statement."""
    rows = await reader.rows(_paths(), collections=list(collections))
    paths = {key: found for key, *found in rows}  # the last: of several images number 1 the first
    there = iter(await files.exist([path for found in paths.values() for path in found]))
    return {key: _pictures(found, [next(there) for _ in found]) for key, found in paths.items()}


def _pictures(paths: list[str | None], there: list[bool]) -> Pictures:
    count = len(_SNAPSHOTS)
    snapshots = [number for number, known in enumerate(there[:count], 1) if known]
    thumbnail, diffraction = there[count:]
    return Pictures(snapshots, any(paths[:count]), thumbnail, diffraction, any(paths[count:]))
