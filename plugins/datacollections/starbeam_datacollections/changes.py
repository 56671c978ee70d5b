"""Changing the comments of data collections and of groups of them."""

from __future__ import annotations

from starbeam.api.database import Patch, Writer, refusing, sent
from starbeam_datacollections import schemas
from starbeam_datacollections.queries.collections import COLLECTIONS, GROUPS
from starbeam_ispyb import models as m


async def update_group(
    writer: Writer, key: int, patch: Patch[schemas.CommentsChange]
) -> schemas.DataCollectionGroupSummary:
    """Change what was sent of a group."""
    if values := sent(patch.of(await writer.get(GROUPS, key))):
        with refusing("Could not update data collection group"):
            await writer.update(m.DataCollectionGroup, key, values)
    return await writer.get(GROUPS, key)


async def update_collection(
    writer: Writer, key: int, patch: Patch[schemas.CommentsChange]
) -> schemas.DataCollectionSummary:
    """Change what was sent of a data collection."""
    if values := sent(patch.of(await writer.get(COLLECTIONS, key))):
        with refusing("Could not update data collection"):
            await writer.update(m.DataCollection, key, values)
    return await writer.get(COLLECTIONS, key)
