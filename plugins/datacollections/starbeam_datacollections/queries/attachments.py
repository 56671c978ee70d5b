"""Files that belong to data collections: SQL."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Select, bindparam, select

from starbeam.db.lists import Listing
from starbeam.db.reader import Reader
from starbeam.db.scope import Scope, statement
from starbeam.db.shape import Shape
from starbeam.paging import Page, Paged
from starbeam_datacollections import schemas
from starbeam_datacollections.queries.filters import Filters, of_collections
from starbeam_ispyb.models import DataCollectionFileAttachment

_SHAPE = Shape(
    schemas.DataCollectionFileAttachment,
    DataCollectionFileAttachment,
    metadata=Shape(
        schemas.DataCollectionFileAttachmentMetaData,
        fileName=DataCollectionFileAttachment.fileFullPath,
        later={"url"},
    ),
)
_KEY = DataCollectionFileAttachment.dataCollectionFileAttachmentId


@statement
def _page(scope: Scope, given: frozenset[str]) -> Listing[schemas.DataCollectionFileAttachment]:
    where = [
        scope.sees(DataCollectionFileAttachment),
        *of_collections(DataCollectionFileAttachment.dataCollectionId, given),
    ]
    return Listing(scope, _SHAPE, DataCollectionFileAttachment, where=where, order_by=[_KEY])


@statement
def _path(scope: Scope) -> Select[Any]:
    wanted: Any = bindparam("attachment_id")
    path = select(DataCollectionFileAttachment.fileFullPath)
    return path.where(wanted == _KEY, scope.sees(DataCollectionFileAttachment))


async def page(
    reader: Reader, page: Page, filters: Filters, root: str
) -> Paged[schemas.DataCollectionFileAttachment]:
    """A page of the attachments that the caller sees; `root` is that of the API. 2 statements."""
    found = await reader.page(_page(reader.scope, filters.given), page, **filters.values)
    for row in found.results:
        row.metadata.fileName = PurePosixPath(row.metadata.fileName or "").name
        row.metadata.url = f"{root}/datacollections/attachments/{row.dataCollectionFileAttachmentId}"
    return found


async def path(reader: Reader, attachment_id: int) -> str | None:
    """The path of an attachment that the caller sees. 1 statement."""
    found: str | None = await reader.scalar(_path(reader.scope), attachment_id=attachment_id)
    return found
