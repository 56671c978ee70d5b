"""The record of changes: SQL."""

from __future__ import annotations

from typing import Annotated, Any

from sqlalchemy import Connection, bindparam, inspect

from starbeam.api.database import Shape, Writer
from starbeam.api.lists import Filters, List, Where, query
from starbeam_admin import schemas
from starbeam_admin.models import AdminActivity


class ActivityFilters(Filters, frozen=True):
    """What `/admin/activity` is asked for."""

    action_type: Annotated[
        schemas.ActionType | None,
        query("Action to filter by"),
        Where(AdminActivity.action == bindparam("action"), lambda action: {"action": action.value}),
    ] = None


ACTIVITY = List(
    Shape(schemas.AdminActivity, AdminActivity),
    AdminActivity,
    ActivityFilters,
    order_by=[AdminActivity.dateTime.desc(), AdminActivity.adminActivityId.desc()],
    for_all=True,
)
"""The newest first. 2 statements a page."""


async def has_one_row_per_person(writer: Writer) -> bool:
    """Whether the table's `username` is unique, as it is in both schemas."""
    return await (await writer.session.connection()).run_sync(_is_unique)


def _is_unique(connection: Connection) -> bool:
    indexes = inspect(connection).get_indexes(AdminActivity.__tablename__)
    return any(index["unique"] and index["column_names"] == ["username"] for index in indexes)


async def insert_row(writer: Writer, row: dict[str, Any]) -> None:
    """Add a row."""
    await writer.insert(AdminActivity, row)


async def replace_row(writer: Writer, row: dict[str, Any]) -> None:
    """Change the person's row, or add the first one."""
    if not await writer.change(AdminActivity, row, AdminActivity.username == row["username"]):
        await insert_row(writer, row)
