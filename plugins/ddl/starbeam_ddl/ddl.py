"""Fresh databases: the tables of a flavour on MariaDB or SQLite, created from the facts.

An existing database is never touched: `create` refuses one that holds any table.

Where the two databases differ: SQLite keeps MariaDB's types as names, which tell what a column takes. It gets
text columns with a collation that compares as MariaDB's, CHECKs in place of ENUMs, and local time in place of
the server's `current_timestamp()`. It fills no column with the current user, and none when a row is updated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import DDLCompiler
from sqlalchemy.types import TypeEngine

from starbeam.api.database import COLLATION, TABLE_OPTIONS, Column, enum_values
from starbeam_ddl import facts

Type = TypeEngine[Any]

ZERO_DATE = "0000-00-00 00:00:00"
NEVER = "1970-01-02 00:00:00"
"""Stands for MariaDB's zero date, which strict servers refuse: a TIMESTAMP can hold it in every time zone."""

KEY_BYTES = 3072
"""How long a key of InnoDB can be."""
LETTER_BYTES = {"latin1": 1, "utf8mb3": 3, "utf8mb4": 4}
PREFIX = 191
"""How many letters of each text a key holds that would be longer."""

_GENERATED = {"X": "posX", "Y": "posY", "Z": "posZ"}
"""What the generated columns of `Position` are computed from: `information_schema` does not tell."""


class DatabaseNotEmpty(Exception):
    """The database holds tables already: `create` refuses to touch an existing database."""

    def __init__(self, tables: list[str]) -> None:
        self.tables = tables
        shown = ", ".join(tables[:3]) + (" and more" if len(tables) > 3 else "")
        super().__init__(f"refuses to touch an existing database: it has the tables {shown}")


async def create(engine: AsyncEngine, flavour: facts.Flavour) -> None:
    """Create all tables of a flavour in an empty database.

    Raises:
        DatabaseNotEmpty: the database has tables or views already.
    """
    async with engine.begin() as connection:
        if existing := await connection.run_sync(_existing):
            raise DatabaseNotEmpty(existing)
        if connection.dialect.name == "sqlite":
            await _begin(connection)
        await connection.run_sync(tables(flavour).create_all, checkfirst=False)


async def _begin(connection: AsyncConnection) -> None:
    """SQLite's driver opens no transaction for DDL by itself: every statement would wait for the disk."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    if not driver.in_transaction:
        await connection.exec_driver_sql("BEGIN")


def _existing(connection: sa.Connection) -> list[str]:
    inspector = sa.inspect(connection)
    return [*inspector.get_table_names(), *inspector.get_view_names()]


@cache
def tables(flavour: facts.Flavour) -> sa.MetaData:
    """The tables of a flavour, to create them with: for queries there are models."""
    return tables_of(facts.facts(flavour))


def tables_of(described: facts.Tables) -> sa.MetaData:
    """The same of any facts."""
    metadata = sa.MetaData()
    for table in described.values():
        sa.Table(
            table.name,
            metadata,
            *(_column(table, column) for column in table.columns),
            sa.PrimaryKeyConstraint(*table.primary_key),
            *_checks(table),
            *_foreign_keys(table),
            *_indexes(table),
            sqlite_autoincrement=any(column.auto_increment for column in table.columns),
            **TABLE_OPTIONS,
        )
    return metadata


def _column(table: facts.Table, column: Column) -> sa.Column[Any]:
    parts: list[Any] = []
    if column.generated:
        parts.append(sa.Computed(_GENERATED[column.name], persisted=False))
    return sa.Column(
        column.name,
        type_(column),
        *parts,
        nullable=column.nullable,
        autoincrement=column.auto_increment,
        server_default=_default(column),
    )


# Types


class _Declared(sa.types.UserDefinedType[Any]):
    """A type of MariaDB as SQLite takes it: a name, which says what `starbeam.db.limits` lets in."""

    cache_ok = True

    def __init__(self, name: str, collation: str = "") -> None:
        self.name = name
        self.collation = collation

    def get_col_spec(self, **kwargs: Any) -> str:
        """The type as DDL writes it."""
        return f"{self.name.upper()} COLLATE {self.collation}" if self.collation else self.name.upper()


_INTEGERS: dict[str, Callable[..., Type]] = {
    "tinyint": mysql.TINYINT,
    "smallint": mysql.SMALLINT,
    "mediumint": mysql.MEDIUMINT,
    "int": mysql.INTEGER,
}
_NUMBERS: dict[str, Callable[..., Type]] = {"float": mysql.FLOAT, "double": mysql.DOUBLE}
_TEXTS: dict[str, Callable[..., Type]] = {
    "tinytext": mysql.TINYTEXT,
    "text": mysql.TEXT,
    "longtext": mysql.LONGTEXT,
}
_OTHERS: dict[str, tuple[Type, Type]] = {
    "datetime": (sa.DateTime(), mysql.DATETIME()),
    "timestamp": (_Declared("timestamp"), mysql.TIMESTAMP()),
    "date": (sa.Date(), mysql.DATE()),
    "time": (sa.Time(), mysql.TIME()),
    "longblob": (sa.LargeBinary(), mysql.LONGBLOB()),
}


def type_(column: Column) -> Type:
    """A column's type on MariaDB, with its equivalent on SQLite."""
    sqlite, mariadb = _types(column)
    return sqlite.with_variant(mariadb, "mysql", "mariadb")


