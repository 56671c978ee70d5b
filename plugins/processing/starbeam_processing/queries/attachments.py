"""Files that programs wrote: SQL."""

from __future__ import annotations

from pathlib import PurePosixPath

import msgspec
from sqlalchemy import Select, bindparam, select

from starbeam.db.lists import Listing
from starbeam.db.reader import Reader
from starbeam.db.scope import Scope, statement
from starbeam.db.shape import Shape
from starbeam.paging import Page, Paged
from starbeam_ispyb.models import AutoProcProgramAttachment
from starbeam_processing import schemas
from starbeam_processing.queries.programs import not_deleted


class Filters(msgspec.Struct, frozen=True):
    """What attachments are asked for."""

    autoProcProgramId: int | None = None
    autoProcProgramAttachmentId: int | None = None


_SHAPE = Shape(
    schemas.AutoProcProgramAttachment,
    AutoProcProgramAttachment,
    metadata=Shape(schemas.AutoProcProgramAttachmentMetaData, later={"url"}),
)
_KEY = AutoProcProgramAttachment.autoProcProgramAttachmentId


@statement
def _page(scope: Scope, given: frozenset[str]) -> Listing[schemas.AutoProcProgramAttachment]:
    wanted = [getattr(AutoProcProgramAttachment, name) == bindparam(name) for name in sorted(given)]
    where = [scope.sees(AutoProcProgramAttachment), not_deleted(scope), *wanted]
    return Listing(scope, _SHAPE, AutoProcProgramAttachment, where=where, order_by=[_KEY])


@statement
def _file(scope: Scope) -> Select[str | None, str | None]:
    columns = AutoProcProgramAttachment.filePath, AutoProcProgramAttachment.fileName
    wanted = bindparam("attachment_id") == _KEY
    return select(*columns).where(wanted, not_deleted(scope), scope.sees(AutoProcProgramAttachment))


async def page(
    reader: Reader, page: Page, filters: Filters, root: str
) -> Paged[schemas.AutoProcProgramAttachment]:
    """A page of the attachments of programs that the caller sees; `root` is that of the API. 2 statements."""
    values = {name: value for name, value in msgspec.structs.asdict(filters).items() if value is not None}
    found = await reader.page(_page(reader.scope, frozenset(values)), page, **values)
    for row in found.results:
        row.metadata.url = f"{root}/processings/attachments/{row.autoProcProgramAttachmentId}"
    return found


async def file(reader: Reader, attachment_id: int) -> tuple[str | None, str | None]:
    """Path and name of an attachment that the caller sees. 1 statement."""
    for folder, name in await reader.rows(_file(reader.scope), attachment_id=attachment_id):
        if name:
            return str(PurePosixPath(folder or "") / name), name
    return None, None
