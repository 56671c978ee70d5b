"""Statements compiled once: values of every kind go in and come back, on every database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import BindParameter, Integer, String, bindparam, func, literal, select, tuple_
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.sql import visitors

from starbeam.db.connection import ReadConnection
from starbeam.db.engine import Database
from starbeam.db.models import Person
from starbeam.settings import Database as Settings
from starbeam_testing.app import TestDatabase

pytestmark = [pytest.mark.anyio, pytest.mark.four_databases]

WHEN = datetime(2026, 3, 10, 12, 30, 1)
NAMES = bindparam("names", type_=String(), expanding=True)
PAIRS = bindparam("pairs", expanding=True)
LOGINS = select(Person.login).order_by(Person.personId)


@pytest.fixture
async def reading(db: TestDatabase) -> AsyncIterator[ReadConnection]:
    """A connection to a database with three people."""
    await db.add(
        Person,
        *(
            {"personId": n, "login": f"l{n}", "familyName": f"f{n}", "siteId": n, "recordTimeStamp": WHEN}
            for n in (1, 2, 3)
        ),
    )
    database = Database(Settings(url=db.url, pool_size=1, max_overflow=0), [])
    connection = ReadConnection(database)
    yield connection
    await connection.close()
    await database.close()


async def logins(reading: ReadConnection, query: Any, **values: Any) -> list[str]:
    return [row.login for row in await reading.fetch(query, values)]


async def test_lists_of_any_length_go_in(reading: ReadConnection) -> None:
    query = LOGINS.where(Person.login.in_(NAMES), Person.personId < bindparam("below", type_=Integer()))
    for names, found in (
        (["l1", "l3"], ["l1", "l3"]),
        ([], []),
        (["l2"], ["l2"]),
        (["l2", "l1", "'", "%s", "?", ":x"], ["l1", "l2"]),
        (["l3", "l2"], ["l2", "l3"]),
    ):
        assert await logins(reading, query, names=names, below=9) == found
    assert await logins(reading, query, names=["l1", "l3"], below=2) == ["l1"]


async def test_a_forgotten_value_is_an_error(reading: ReadConnection) -> None:
    query = LOGINS.where(Person.personId == bindparam("key", type_=Integer()))
    with pytest.raises(LookupError, match="needs key"):
        await reading.fetch(query, {})
    assert await logins(reading, query, key=None) == []


async def test_lists_of_pairs_go_in(reading: ReadConnection) -> None:
    query = LOGINS.where(tuple_(Person.login, Person.personId).in_(PAIRS))
    assert await logins(reading, query, pairs=[("l1", 1), ("l2", 3)]) == ["l1"]
    assert await logins(reading, query, pairs=[("l1", 1), ("l2", 2), ("l3", 3)]) == ["l1", "l2", "l3"]
    assert await logins(reading, query, pairs=[]) == []


async def test_values_come_back_as_their_types_say(reading: ReadConnection) -> None:
    query = select(
        func.max(Person.recordTimeStamp).label("when"),
        (func.count() / 2).label("half"),
        func.max(Person.phoneNumber).label("phone"),
        func.max(Person.siteId).label("count"),
        literal("100 %").label("part"),
    )
    (row,) = await reading.fetch(query, {})
    assert (row.when, float(row.half), row.phone, row.count, row.part) == (WHEN, 1.5, None, 3, "100 %")
    assert row[0] == WHEN


async def test_a_read_that_is_given_up_spoils_no_other(reading: ReadConnection) -> None:
    """The only connection is in the middle of an answer then."""
    many = select(func.count()).select_from(*(Person.__table__.alias() for _ in range(15)))
    task = asyncio.create_task(reading.fetch(many, {}))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(20):
        assert await logins(reading, LOGINS) == ["l1", "l2", "l3"]


async def test_reads_at_once_take_turns(reading: ReadConnection) -> None:
    """Parts of one request share its connection."""
    query = LOGINS.where(Person.personId == bindparam("key", type_=Integer()))
    found = await asyncio.gather(*(logins(reading, query, key=number % 3 + 1) for number in range(30)))
    assert found == [[f"l{number % 3 + 1}"] for number in range(30)]


def test_private_names_of_sqlalchemy_mean_what_is_relied_on() -> None:
    needed = select(literal(7).label("own")).where(bindparam("needed", type_=Integer()) == 1)
    compiled = needed.compile()
    with pytest.raises(InvalidRequestError):
        compiled.construct_params()
    given = compiled.construct_params(escape_names=False, _check=False)
    assert sorted(given.items(), key=str) == [("needed", None), ("param_1", 7), ("param_2", 1)]
    pairs = tuple_(Person.login, Person.familyName).in_(PAIRS)
    (bound,) = [one for one in visitors.iterate(pairs) if isinstance(one, BindParameter)]
    assert (bound.type._is_tuple_type, String()._is_tuple_type) == (True, False)
    twin = bound._clone(maintain_key=True)
    assert (twin is bound, twin.key) == (False, bound.key)
