"""What data collections were collected of: SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, bindparam, select

from starbeam.api.database import Rows, Scope, statement
from starbeam_ispyb.models import BLSample, Crystal, DataCollection, DataCollectionGroup, Protein


@dataclass(frozen=True)
class CollectedProtein:
    """A protein that data were collected of."""

    key: int
    acronym: str | None
    name: str | None


@statement
def _proteins(scope: Scope) -> Select[int, int, str | None, str | None]:
    one, group = DataCollection, DataCollectionGroup
    found = select(one.dataCollectionId, Protein.proteinId, Protein.acronym, Protein.name)
    found = found.join(group, group.dataCollectionGroupId == one.dataCollectionGroupId)
    found = found.join(BLSample, BLSample.blSampleId == group.blSampleId)
    found = found.join(Crystal, Crystal.crystalId == BLSample.crystalId)
    found = found.join(Protein, Protein.proteinId == Crystal.proteinId)
    wanted = one.dataCollectionId.in_(bindparam("collections", expanding=True))
    return found.where(wanted, scope.sees(one), scope.sees(BLSample), scope.sees(Protein))


async def proteins_of_collections(reader: Rows, ids: Sequence[int]) -> Mapping[int, CollectedProtein]:
    """By data collection, for those of a protein that the caller sees. 1 statement."""
    rows = await reader.rows(_proteins(), collections=ids)
    return {collection: CollectedProtein(*protein) for collection, *protein in rows}
