"""Texts of letters that a column's character set lacks: most of the flavours' own tables are latin1."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import bindparam, func, or_, select

from starbeam.db.connection import ReadConnection
from starbeam.db.models import Person
from starbeam.db.texts import holds
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.columns import definition
from support.probe import WITH_PROBE

pytestmark = pytest.mark.anyio

on_latin1 = pytest.mark.on("mariadb-community")


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    """Two persons; only the second is in Latin-1."""
    app = await make_app("ispyb", "probe", **WITH_PROBE)
    await app.database.add(
        Person, {"login": "ann", "givenName": "Ann"}, {"login": "rené€x", "givenName": "René"}
    )
    return app


@pytest.mark.parametrize(
    ("character_set", "text", "held"),
    [
        ("latin1", "é", True),
        ("latin1", "€", True),  # as Windows has it
        ("latin1", "\x81", True),
        ("latin1", "\x80", False),  # its place is the euro's
        ("latin1", "ś", False),
        ("latin2", "ś", True),
        ("utf8mb3", "Ω\uffff", True),
        ("utf8mb3", "😀", False),
        ("utf8mb4", "😀", True),
        ("geostd8", "Ω", True),  # nobody knows: the database says
        (None, "😀", True),
    ],
)
def test_character_sets_hold_their_letters(character_set: str | None, text: str, held: bool) -> None:
    assert holds(character_set, text) is held


async def logins(app: TestApp, **query: str) -> list[str]:
    headers = await app.as_user("ann")
    answer = await app.client.get("/probe/people", params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["total"] == len(answer.json()["results"])
    return [one["login"] for one in answer.json()["results"]]


@on_latin1
async def test_a_column_contains_no_letter_that_it_lacks(app: TestApp) -> None:
    for text in ("Ω", "日本", "Wiśniewski", "😀", "a\ufffd"):
        assert await logins(app, search=text) == []
    assert await logins(app, search="é€") == ["rené€x"]


@on_latin1
async def test_each_comparison_is_as_its_own_column_holds(app: TestApp) -> None:
    """One value beside columns of several character sets, within functions, in lists, and negated."""
    was = await definition(app.database, "Person", "givenName")
    await app.database.sql("ALTER TABLE Person MODIFY givenName VARCHAR(45) CHARACTER SET utf8mb4")
    await app.database.sql("UPDATE Person SET givenName = 'Ω' WHERE login = 'ann'")
    value, inner = bindparam("value"), select(Person.personId, Person.login).subquery()
    try:
        found = {
            "either": await _found(app, or_(Person.login == value, Person.givenName == value), value="Ω"),
            "lowered": await _found(app, func.lower(Person.login) == func.lower(value), value="Ω"),
            "joined": await _found(app, func.concat(Person.login, Person.givenName) == value, value="annΩ"),
            "listed": await _found(
                app, Person.login.in_(bindparam("value", expanding=True)), value=["Ω", "ann"]
            ),
            "another": await _found(app, Person.login != value, value="Ω"),
            "between": await _found(app, Person.login.between(value, "日本"), value="Ω"),
            "inner": await _found(
                app, Person.personId.in_(select(inner.c.personId).where(inner.c.login == value)), value="Ω"
            ),
        }
    finally:
        await app.database.sql("UPDATE Person SET givenName = NULL")
        await app.database.sql(f"ALTER TABLE Person MODIFY givenName {was}")
    both = ["ann", "rené€x"]
    assert found == {
        "either": ["ann"],
        "lowered": [],
        "joined": ["ann"],
        "listed": ["ann"],
        "another": both,
        "between": [],
        "inner": [],
    }


async def _found(app: TestApp, condition: Any, **values: Any) -> list[str]:
    """The logins that a condition finds, on the way of reads and on that of writes."""
    database = app.starbeam.database
    database._schema = None  # the table has changed
    await database.ready()
    query = select(Person.login).where(condition).order_by(Person.personId)
    async with database.transaction() as session:
        written = [row[0] for row in await session.execute(query, values)]
    connection = ReadConnection(database)
    read = [row[0] for row in await connection.fetch(query, values)]
    await connection.close()
    assert read == written
    return written


@on_latin1
async def test_the_index_of_the_column_is_used(app: TestApp) -> None:
    query = select(Person.personId).where(Person.login == bindparam("value"))
    await app.starbeam.database.ready()
    sql, values = app.starbeam.database.prepared(query).call({"value": "Ω"})
    async with app.starbeam.database.read() as connection:
        plan = (await connection.exec_driver_sql(f"EXPLAIN {sql}", tuple(values))).mappings().one()
    assert (plan["type"], plan["key"]) == ("ref", "Person_FKIndex_Login")
