"""Which data collections a list is of."""

from __future__ import annotations

from typing import Annotated, Any

from sqlalchemy import bindparam, select

from starbeam.api.lists import Where, query_id
from starbeam_ispyb.models import DataCollection

CollectionId = Annotated[int | None, query_id("Data collection id to filter by")]
GroupId = Annotated[int | None, query_id("Data collection group id to filter by")]


def of_collection(column: Any) -> Where:
    """The filter `dataCollectionId`, by a column that holds its key."""
    return Where(column == bindparam("dataCollectionId"))


def of_group(column: Any) -> Where:
    """The filter `dataCollectionGroupId`, by a column that holds a data collection's key."""
    wanted: Any = bindparam("dataCollectionGroupId")
    mine = select(DataCollection.dataCollectionId).where(DataCollection.dataCollectionGroupId == wanted)
    return Where(column.in_(mine))
