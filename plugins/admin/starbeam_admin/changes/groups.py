"""Changing groups, and who and what is in them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starbeam.api import models
from starbeam.api.database import Patch, Writer, sent
from starbeam_admin.queries import groups
from starbeam_admin.queries.groups import GROUPS, Content
from starbeam_admin.record import Change, refused, refusing
from starbeam_admin.schemas import ActionType, NewUserGroup, NewUserGroupOptional, UserGroup

MANAGE_GROUPS = "manage_groups"


async def add(change: Change, data: NewUserGroup) -> UserGroup:
    """Add a group."""
    with refusing("Could not add new group", f"UserGroup `{data.name}` already exists"):
        row = await change.writer.create(models.UserGroup, {"name": data.name})
    added = await change.writer.get(GROUPS, row.userGroupId)
    await change.record(ActionType.DB_GROUPS, f"added group `{data.name}`", None, added)
    return added


async def rename(change: Change, group_id: int, patch: Patch[NewUserGroupOptional]) -> UserGroup:
    """Give a group another name."""
    old = await change.writer.get(GROUPS, group_id)
    if not (values := sent(patch.of(old))):
        return old
    with refusing("Could not update group", f"UserGroup `{values['name']}` already exists"):
        await change.writer.update(models.UserGroup, group_id, values)
    new = await change.writer.get(GROUPS, group_id)
    await change.record(ActionType.DB_GROUPS, f"renamed group `{old.name}` to `{new.name}`", old, new)
    return new


async def put_in(change: Change, content: Content, group_id: int, row_id: int) -> None:
    """Put a person or a permission into a group."""
    noun = content.noun
    what = f"Could not add {noun} `{row_id}` to group `{group_id}`"
    label, group = await _labels(change.writer, content, group_id, row_id, what)
    with refusing(what, f"UserGroup `{group_id}` already contains {noun} `{row_id}`"):
        await groups.put_in(change.writer, content, group_id, row_id)
    link = {"userGroupId": group_id, content.key.key: row_id}
    await change.record(ActionType.DB_GROUPS, f"added {noun} `{label}` to group `{group}`", None, link)


async def take_out(change: Change, content: Content, group_id: int, row_id: int) -> None:
    """Take a person or a permission out of a group."""
    noun = content.noun
    what = f"Could not remove {noun} `{row_id}` from group `{group_id}`"
    label, group = await _labels(change.writer, content, group_id, row_id, what)
    async with keeping_a_manager(change.writer, what):
        if not await groups.take_out(change.writer, content, group_id, row_id):
            raise refused(what, f"UserGroup `{group_id}` does not contain {noun} `{row_id}`")
    link = {"userGroupId": group_id, content.key.key: row_id}
    await change.record(ActionType.DB_GROUPS, f"removed {noun} `{label}` from group `{group}`", link, None)


async def _labels(writer: Writer, content: Content, group_id: int, row_id: int, what: str) -> tuple[str, str]:
    """What people call the row and the group."""
    label = await groups.label(writer, content, row_id)
    if label is None:
        raise refused(what, f"{content.table.__name__} `{row_id}` does not exist")
    group = await groups.group_name(writer, group_id)
    if group is None:
        raise refused(what, f"UserGroup `{group_id}` does not exist")
    return label, group


@asynccontextmanager
async def keeping_a_manager(writer: Writer, what: str) -> AsyncIterator[None]:
    """Refuse what is done inside when nobody could manage groups any more."""
    managed = await groups.is_held(writer, MANAGE_GROUPS)
    yield
    if managed and not await groups.is_held(writer, MANAGE_GROUPS):
        raise refused(what, f"Nobody who can log in would hold {MANAGE_GROUPS} any more")
