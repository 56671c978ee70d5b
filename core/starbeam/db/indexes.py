"""Indexes that plugins' queries want, and which of them a database lacks.

Nothing here creates one: whoever runs the database reads what ``starbeam db indexes`` prints, and decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, inspect


class Index(msgspec.Struct, frozen=True):
    """An index that makes queries of a plugin cheap: on these columns of a table, in this order.

    `why` says which operation gains, in a few words for whoever runs the database.
    """

    table: str
    columns: tuple[str, ...]
    why: str


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
