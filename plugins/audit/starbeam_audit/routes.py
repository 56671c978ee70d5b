"""`/admin/audit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from litestar import Router, get
from litestar.di import NamedDependency

from starbeam.api import needs
from starbeam.api.database import Reader
from starbeam.api.http import asked, reading_and_writing
from starbeam.api.lists import Page, Paged
from starbeam_audit.queries import AUDIT, AuditFilters
from starbeam_audit.schemas import Audited

if TYPE_CHECKING:
    from starbeam.api.database import Store


@get("/admin/audit", tags=["Admin"], access=needs("view_audit"), dependencies=asked(AuditFilters))
async def get_audit(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[AuditFilters]
) -> Paged[Audited]:
    """Who wrote what, the newest first

    Each item is rows of one table that one operation added, changed or deleted; what one request wrote has
    one `requestId`.
    """
    return await reader.page(AUDIT, page, filters)


def router(tables: Store) -> Router:
    """The operation, which reads the database where the record is."""
    return Router("/", route_handlers=[get_audit], dependencies=reading_and_writing(tables))
