"""Plans do not depend on luck: hot lists read as few rows whatever the database knows of its tables."""

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
async def without_statistics(db: TestDatabase) -> AsyncIterator[None]:
    """The database collects none: what was under way before may still end."""
    await db.sql("SET GLOBAL innodb_stats_auto_recalc = OFF")
    try:
        yield
    finally:
        await db.sql("SET GLOBAL innodb_stats_auto_recalc = ON")


async def forget(db: TestDatabase) -> None:
    """As just after a restore: nothing is known of tables and indexes."""
    for kind in ("table", "index"):
        await db.sql(f"DELETE FROM mysql.innodb_{kind}_stats WHERE database_name = DATABASE()")
    await db.sql("FLUSH TABLES")


async def knows_nothing(db: TestDatabase) -> bool:
    """Whether nothing has been found out since."""
    known = "SELECT COUNT(*) FROM mysql.innodb_table_stats WHERE database_name = DATABASE()"
    return bool((await db.sql(known))[0][0] == 0)


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
async def test_hot_lists_read_as_much_in_every_state(make_whole: MakeWhole) -> None:
    whole = await make_whole(**ONE_CONNECTION)
    db = whole.app.database

    async def found() -> dict[str, int]:
        await whole.app.starbeam.database.engines[0].dispose()  # the next connection finds things as they are
        return {name: await reads(whole, name, COSTS[name]) for name in HOT}

    async with without_statistics(db):
        await world.multiply(db, 2_000)
        for _ in range(10):
            await forget(db)
            unknown = await found()
            if await knows_nothing(db):
                break
        else:
            pytest.fail("the database collects statistics although it should not")
    await analyse(db)
    known = await found()
    async with switched(db):
        older = await found()
    differ = {
        name: (known[name], unknown[name], older[name])
        for name in HOT
        if older[name] > 1.5 * known[name] + 100
        or max(older[name], known[name]) > (most := COSTS[name].reads * world.REGULARS)
        # proteins, samples and integrations walk a table rather than an index, but once, not for each row
        or unknown[name] > 2 * most
    }
    assert differ == {}
