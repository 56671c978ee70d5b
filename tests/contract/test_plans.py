"""Plans do not depend on luck: hot lists read as few rows with the optimizer of older versions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from contract.test_statements import COSTS, analyse, reads
from support import world
from support.counting import ONE_CONNECTION

if TYPE_CHECKING:
    from contract.conftest import MakeWhole
    from starbeam_testing.app import TestDatabase

pytestmark = pytest.mark.anyio

HOT = (
    "GET /events",
    "GET /proposals",
    "GET /sessions",
    "GET /proteins",
    "GET /samples",
    "GET /shippings",
    "GET /containers",
    "GET /datacollections/attachments",
    "GET /processings/auto-integrations",
)
OF_10_6 = (
    "index_merge=on,index_merge_union=on,index_merge_sort_union=on,index_merge_intersection=on,"
    "index_merge_sort_intersection=off,engine_condition_pushdown=off,index_condition_pushdown=on,"
    "derived_merge=on,derived_with_keys=on,firstmatch=on,loosescan=on,materialization=on,"
    "in_to_exists=on,semijoin=on,partial_match_rowid_merge=on,partial_match_table_scan=on,"
    "subquery_cache=on,mrr=off,mrr_cost_based=off,mrr_sort_keys=off,outer_join_with_cache=on,"
    "semijoin_with_cache=on,join_cache_incremental=on,join_cache_hashed=on,join_cache_bka=on,"
    "optimize_join_buffer_size=on,table_elimination=on,extended_keys=on,exists_to_in=on,"
    "orderby_uses_equalities=on,condition_pushdown_for_derived=on,split_materialized=on,"
    "condition_pushdown_for_subquery=on,rowid_filter=on,condition_pushdown_from_having=on,"
    "not_null_range_scan=off"
)
"""`optimizer_switch` of MariaDB 10.6."""


@pytest.fixture(autouse=True)
def no_background_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the server reads by itself every few seconds is not counted."""
    monkeypatch.setattr("starbeam.app.REFRESH_SECONDS", 3600)
    monkeypatch.setattr("starbeam.auth.onetime.CLEAN_SECONDS", 3600)


@asynccontextmanager
async def switched(db: TestDatabase) -> AsyncIterator[None]:
    """As the optimizer of MariaDB 10.6 is by default, for connections from now on."""
    ((before,),) = await db.sql("SELECT @@GLOBAL.optimizer_switch")
    await db.sql("SET GLOBAL optimizer_switch = :switch", switch=OF_10_6)
    try:
        yield
    finally:
        await db.sql("SET GLOBAL optimizer_switch = :switch", switch=before)


@pytest.mark.on("mariadb-union")
async def test_hot_lists_read_as_much_with_older_optimizers(make_whole: MakeWhole) -> None:
    whole = await make_whole(**ONE_CONNECTION)
    db = whole.app.database
    await world.multiply(db, 2_000)

    async def found() -> dict[str, int]:
        await whole.app.starbeam.database.engines[0].dispose()  # the next connection finds things as they are
        return {name: await reads(whole, name, COSTS[name]) for name in HOT}

    await analyse(db)
    known = await found()
    async with switched(db):
        older = await found()
    differ = {
        name: (known[name], older[name])
        for name in HOT
        if older[name] > 1.5 * known[name] + 100
        or max(older[name], known[name]) > COSTS[name].reads * world.REGULARS
    }
    assert differ == {}
