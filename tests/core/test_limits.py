"""What a column takes is read from the database at hand, and whatever is written is checked against it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import insert, update

from starbeam.auth.backends import Identity
from starbeam.db.columns import Column
from starbeam.db.limits import NotTaken, fitting, longest, takes
from starbeam.db.models import Person, UserGroup
from starbeam.db.schema import Schema
from starbeam.refusals import Invalid
from starbeam_testing.app import TestApp, TestDatabase
from starbeam_testing.fixtures import MakeApp
from support.columns import definition
from support.probe import WITH_PROBE

pytestmark = pytest.mark.anyio

on_latin1 = pytest.mark.on("mariadb-community")


def column(type_: str, character_set: str | None = None) -> Column:
    return Column("some", type_, True, None, "", character_set)


@pytest.mark.parametrize(
    ("type_", "value", "held"),
    [
        ("varchar(3)", "abc", "abc"),
        ("int(11)", -(2**31), -(2**31)),
        ("int(10) unsigned", 2**32 - 1, 2**32 - 1),
        ("tinyint(1)", True, True),
        ("bigint(20)", 2**63 - 1, 2**63 - 1),
        ("enum('Open','Closed')", "OPEN", "Open"),
        ("enum('it''s','a,b')", "a,b", "a,b"),
        ("text", "x" * 65_535, "x" * 65_535),
        ("datetime", datetime(2026, 1, 2, 3, 4, 5, 6), datetime(2026, 1, 2, 3, 4, 5)),
        ("geometry", "anything", "anything"),
    ],
)
def test_what_fits(type_: str, value: Any, held: Any) -> None:
    assert fitting(column(type_), value) == held


@pytest.mark.parametrize(
    ("type_", "value", "why"),
    [
        ("varchar(3)", "abcd", "must not be longer than 3 characters"),
        ("smallint(6)", 40_000, "must be between -32768 and 32767"),
        ("mediumint(8) unsigned", -1, "must be between 0 and 16777215"),
        ("enum('it''s','a,b')", "a", "must be one of it's, a,b"),
        ("tinytext", "é" * 128, "must not be longer than 255 bytes"),
        ("float", 1e39, "must be between -3.4028234e+38 and 3.4028234e+38"),
        ("timestamp", datetime(2050, 1, 1), "must be later than 1970 and earlier than 2038"),
    ],
)
def test_what_does_not(type_: str, value: Any, why: str) -> None:
    with pytest.raises(NotTaken) as error:
        fitting(column(type_), value)
    assert str(error.value) == why


def test_a_text_of_one_byte_for_each_letter_holds_more_of_them() -> None:
    assert fitting(column("tinytext", "latin1"), "é" * 255) == "é" * 255
    with pytest.raises(NotTaken, match="cannot hold 'Ω': its character set is latin1"):
        fitting(column("tinytext", "latin1"), "aΩ")


def test_persons_are_fitted_to_the_columns() -> None:
    types = {
        "login": "varchar(45)",
        "givenName": "varchar(3)",
        "emailAddress": "varchar(5)",
        "siteId": "int(11)",
    }
    named = {name.lower(): Column(name, type_, True, None, "", "latin1") for name, type_ in types.items()}
    schema = Schema("mysql", {"person": named})
    person = Identity("ann", "Anna", "Ω", "a@b.example", None, 2**31).fitting(schema)
    assert person == Identity("ann", givenName="Ann", familyName="Ω")


@pytest.fixture
async def widened(db: TestDatabase, make_app: MakeApp) -> AsyncIterator[TestApp]:
    """A facility that widened one column and narrowed another."""
    before = {
        (table, column): await definition(db, table, column)
        for table, column in (("Person", "login"), ("UserGroup", "name"))
    }
    await db.sql("ALTER TABLE Person MODIFY login VARCHAR(60) CHARACTER SET latin1")
    await db.sql("ALTER TABLE UserGroup MODIFY name VARCHAR(5) CHARACTER SET latin1 NOT NULL")
    yield await make_app("ispyb", "probe", **WITH_PROBE)
    await db.sql("DELETE FROM Person")
    for (table, column), was in before.items():
        await db.sql(f"ALTER TABLE {table} MODIFY {column} {was}")


@on_latin1
async def test_writes_are_refused_by_the_columns_name(widened: TestApp) -> None:
    headers = await widened.as_user("ann")

    async def add(login: str) -> tuple[int, Any]:
        answer = await widened.client.post("/probe/people", json={"name": login}, headers=headers)
        return answer.status_code, answer.json() and answer.json()["detail"]

    assert await add("x" * 60) == (201, None)
    long = {"loc": ["body", "login"], "msg": "must not be longer than 60 characters", "type": "value_error"}
    assert await add("x" * 61) == (422, [long])
    assert await add("Żaneta") == (400, "login cannot hold 'Ż': its character set is latin1")


@on_latin1
async def test_a_column_that_was_widened_a_moment_ago_takes_the_value(widened: TestApp) -> None:
    headers = await widened.as_user("ann")
    sql, database = widened.database.sql, widened.starbeam.database
    await sql("ALTER TABLE Person MODIFY login VARCHAR(61) CHARACTER SET latin1")
    answer = await widened.client.post("/probe/people", json={"name": "x" * 61}, headers=headers)
    assert answer.status_code == 201
    await sql("ALTER TABLE Person MODIFY login VARCHAR(61) CHARACTER SET utf8mb4")
    answer = await widened.client.post("/probe/people", json={"name": "Żaneta"}, headers=headers)
    assert answer.status_code == 201
    await sql("ALTER TABLE UserGroup MODIFY name VARCHAR(6) CHARACTER SET latin1 NOT NULL")
    assert [await database.takes("UserGroup", "name", "x" * length) for length in (6, 7)] == [True, False]


@on_latin1
async def test_every_way_to_write_is_checked(widened: TestApp) -> None:
    database = widened.starbeam.database
    longest_name = longest((await database.ready()).found("UserGroup", "name"))
    assert longest_name == 5
    for statement, rows in (
        (insert(UserGroup).values(name="groups"), None),
        (insert(UserGroup), [{"name": "group"}, {"name": "groups"}]),
        (update(UserGroup).where(UserGroup.name == "a longer name").values(name="groups"), None),
    ):
        with pytest.raises(Invalid, match="must not be longer than 5 characters"):
            async with database.transaction() as session:
                await session.execute(statement, rows)
    async with database.transaction() as session:
        session.add(row := Person(login="ann"))
        await session.flush()
        row.login = "x" * 61
        with pytest.raises(Invalid):
            await session.flush()
        await session.rollback()


def test_decimals_and_choices_of_a_facility() -> None:
    """Of `decimal(6,2)` 9999.99 is the largest; 9999.996 would be 10000.00."""

    def taken(type_: str, value: Any) -> Any:
        column = Column("weight", type_, True, None, "")
        return fitting(column, value) if takes(column, value) else "refused"

    numbers = (9999.99, -9999.99, 9999.996, 10_000, -10_000, 0, 1.005)
    assert [taken("decimal(6,2)", one) for one in numbers] == [
        *(9999.99, -9999.99, "refused", "refused", "refused", 0, 1.005),
    ]
    assert [taken("decimal(3,0) unsigned", one) for one in (999, 1000, -1)] == [999, "refused", "refused"]
    texts = ("Open", "open", "OPEN ", "opens", "closed", "CLOSED")
    assert [taken("enum('Open','open','Closed')", one) for one in texts] == [
        *("Open", "open", "Open", "refused", "Closed", "Closed"),
    ]
