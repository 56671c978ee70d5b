"""What lists cost the database: as many statements for one row as for a hundred, and rows read for what the
caller may see, not for what the tables hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from starbeam.paging import Paged
from starbeam_testing.app import Statements, TestDatabase
from support import world
from support.counting import ONE_CONNECTION, rows_read
from support.expected import MOST_STATEMENTS, Cost, routes

if TYPE_CHECKING:
    from contract.conftest import MakeWhole, Whole

pytestmark = pytest.mark.anyio

PAGE = 25
COSTS = {name: route.cost for name, route in routes().items() if route.cost}
DEEP = {
    "GET /datacollections/quality",  # no index by data collection
    "GET /events",  # see `plugins/events/test_stream.py`
    "GET /events/types",  # kept, and no page
    "GET /processings",  # the oldest programs are none that it shows
}
"""Lists whose page for who sees everything reads more than it holds."""
READERS = ("administrator", "regular")
"""Those whose requests are measured: one sees every row, the other some of them."""


@pytest.fixture(autouse=True)
def no_background_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the server reads by itself every few seconds is not counted."""
    monkeypatch.setattr("starbeam.app.REFRESH_SECONDS", 3600)
    monkeypatch.setattr("starbeam.auth.onetime.CLEAN_SECONDS", 3600)


async def test_every_list_says_what_it_costs(whole: Whole) -> None:
    lists = {
        name
        for name, handler in whole.handlers.items()
        if handler.parsed_fn_signature.return_type.origin is Paged
    }
    assert lists <= set(COSTS)


def test_no_list_takes_many_statements() -> None:
    assert {name for name, cost in COSTS.items() if cost.statements > MOST_STATEMENTS} == set()


def address(name: str, query: str) -> str:
    """The address of a list with a query."""
    return f"{name.split(' ')[1]}?{query}"


async def measured(whole: Whole, name: str, query: str, caller: str) -> tuple[int, int]:
    """How many rows a list answers, and how many statements it runs for them."""
    with Statements(whole.app) as statements:
        response = await whole.call(name, address(name, query), caller)
    return len(response.json()["results"]), len(statements)


async def test_lists_run_as_many_statements_for_many_rows_as_for_one(whole: Whole) -> None:
    await world.multiply(whole.app.database, 100)
    found, wanted = {}, {}
    for name, cost in COSTS.items():
        for caller in READERS:
            one = await measured(whole, name, cost.one, caller)
            hundred = await measured(whole, name, cost.hundred, caller)
            found[name, caller] = one, hundred
            wanted[name, caller] = (1, cost.statements), (cost.rows, cost.statements)
    assert found == wanted


@pytest.mark.long
@pytest.mark.on("mariadb-union")
async def test_lists_read_what_the_caller_may_see_and_not_the_tables(make_whole: MakeWhole) -> None:
    whole = await make_whole(**ONE_CONNECTION)
    await world.multiply(whole.app.database, 2_000)
    await analyse(whole.app.database)
    first = {name: await reads(whole, name, cost) for name, cost in COSTS.items()}
    await world.multiply(whole.app.database, 20_000, start=2_000)
    await analyse(whole.app.database)
    second = {name: await reads(whole, name, cost) for name, cost in COSTS.items()}
    too_many = {
        name: (first[name], second[name], allowed)
        for name, cost in COSTS.items()
        if max(first[name], second[name]) > (allowed := cost.reads * world.REGULARS)
    }
    assert too_many == {}
    pages = {name: await page_reads(whole, name, cost) for name, cost in COSTS.items()}
    assert {name for name, reads in pages.items() if reads > 60 * PAGE} == DEEP


async def page_reads(whole: Whole, name: str, cost: Cost) -> int:
    """Rows read for a page of who sees every row, without what its total takes."""
    sent: list[tuple[str, Any]] = []

    def note(text: str, values: Any) -> None:
        sent.append((text, values))

    watchers = whole.app.starbeam.database.watchers
    await whole.call(name, address(name, f"limit={PAGE}"), "administrator")
    watchers.append(note)
    await whole.call(name, address(name, f"limit={PAGE}"), "administrator")
    watchers.remove(note)

    async def again() -> None:
        async with whole.app.starbeam.database.engines[0].connect() as connection:
            for text, values in sent:
                if not text.startswith("SELECT count("):
                    await connection.exec_driver_sql(text, tuple(values))

    return await rows_read(whole.app, again)


async def reads(whole: Whole, name: str, cost: Cost) -> int:
    """Rows read for the regular's page, as a server that has answered before reads them."""

    async def request() -> object:
        query = cost.hundred.replace("limit=100", f"limit={PAGE}")
        return await whole.call(name, address(name, query), "regular")

    await request()
    return await rows_read(whole.app, request)


async def analyse(db: TestDatabase) -> None:
    """Let the database know how its tables have grown."""
    tables = await db.sql(
        "SELECT table_name FROM information_schema.tables"
        " WHERE table_schema = DATABASE() AND table_rows > 100"
    )
    for (table,) in tables:
        await db.sql(f"ANALYZE TABLE `{table}`")


@pytest.mark.on("mariadb-union")
async def test_one_of_a_hundred_thousand_sessions_is_found_by_who_has_three_hundred(
    make_whole: MakeWhole,
) -> None:
    whole = await make_whole(**ONE_CONNECTION)
    db = whole.app.database
    await world.multiply(db, world.REGULARS)
    await db.sql(
        "INSERT INTO BLSession (proposalId, visit_number, beamLineName, startDate, endDate)"
        " SELECT 1001 + seq % 300, 2 + seq DIV 300, CONCAT('w', seq % 20),"
        " '2020-01-01' + INTERVAL seq MINUTE, '2020-01-02' + INTERVAL seq MINUTE"
        " FROM seq_1_to_100000"
    )
    await analyse(db)
    for name in ("GET /proposals", "GET /sessions"):
        cost = COSTS[name]
        await measured(whole, name, cost.hundred, "regular")  # asks for the beamlines' names once
        assert await measured(whole, name, cost.hundred, "regular") == (100, cost.statements)
        assert await reads(whole, name, cost) <= cost.reads * world.REGULARS
