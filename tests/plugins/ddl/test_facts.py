"""The facts about the schemas, and the databases made of them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import astuple
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from starbeam.app import Starbeam
from starbeam.db import sqlite
from starbeam.db.columns import Column, enum_values
from starbeam.db.essential import ISPYB, OF_ONE_FLAVOUR
from starbeam.db.schema import reflect
from starbeam.settings import load
from starbeam_ddl import ddl
from starbeam_ddl.facts import FLAVOURS, Flavour, Table, facts
from support import schemas, workspace

on_mariadb = pytest.mark.on("mariadb-union", "mariadb-community", "mariadb-diamond")


def column(flavour: Flavour, table: str, name: str) -> Column:
    found = facts(flavour)[table].column(name)
    assert found is not None, (flavour, table, name)
    return found


# The facts


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_keys_and_indexes_name_columns_that_exist(flavour: Flavour) -> None:
    tables = facts(flavour)
    for table in tables.values():
        names = [*table.primary_key, *(n for index in table.indexes for n in index.columns)]
        assert all(table.column(name) for name in names), table.name
        for key in table.foreign_keys:
            here, there = table.column(key.column), tables[key.references_table].column(key.references_column)
            assert here is not None
            assert there is not None
            assert ("unsigned" in here.type) == ("unsigned" in there.type), (table.name, key)


def test_union_has_every_table_and_column_of_both() -> None:
    union = facts("union")
    for flavour in ("community", "diamond"):
        for table in facts(flavour).values():
            assert [c.name for c in table.columns if union[table.name].column(c.name) is None] == []


def test_union_takes_what_differs_from_diamond() -> None:
    assert column("union", "AutoProcProgram", "processingStatus").type == "tinyint(1)"
    assert column("union", "BLSample", "name").type == "varchar(45)"
    assert column("union", "DataCollection", "blSampleId").name == "BLSAMPLEID"
    assert facts("union")["ImageQualityIndicators"].primary_key == ("dataCollectionId", "imageNumber")


def test_union_leaves_columns_of_the_community_to_be_null() -> None:
    added = column("union", "XRFFluorescenceMapping", "counts")
    assert not column("community", "XRFFluorescenceMapping", "counts").nullable
    assert added.nullable
    assert added.default is None


def test_union_enums_hold_the_values_of_both() -> None:
    values = enum_values(column("union", "DataCollectionGroup", "experimentType").type)
    assert {"tomo", "Metal ID", "SSX-Chip", "OSC"} <= set(values)
    assert "MXPressF" in enum_values(column("union", "DiffractionPlan", "experimentKind").type)
    assert len(values) == len(set(values))


def test_core_knows_the_names_of_all_tables() -> None:
    community, diamond = facts("community").keys(), facts("diamond").keys()
    assert community | diamond == ISPYB
    assert community ^ diamond == OF_ONE_FLAVOUR


# Databases made of them


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[AsyncConnection]:
    engine = await fresh_sqlite(tmp_path)
    async with engine.begin() as opened:
        yield opened
    await engine.dispose()


async def fresh_sqlite(folder: Path) -> AsyncEngine:
    url = await schemas.fresh_database(schemas.SQLITE, folder)
    return create_async_engine(url, connect_args=sqlite.connect_args())


@pytest.mark.anyio
@on_mariadb
async def test_mariadb_shows_the_facts_it_was_made_of(kind: schemas.Kind, database_url: str) -> None:
    engine = create_async_engine(database_url)
    query = text(
        "SELECT table_name, column_name, column_type, is_nullable = 'YES', column_default, extra,"
        " character_set_name, collation_name"
        " FROM information_schema.columns WHERE table_schema = DATABASE()"
    )
    async with engine.connect() as connection:
        found = {(row[0], row[1]): tuple(row)[2:] for row in await connection.execute(query)}
    await engine.dispose()
    assert found == {
        (table.name, column.name): expected_column(column)
        for table in facts(kind.flavour).values()
        for column in table.columns
    }


def expected_column(column: Column) -> tuple[Any, ...]:
    """Type, nullability, default, extra and letters as `information_schema` shows them after `create`."""
    default = column.default or ("NULL" if column.nullable else None)
    is_text = column.type.startswith(("varchar", "tinytext", "text", "longtext", "enum"))
    letters = ("utf8mb4", "utf8mb4_general_ci") if is_text else (None, None)
    return (
        column.type,
        column.nullable,
        default and default.replace(ddl.ZERO_DATE, ddl.NEVER),
        column.extra,
        column.character_set or letters[0],
        column.collation or letters[1],
    )


def expected_indexes(table: Table) -> set[tuple[Any, ...]]:
    """Columns (without case) and uniqueness of each index."""
    indexes = {(tuple(c.lower() for c in index.columns), index.unique) for index in table.indexes}
    return {(tuple(c.lower() for c in table.primary_key), True), *indexes}


def as_declared(column: Column) -> str:
    """A type as SQLite tells it."""
    if column.auto_increment:
        return "integer"
    if column.type.startswith(("varchar", "enum")):
        return column.type.replace("','", "', '")
    if column.type.startswith(("binary", "longblob")):
        return "blob"
    name, unsigned = re.sub(r"\(\d+\)", "", column.type).split(" ")[0], " unsigned" in column.type
    return f"{name} unsigned" if unsigned and "int" in name else name


@pytest.mark.anyio
async def test_sqlite_says_itself_what_its_columns_take(connection: AsyncConnection) -> None:
    found = (await reflect(connection)).tables
    union = facts("union").values()
    expected = {table.name: {c.name: as_declared(c) for c in table.columns} for table in union}
    for table, columns in expected.items():
        assert {c.name: c.type for c in found[table.lower()].values()} == columns, table
    assert found.keys() == {table.lower() for table in expected}
    assert {c.name for c in found["position"].values() if c.generated} == {"X", "Y", "Z"}
    assert found["person"]["login"].nullable
    assert not found["person"]["personid"].nullable


@pytest.mark.anyio
@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_a_database_of_a_flavour_lacks_nothing_that_both_have(flavour: Flavour, tmp_path: Path) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/a.db", connect_args=sqlite.connect_args())
    await ddl.create(engine, flavour)
    async with engine.begin() as connection:
        whole = await reflect(connection)
        await connection.exec_driver_sql("ALTER TABLE Shipping RENAME COLUMN safetyLevel TO gone")
        trimmed = await reflect(connection)
    await engine.dispose()
    enabled = [name for name in workspace.whole_system() if name != "auth_dummy"]
    app = Starbeam(load(None, {}, {"plugins.enabled": enabled}), needs_secret=False)
    models = [one for name, one in app.registry.models.items() if not name.startswith("Starbeam")]
    assert (whole.lacking(models), whole.missing(models)) == ([], [])
    assert (trimmed.lacking(models), trimmed.missing(models)) == (["Shipping.SAFETYLEVEL"], [])


@pytest.mark.anyio
@on_mariadb
async def test_mariadb_has_the_indexes_and_foreign_keys(kind: schemas.Kind, database_url: str) -> None:
    engine = create_async_engine(database_url)
    indexes: dict[str, set[tuple[Any, ...]]] = {}
    async with engine.connect() as connection:
        rows = await connection.execute(
            text(
                "SELECT table_name, LOWER(GROUP_CONCAT(column_name ORDER BY seq_in_index)), non_unique"
                " FROM information_schema.statistics WHERE table_schema = DATABASE()"
                " GROUP BY table_name, index_name, non_unique"
            )
        )
        for table, columns, non_unique in rows:
            indexes.setdefault(table, set()).add((tuple(columns.split(",")), not non_unique))
        rows = await connection.execute(
            text(
                "SELECT k.table_name, k.column_name, k.referenced_table_name, k.referenced_column_name,"
                " r.delete_rule, r.update_rule FROM information_schema.key_column_usage k"
                " JOIN information_schema.referential_constraints r"
                " USING (constraint_schema, constraint_name)"
                " WHERE k.table_schema = DATABASE()"
            )
        )
        keys = {tuple(row) for row in rows}
    await engine.dispose()
    for table in facts(kind.flavour).values():
        assert indexes[table.name] >= expected_indexes(table), table.name
    assert keys == {
        (table.name, *astuple(key)) for table in facts(kind.flavour).values() for key in table.foreign_keys
    }


@pytest.mark.anyio
@pytest.mark.four_databases
async def test_create_refuses_a_database_that_has_tables(kind: schemas.Kind, database_url: str) -> None:
    arguments = sqlite.connect_args() if kind.server == "sqlite" else {}
    engine = create_async_engine(database_url, connect_args=arguments)
    with pytest.raises(ddl.DatabaseNotEmpty, match="refuses to touch an existing database"):
        await ddl.create(engine, kind.flavour)
    await engine.dispose()


@pytest.mark.anyio
@pytest.mark.parametrize("flavour", FLAVOURS)
async def test_sqlite_has_every_column(flavour: Flavour, tmp_path: Path) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/db", connect_args=sqlite.connect_args())
    await ddl.create(engine, flavour)
    async with engine.connect() as connection:
        for table in facts(flavour).values():
            rows = await connection.execute(text(f'PRAGMA table_xinfo("{table.name}")'))
            assert {(r.name, not r.notnull) for r in rows} == {(c.name, c.nullable) for c in table.columns}
    await engine.dispose()


# SQLite as MariaDB


@pytest.mark.anyio
async def test_text_compares_without_case_accents_and_trailing_blanks(connection: AsyncConnection) -> None:
    await connection.execute(
        text("INSERT INTO AdminVar (name, value) VALUES ('Émile', 'x'), ('b', 'y'), ('C', 'z')")
    )
    select = text("SELECT value FROM AdminVar WHERE name = :name")
    for name in ("Émile", "emile", "EMILE  "):
        assert (await connection.execute(select, {"name": name})).scalars().all() == ["x"], name
    assert (await connection.execute(select, {"name": " b"})).scalars().all() == []
    ordered = await connection.execute(text("SELECT name FROM AdminVar ORDER BY name DESC"))
    assert ordered.scalars().all() == ["Émile", "C", "b"]


@pytest.mark.anyio
async def test_unique_indexes_use_the_collation(connection: AsyncConnection) -> None:
    insert = text("INSERT INTO AdminActivity (username) VALUES (:name)")
    await connection.execute(insert, {"name": "Smith"})
    with pytest.raises(IntegrityError, match="UNIQUE"):
        await connection.execute(insert, {"name": "smith "})


LIKES = [
    ("abc", "ABC", True),
    ("a%", "Álpha", True),
    ("a_c", "AéC", True),
    ("a_c", "ac", False),
    ("abc", "abc ", False),
    ("50!%", "50%", True),
    ("50!%", "500", False),
    ("%!_%", "a_b", True),
    ("%!_%", "ab", False),
    ("!!", "!", True),
    ("a.c", "abc", False),
    ("%\nb", "a\nB", True),
    ("1%", 12, True),
    ("%" * 300 + "b", "ab", True),
    ("a" * 300, "a", False),
    ("A" * 250 + "_%", "a" * 251, True),
    ("!%" * 150, "%" * 150, True),
    ("!%" * 150, "%" * 149, False),
]


@pytest.mark.anyio
@pytest.mark.on("sqlite-union", "mariadb-union")
async def test_like_is_the_same_on_both(kind: schemas.Kind, database_url: str) -> None:
    arguments = sqlite.connect_args() if kind.server == "sqlite" else {}
    engine = create_async_engine(database_url, connect_args=arguments)
    async with engine.connect() as connection:
        for pattern, value, matches in LIKES:
            query = text("SELECT :value LIKE :pattern ESCAPE '!'")
            found = (await connection.execute(query, {"pattern": pattern, "value": value})).scalar()
            assert bool(found) is matches, (pattern, value)
        query = text("SELECT :value LIKE :pattern")
        assert (await connection.execute(query, {"pattern": "5\\%", "value": "5%"})).scalar() == 1
        assert (await connection.execute(query, {"pattern": "5\\%", "value": "55"})).scalar() == 0
        assert (await connection.execute(query, {"pattern": "a", "value": None})).scalar() is None
    await engine.dispose()


@pytest.mark.anyio
async def test_sqlite_refuses_what_an_enum_or_a_foreign_key_refuses(connection: AsyncConnection) -> None:
    with pytest.raises(IntegrityError, match="CHECK"):
        await connection.execute(text("INSERT INTO Proposal (personId, state) VALUES (1, 'Ajar')"))
    with pytest.raises(IntegrityError, match="FOREIGN KEY"):
        await connection.execute(text("INSERT INTO Proposal (personId) VALUES (99)"))


@pytest.mark.anyio
async def test_sqlite_fills_defaults(connection: AsyncConnection) -> None:
    await connection.execute(text("INSERT INTO Person (personId) VALUES (7)"))
    await connection.execute(text("INSERT INTO Proposal (personId) VALUES (7)"))
    state, when = (await connection.execute(text("SELECT state, bltimeStamp FROM Proposal"))).one()
    assert state == "Open"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", when)
    assert when <= (await connection.execute(text("SELECT datetime('now', 'localtime')"))).scalar_one()


@pytest.mark.anyio
async def test_sqlite_does_not_give_a_key_twice(connection: AsyncConnection) -> None:
    for expected in (1, 2):
        await connection.execute(text("INSERT INTO Person (login) VALUES ('a')"))
        assert (await connection.execute(text("SELECT personId FROM Person"))).scalars().all() == [expected]
        await connection.execute(text("DELETE FROM Person"))


@pytest.mark.anyio
async def test_read_only_connections_refuse_to_write(tmp_path: Path) -> None:
    engine = await fresh_sqlite(tmp_path)
    sqlite.prepare(engine, read_only=True)
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT COUNT(*) FROM Person"))).scalar() == 0
        with pytest.raises(Exception, match="readonly database"):
            await connection.execute(text("INSERT INTO Person (login) VALUES ('a')"))
    await engine.dispose()


@pytest.mark.anyio
async def test_generated_columns_follow_what_they_are_computed_from(connection: AsyncConnection) -> None:
    await connection.execute(text("INSERT INTO Position (posX, posY, posZ) VALUES (1.5, 2.5, 3.5)"))
    assert (await connection.execute(text("SELECT X, Y, Z FROM Position"))).one() == (1.5, 2.5, 3.5)
