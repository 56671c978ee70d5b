"""Old and trimmed schemas: Diamond's of years ago, and others without one table or column after the other."""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from starbeam.db import sqlite
from starbeam.db.columns import Column
from starbeam_ddl import ddl
from starbeam_ddl.facts import Table, Tables, facts
from support.mariadb import Server

VERSIONS = ("1.0.0", "1.5.0", "1.10.0", "1.20.0", "1.30.0", "2.0.0", "3.0.0", "4.2.0", "4.13.0", "5.0.0+")
"""Diamond's, the oldest of 2018."""

TRIMMED = "trimmed"
Keep = Callable[[str, str], bool]
"""Whether a table (its name) keeps a column."""


@cache
def _changes() -> list[dict[str, str]]:
    """Columns that came or went: `from` and `until` are the first and the last version that has one."""
    with Path(__file__).with_name("diamond-versions.tsv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def of_version(version: str) -> Tables:
    """The tables of a version of Diamond's schema."""
    now = VERSIONS.index(version)
    absent, more = set[tuple[str, str]](), dict[str, list[Column]]()
    for row in _changes():
        first = VERSIONS.index(row["from"]) if row["from"] else 0
        last = VERSIONS.index(row["until"]) if row["until"] else len(VERSIONS)
        if not first <= now <= last:
            absent.add((row["table"], row["column"].lower()))
        elif row["until"]:
            more.setdefault(row["table"], []).append(Column(row["column"], row["type"], True, None, ""))
    grown = {
        name: msgspec.structs.replace(table, columns=(*table.columns, *more.get(name, ())))
        for name, table in facts("diamond").items()
    }
    return without(grown, lambda table, column: (table, column.lower()) not in absent)


def without(tables: Tables, keep: Keep) -> Tables:
    """The tables with the columns to keep, and the keys and indexes of these. A table without a column is
    gone, and so is one without its primary key."""
    kept = {name: _columns(table, keep) for name, table in tables.items()}
    kept = {name: columns for name, columns in kept.items() if {*tables[name].primary_key} <= columns}
    return {name: _trimmed(tables[name], kept) for name in kept}


def _columns(table: Table, keep: Keep) -> set[str]:
    return {column.name for column in table.columns if keep(table.name, column.name)}


def _trimmed(table: Table, kept: dict[str, set[str]]) -> Table:
    mine = {name.lower() for name in kept[table.name]}
    return msgspec.structs.replace(
        table,
        columns=tuple(column for column in table.columns if column.name.lower() in mine),
        indexes=tuple(i for i in table.indexes if all(name.lower() in mine for name in i.columns)),
        foreign_keys=tuple(
            key
            for key in table.foreign_keys
            if key.column.lower() in mine and key.references_column in kept.get(key.references_table, ())
        ),
    )


async def in_sqlite(tables: Tables, folder: Path) -> str:
    """The address of an empty SQLite database with these tables."""
    url = f"sqlite+aiosqlite:///{folder}/trimmed.db"
    await _create(tables, create_async_engine(url, connect_args=sqlite.connect_args()))
    return url


async def in_mariadb(tables: Tables, server: Server) -> str:
    """The address of an empty database with these tables, the only such one of a server."""
    engine = create_async_engine(server.url())
    async with engine.begin() as connection:
        for statement in (f"DROP DATABASE IF EXISTS {TRIMMED}", f"CREATE DATABASE {TRIMMED}"):
            await connection.exec_driver_sql(statement)
    await engine.dispose()
    await _create(tables, create_async_engine(server.url(TRIMMED)))
    return server.url(TRIMMED)


async def _create(tables: Tables, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.run_sync(ddl.tables_of(tables).create_all, checkfirst=False)
    await engine.dispose()
