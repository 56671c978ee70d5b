"""What a database has: its tables and columns, read once for each engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from starbeam.db import facts


@dataclass(frozen=True)
class Schema:
    """The tables of a database and their columns; names are compared without case."""

    dialect: str
    tables: Mapping[str, frozenset[str]]

    def has(self, wanted: Any) -> bool:
        """Whether the database has a table (mapped class) or a column (its attribute)."""
        inspected = inspect(wanted)
        if inspected.is_mapper or inspected.is_aliased_class:
            return inspected.mapper.local_table.name.lower() in self.tables
        column = inspected.expression
        return column.name.lower() in self.tables.get(
            inspected.parent.mapper.local_table.name.lower(), frozenset()
        )

    def absent(self, models: Iterable[type[Any]]) -> list[str]:
        """All tables and columns of these models that this database lacks: `Table` or `Table.column`."""
        lacking = []
        for table in (model.__table__ for model in models):
            columns = self.tables.get(table.name.lower())
            if columns is None:
                lacking.append(f"{table.name}")
            else:
                names = (column.name for column in table.columns)
                lacking += [f"{table.name}.{name}" for name in names if name.lower() not in columns]
        return lacking

    def missing(self, models: Iterable[type[Any]]) -> list[str]:
        """Those of them that neither schema flavour is without."""
        return [name for name in self.absent(models) if facts.is_required(*name.split("."))]


_MYSQL = text(
    "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
)


def _sqlite(connection: Connection) -> list[tuple[str, str]]:
    inspector = inspect(connection)
    names = [*inspector.get_table_names(), *inspector.get_view_names()]
    return [(table, column["name"]) for table in names for column in inspector.get_columns(table)]


async def reflect(connection: AsyncConnection) -> Schema:
    """Read which tables and columns the database has."""
    dialect = connection.dialect.name
    if dialect == "sqlite":
        pairs = await connection.run_sync(_sqlite)
    else:
        pairs = [(table, column) for table, column in await connection.execute(_MYSQL)]
    tables: dict[str, set[str]] = {}
    for table, column in pairs:
        tables.setdefault(table.lower(), set()).add(column.lower())
    return Schema(dialect, {name: frozenset(columns) for name, columns in tables.items()})
