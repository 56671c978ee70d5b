"""Which indexes that plugins' queries want a database lacks.

Nothing here creates one: whoever runs the database reads what ``starbeam db indexes`` prints, and decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, inspect

from starbeam.api import Index

if TYPE_CHECKING:
    from starbeam.api.database import Schema

LONGEST_NAME = 64
"""How many characters MariaDB allows in the name of an index."""

Existing = Mapping[str, Sequence[tuple[str, ...]]]
"""By table: the columns of each index that it has, the primary key's too; all in small letters."""


def existing(connection: Connection, tables: Iterable[str]) -> Existing:
    """Read which indexes these tables of a database have, for `AsyncConnection.run_sync`; a table that is
    not there is left out."""
    inspector = inspect(connection)
    spelled = {name.lower(): name for name in inspector.get_table_names()}
    found: dict[str, list[tuple[str, ...]]] = {}
    for table in {name.lower() for name in tables} & spelled.keys():
        name = spelled[table]
        keys: list[Sequence[str | None]] = [
            inspector.get_pk_constraint(name)["constrained_columns"],
            *(index["column_names"] for index in inspector.get_indexes(name)),
            *(unique["column_names"] for unique in inspector.get_unique_constraints(name)),
        ]
        found[table] = [tuple(str(column).lower() for column in columns) for columns in keys]
    return found


def serves(index: Index, database: Existing) -> bool:
    """Whether a database has an index that begins with these columns, whatever its name and flavour."""
    wanted = tuple(column.lower() for column in index.columns)
    return any(columns[: len(wanted)] == wanted for columns in database.get(index.table.lower(), ()))


class Lacking(msgspec.Struct, frozen=True):
    """An index that a database lacks."""

    table: str
    columns: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...]
    """Which plugins want it, and why."""
    sql: str


def lacking(connection: Connection, wanted: Iterable[tuple[str, Index]], schema: Schema) -> list[Lacking]:
    """What of the wanted (by plugin) a database lacks. What is wanted on tables and columns that are not
    there is left out, and so is what the beginning of a longer one serves."""
    reasons: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for plugin, index in wanted:
        if all(schema.found(index.table, name) for name in index.columns):
            reasons.setdefault((index.table, *index.columns), []).append((plugin, index.why))
    found = existing(connection, [table for table, *_ in reasons])
    return [
        Lacking(table, tuple(columns), tuple(said), _sql(connection, table, columns))
        for (table, *columns), said in reasons.items()
        if not serves(Index(table, tuple(columns), ""), found)
        and not any(longer[: len(columns) + 1] == (table, *columns) for longer in _longer(reasons, columns))
    ]


def _longer(keys: Iterable[tuple[str, ...]], columns: Sequence[str]) -> list[tuple[str, ...]]:
    return [key for key in keys if len(key) > len(columns) + 1]


def _sql(connection: Connection, table: str, columns: Sequence[str]) -> str:
    """The statement that makes an index; on MariaDB one that reads and writes may go on beside."""
    quote = connection.dialect.identifier_preparer.quote
    name = f"{table}_{'_'.join(columns)}_starbeam"[:LONGEST_NAME]
    statement = f"CREATE INDEX {quote(name)} ON {quote(table)} ({', '.join(map(quote, columns))})"
    return statement if connection.dialect.name == "sqlite" else f"{statement} ALGORITHM=INPLACE LOCK=NONE"
