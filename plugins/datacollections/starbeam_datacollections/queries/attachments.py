"""Files that belong to data collections: SQL."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Annotated, Any

from sqlalchemy import Select, bindparam, select

from starbeam.api.database import Reader, Rows, Scope, Shape, joined, statement
from starbeam.api.lists import Filters, List
from starbeam_datacollections import schemas
from starbeam_datacollections.queries.filters import CollectionId, GroupId, of_collection, of_group
from starbeam_ispyb.models import DataCollectionFileAttachment

_KEY = DataCollectionFileAttachment.dataCollectionFileAttachmentId
_COLLECTION = DataCollectionFileAttachment.dataCollectionId
_SHAPE = Shape(
    schemas.DataCollectionFileAttachment,
    DataCollectionFileAttachment,
    metadata=Shape(
        schemas.DataCollectionFileAttachmentMetaData,
        fileName=DataCollectionFileAttachment.fileFullPath,
        url=joined(bindparam("folder"), DataCollectionFileAttachment.dataCollectionFileAttachmentId),
    ),
)


class AttachmentFilters(Filters, frozen=True):
    """What `/datacollections/attachments` is asked for."""

    dataCollectionId: Annotated[CollectionId, of_collection(_COLLECTION)] = None
    dataCollectionGroupId: Annotated[GroupId, of_group(_COLLECTION)] = None


async def _name(reader: Rows, attachments: Sequence[schemas.DataCollectionFileAttachment]) -> None:
    """Leave the folder out of what the metadata calls a file."""
    for row in attachments:
        row.metadata.fileName = PurePosixPath(row.metadata.fileName or "").name


ATTACHMENTS = List(
    _SHAPE,
    DataCollectionFileAttachment,
    AttachmentFilters,
    complete=_name,
    missing="Data collection attachment not found",
)
"""2 statements a page. `folder`, the address below which files are served, is to be bound."""


@statement
def _path(scope: Scope) -> Select[Any]:
    wanted: Any = bindparam("attachment_id")
    path = select(DataCollectionFileAttachment.fileFullPath)
    return path.where(wanted == _KEY, scope.sees(DataCollectionFileAttachment))


async def path(reader: Reader, attachment_id: int) -> str | None:
    """The path of an attachment that the caller sees. 1 statement."""
    found: str | None = await reader.scalar(_path(), attachment_id=attachment_id)
    return found
