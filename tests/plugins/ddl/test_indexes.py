"""Which indexes a database has, whatever its flavour calls them."""

from __future__ import annotations

import pytest

from starbeam.db.indexes import Index
from starbeam_ddl.indexes import existing, serves
from starbeam_testing.app import TestDatabase
from support.schemas import Kind

pytestmark = pytest.mark.anyio


@pytest.mark.four_databases
async def test_an_index_serves_when_it_begins_with_the_columns(db: TestDatabase, kind: Kind) -> None:
    async with db.engine.connect() as connection:
        found = await connection.run_sync(existing, ["dataCollection", "ImageQualityIndicators", "Nothing"])

    def has(table: str, *columns: str) -> bool:
        return serves(Index(table, columns, "a test"), found)

    assert has("DataCollection", "dataCollectionId")  # the primary key
    assert has("datacollection", "STARTTIME")  # names compare without case
    assert not has("DataCollection", "comments")
    assert not has("DataCollection", "startTime", "comments")  # only its first column
    assert not has("Nothing", "dataCollectionId")
    # The primary key is (dataCollectionId, imageNumber) in one flavour, another number in the other.
    assert has("ImageQualityIndicators", "dataCollectionId") == (kind.flavour != "community")
