"""Files that programs wrote: SQL."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated

from sqlalchemy import Select, bindparam, select

from starbeam.api.database import Reader, Scope, Shape, joined, statement
from starbeam.api.lists import Filters, List, Where, query_id
from starbeam_ispyb.models import AutoProcProgramAttachment
from starbeam_processing import schemas
from starbeam_processing.queries.programs import not_deleted

_SHAPE = Shape(
    schemas.AutoProcProgramAttachment,
    AutoProcProgramAttachment,
    metadata=Shape(
        schemas.AutoProcProgramAttachmentMetaData,
        url=joined(bindparam("folder"), AutoProcProgramAttachment.autoProcProgramAttachmentId),
    ),
)
_KEY = AutoProcProgramAttachment.autoProcProgramAttachmentId


class AttachmentFilters(Filters, frozen=True):
    """What `/processings/attachments` is asked for."""

    autoProcProgramId: Annotated[
        int | None,
        query_id("Program id to filter by"),
        Where(AutoProcProgramAttachment.autoProcProgramId == bindparam("autoProcProgramId")),
    ] = None
    autoProcProgramAttachmentId: Annotated[
        int | None,
        query_id("Attachment id to filter by"),
        Where(bindparam("autoProcProgramAttachmentId") == _KEY),
    ] = None


ATTACHMENTS = List(
    _SHAPE,
    AutoProcProgramAttachment,
    AttachmentFilters,
    listed=[not_deleted],
    missing="Autoproc program attachment not found",
)
"""2 statements a page. `folder`, the address below which files are served, is to be bound."""


@statement
def _file(scope: Scope) -> Select[str | None, str | None]:
    columns = AutoProcProgramAttachment.filePath, AutoProcProgramAttachment.fileName
    wanted = bindparam("attachment_id") == _KEY
    return select(*columns).where(wanted, not_deleted(scope), scope.sees(AutoProcProgramAttachment))


async def file(reader: Reader, attachment_id: int) -> tuple[str | None, str | None]:
    """Path and name of an attachment that the caller sees. 1 statement."""
    for folder, name in await reader.rows(_file(), attachment_id=attachment_id):
        if name:
            return str(PurePosixPath(folder or "") / name), name
    return None, None
