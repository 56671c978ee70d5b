"""What forms put into groups and take out: what is as it should be is left so, since forms are sent twice."""

from __future__ import annotations

from starbeam.api import Invalid
from starbeam_admin.changes import groups
from starbeam_admin.queries.groups import Content, holds, keys_called
from starbeam_admin.record import Change


async def put_in(change: Change, content: Content, group_id: int, row_id: int) -> None:
    """Put a person or a permission into a group."""
    if not await holds(change.writer, content, group_id, row_id):
        await groups.put_in(change, content, group_id, row_id)


async def put_in_by_name(change: Change, content: Content, group_id: int, name: str) -> None:
    """Put what is called so into a group. Raises Invalid where nothing or nobody is."""
    if not (found := await keys_called(change.writer, content, name)):
        raise Invalid(f"There is no {content.noun} {name}", ["body", "name"])
    await put_in(change, content, group_id, found[0])


async def take_out(change: Change, content: Content, group_id: int, row_id: int) -> None:
    """Take a person or a permission out of a group."""
    if await holds(change.writer, content, group_id, row_id):
        await groups.take_out(change, content, group_id, row_id)
