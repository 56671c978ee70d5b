"""The forms of data collections and of groups of them: their comments."""

from __future__ import annotations

from starbeam.api.database import Reader
from starbeam.api.web import About, EditOf
from starbeam_datacollections import changes, schemas
from starbeam_datacollections.queries.collections import COLLECTIONS, GROUPS
from starbeam_ispyb.models import DataCollection, DataCollectionGroup
from starbeam_ispyb.queries import told


async def _collection(reader: Reader, row: schemas.DataCollectionSummary) -> About:
    of = await told(reader, row.dataCollectionId, "Data collection not found")
    return About(
        [
            (of.proposal or "proposal", f"/proposals/{of.proposal}"),
            (of.visit or "session", f"/sessions/{of.session}"),
            (of.sample or _collection_name(row), f"/collections/{row.dataCollectionId}"),
        ]
    )


def _collection_name(row: schemas.DataCollectionSummary) -> str:
    return f"collection {row.dataCollectionId}"


async def _group(reader: Reader, row: schemas.DataCollectionGroupSummary) -> About:
    return About([(_group_name(row), f"/groups/{row.dataCollectionGroupId}")])


def _group_name(row: schemas.DataCollectionGroupSummary) -> str:
    return f"group {row.dataCollectionGroupId}"


COLLECTION = EditOf(
    title="data collection",
    path="/collections",
    rows=COLLECTIONS,
    change=schemas.CommentsChange,
    update=changes.update_collection,
    models={"": DataCollection},
    of_row=_collection,
    called=_collection_name,
)
GROUP = EditOf(
    title="group of data collections",
    path="/groups",
    rows=GROUPS,
    change=schemas.CommentsChange,
    update=changes.update_group,
    models={"": DataCollectionGroup},
    of_row=_group,
    called=_group_name,
)
