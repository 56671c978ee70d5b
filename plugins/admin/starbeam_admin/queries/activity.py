"""The record of changes: SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, CursorResult, bindparam, insert, inspect, update
from sqlalchemy.ext.asyncio import AsyncSession

from starbeam.db.lists import Listing
from starbeam.db.reader import Reader
from starbeam.db.scope import Scope, statement
from starbeam.db.shape import Shape
from starbeam.paging import Page, Paged
from starbeam_admin import schemas
from starbeam_admin.models import AdminActivity

_SHAPE = Shape(schemas.AdminActivity, AdminActivity)


@statement
def _activity(scope: Scope, by_action: bool) -> Listing[schemas.AdminActivity]:
    where = [AdminActivity.action == bindparam("action")] if by_action else []
    newest_first = [AdminActivity.dateTime.desc(), AdminActivity.adminActivityId.desc()]
    return Listing(scope, _SHAPE, AdminActivity, where=where, order_by=newest_first)


async def page(reader: Reader, page: Page, action: schemas.ActionType | None) -> Paged[schemas.AdminActivity]:
    """A page of the record, the newest first. 2 statements."""
    values = {"action": action.value} if action else {}
    return await reader.page(_activity(action is not None), page, **values)


async def has_one_row_per_person(session: AsyncSession) -> bool:
    """Whether the table's `username` is unique, as it is in both schemas."""
    return await (await session.connection()).run_sync(_is_unique)


def _is_unique(connection: Connection) -> bool:
    indexes = inspect(connection).get_indexes(AdminActivity.__tablename__)
    return any(index["unique"] and index["column_names"] == ["username"] for index in indexes)


async def insert_row(session: AsyncSession, row: dict[str, Any]) -> None:
    """Add a row."""
    await session.execute(insert(AdminActivity).values(row))


async def replace_row(session: AsyncSession, row: dict[str, Any]) -> None:
    """Change the person's row, or add the first one."""
    change = update(AdminActivity).where(AdminActivity.username == row["username"]).values(row)
    result = await session.execute(change.execution_options(synchronize_session=False))
    if isinstance(result, CursorResult) and not result.rowcount:
        await insert_row(session, row)
