"""What there is where nothing has been processed: SQL."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, select

from starbeam.api.database import Reader, Scope, statement
from starbeam.api.lists import Asked
from starbeam_ispyb.models import DataCollection, DataCollectionGroup
from starbeam_processing.queries.ranking import ResultFilters, extent
from starbeam_processing.queries.status import statuses

MOST = 1000
"""Data collections that are counted, the newest."""


class Waiting(NamedTuple):
    """Data collections whose programs have not come to an end."""

    collections: int
    """At most `MOST`."""
    running: int
    """Programs."""


@statement
def _collections(scope: Scope, asked: Asked) -> Select[Any]:
    group, collection = DataCollectionGroup, DataCollection
    keys = select(collection.dataCollectionId).join(
        group, group.dataCollectionGroupId == collection.dataCollectionGroupId
    )
    seen = scope.sees(group), scope.below(group).sees(collection)
    newest = keys.where(*seen, *extent(asked)).order_by(collection.dataCollectionId.desc())
    return newest.limit(bindparam("limit"))


async def waiting(reader: Reader, filters: ResultFilters) -> Waiting:
    """What there is of what the filters name. 7 statements."""
    rows = await reader.rows(_collections(filters.asked), limit=MOST, **filters.values(reader))
    found = (await statuses(reader, [key for (key,) in rows])).values()
    kinds = [kind or {} for one in found for kind in (one.autoIntegration, one.processing)]
    runs = [run for kind in kinds for some in kind.values() for run in some]
    return Waiting(len(rows), sum(run.status is None for run in runs))
