"""The SQL of the record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from sqlalchemy import bindparam, insert, or_, select

from starbeam.api import Invalid
from starbeam.api.database import Rows, Shape, Writer, containing, contains
from starbeam.api.lists import Filters, List, Where, query
from starbeam_audit.models import StarbeamAudit
from starbeam_audit.schemas import Audited, AuditedRow

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


def _of_key(key: str) -> dict[str, str]:
    return {"key": key, "listed": containing(msgspec.json.encode({"key": key}).decode()[1:-1])}


def _of_part(operation: str) -> dict[str, str]:
    return {"operation": containing(operation)}


def _local(name: str) -> Callable[[datetime], dict[str, datetime]]:
    def bind(time: datetime) -> dict[str, datetime]:
        if time.tzinfo is not None:
            raise Invalid("Give the facility's local time, without an offset", ["query", name])
        return {name: time}

    return bind


class AuditFilters(Filters, frozen=True):
    """What `/admin/audit` is asked for."""

    login: Annotated[str | None, query("Who it was"), Where(StarbeamAudit.login == bindparam("login"))] = None
    token: Annotated[
        str | None, query("Name of the token"), Where(StarbeamAudit.token == bindparam("token"))
    ] = None
    behalf: Annotated[
        str | None,
        query("Login of the person for whom a machine worked"),
        Where(StarbeamAudit.behalf == bindparam("behalf")),
    ] = None
    table: Annotated[str | None, query("Table"), Where(StarbeamAudit.tableName == bindparam("table"))] = None
    key: Annotated[
        str | None,
        query("Key of a row that is told of"),
        Where(
            or_(
                StarbeamAudit.firstKey == bindparam("key"),
                contains(StarbeamAudit.changes, bindparam("listed")),
            ),
            _of_key,
        ),
    ] = None
    operation: Annotated[
        str | None,
        query("Part of the operation, as `PATCH` or `/dewars`"),
        Where(
            contains(StarbeamAudit.operation, bindparam("operation")),
            _of_part,
        ),
    ] = None
    requestId: Annotated[
        str | None, query("The request"), Where(StarbeamAudit.requestId == bindparam("requestId"))
    ] = None
    since: Annotated[
        datetime | None,
        query("From this local time on"),
        Where(StarbeamAudit.writtenAt >= bindparam("since"), _local("since")),
    ] = None
    until: Annotated[
        datetime | None,
        query("Before this local time"),
        Where(StarbeamAudit.writtenAt < bindparam("until"), _local("until")),
    ] = None


_CHANGES = select(StarbeamAudit.auditId, StarbeamAudit.changes).where(
    StarbeamAudit.auditId.in_(bindparam("keys", expanding=True))
)


async def _tell_rows(reader: Rows, shown: Sequence[Audited]) -> None:
    found = await reader.rows(_CHANGES, keys=[one.auditId for one in shown])
    rows = {key: _rows(changes) for key, changes in found}
    for one in shown:
        one.rows = rows.get(one.auditId, [])


def _rows(changes: str) -> list[AuditedRow]:
    try:
        return msgspec.json.decode(changes, type=list[AuditedRow])
    except msgspec.DecodeError:  # somebody else wrote it
        return []


AUDIT = List(
    Shape(Audited, StarbeamAudit, later={"rows"}),
    StarbeamAudit,
    AuditFilters,
    order_by=[StarbeamAudit.writtenAt.desc(), StarbeamAudit.auditId.desc()],
    complete=_tell_rows,
    for_all=True,
)
"""The newest first. 3 statements a page."""


async def add(session: AsyncSession, rows: list[dict[str, Any]]) -> None:
    """Add to the record."""
    await session.execute(insert(StarbeamAudit), rows)


async def forget(writer: Writer, before: datetime) -> None:
    """Delete what was written before a time."""
    await writer.delete(StarbeamAudit, StarbeamAudit.writtenAt < before)