def _types(column: Column) -> tuple[Type, Type]:
    """A type on SQLite and on MariaDB."""
    name, length, unsigned = _parse(column.type)
    letters = {"charset": column.character_set, "collation": column.collation}
    if name in _INTEGERS:
        counted = sa.Integer() if column.auto_increment else _Declared(f"{name}{' unsigned' * unsigned}")
        return counted, _INTEGERS[name](display_width=length, unsigned=unsigned)
    if name in _NUMBERS:
        return _Declared(name), _NUMBERS[name](unsigned=unsigned)
    if name in _TEXTS:
        return _Declared(name, COLLATION), _TEXTS[name](**letters)
    if name == "varchar":
        return sa.String(length, collation=COLLATION), mysql.VARCHAR(length, **letters)
    if name == "enum":
        values = enum_values(column.type)
        return sa.String(max(map(len, values)), collation=COLLATION), mysql.ENUM(*values, **letters)
    if name == "binary":
        return sa.LargeBinary(), mysql.BINARY(length)
    return _OTHERS[name]


def _parse(written: str) -> tuple[str, int | None, bool]:
    """Name, length and signedness: `int(11) unsigned` is `("int", 11, True)`."""
    match = re.match(r"(\w+)(?:\((\d+)\))?", written)
    if match is None:
        raise ValueError(f"not a type: {written!r}")
    return match[1], int(match[2]) if match[2] else None, "unsigned" in written


def _checks(table: facts.Table) -> Iterator[sa.CheckConstraint]:
    """What an ENUM refuses, for SQLite."""
    for column in table.columns:
        if column.type.startswith("enum("):
            check = sa.CheckConstraint(sa.column(column.name).in_(enum_values(column.type)))
            yield check.ddl_if(dialect="sqlite")


# Defaults


class _Default(sa.sql.expression.ClauseElement):
    """A default that is written differently on each database."""

    inherit_cache = False

    def __init__(self, mariadb: str, sqlite: str) -> None:
        self.mariadb = mariadb
        self.sqlite = sqlite


@compiles(_Default, "mysql", "mariadb")
def _default_mysql(element: _Default, compiler: DDLCompiler, **kw: Any) -> str:
    return element.mariadb


@compiles(_Default, "sqlite")
def _default_sqlite(element: _Default, compiler: DDLCompiler, **kw: Any) -> str:
    return element.sqlite


_NOW = "(datetime('now', 'localtime'))"


def _default(column: Column) -> Any:
    default = column.default
    if column.extra.startswith("on update"):
        return _Default(f"{default} {column.extra}", _NOW)
    if default is None:
        return None
    if default == "current_timestamp()":
        return _Default(default, _NOW)
    if default == "current_user()":
        return _Default(default, "NULL")
    return sa.text(default.replace(ZERO_DATE, NEVER))


# Keys


def _foreign_keys(table: facts.Table) -> Iterator[sa.ForeignKeyConstraint]:
    for key in table.foreign_keys:
        yield sa.ForeignKeyConstraint(
            [_spelling(table, key.column)],
            [f"{key.references_table}.{key.references_column}"],
            name=f"{table.name}_{key.column}_fk",
            ondelete=key.on_delete,
            onupdate=key.on_update,
        )


def _indexes(table: facts.Table) -> Iterator[sa.Index]:
    """The indexes; their names start with the table's, since on SQLite a database has each name once."""
    for index in table.indexes:
        names = [_spelling(table, name) for name in index.columns]
        full_name = f"{table.name}_{index.name.removeprefix(f'{table.name}_')}"
        yield sa.Index(full_name, *names, unique=index.unique, mysql_length=_prefixes(table, names))


def _prefixes(table: facts.Table, names: list[str]) -> dict[str, int]:
    """How many letters of which columns a key holds; empty when it holds all of them."""
    columns = [c for c in table.columns if c.name in names]
    lengths = {c.name: _parse(c.type)[1] or 0 for c in columns}
    if sum(lengths[c.name] * LETTER_BYTES[c.character_set or "utf8mb4"] for c in columns) <= KEY_BYTES:
        return {}
    return {name: PREFIX for name, length in lengths.items() if length > PREFIX}


def _spelling(table: facts.Table, name: str) -> str:
    """A column's name as the table spells it: in the union, the other flavour's keys may differ in case."""
    column = table.column(name)
    if column is None:
        raise KeyError(f"{table.name}.{name}")
    return column.name
