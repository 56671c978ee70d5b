"""What a database has: its tables and columns, read once for each engine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import Column as SqlColumn
from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from starbeam.db.columns import Column
from starbeam.db.essential import OF_ONE, OF_ONE_FLAVOUR, is_essential


@dataclass(frozen=True)
class Schema:
    """The tables of a database and their columns, by names in small letters: they compare without case."""

    dialect: str
    tables: Mapping[str, Mapping[str, Column]]
    weights: dict[tuple[str, str], str] = field(default_factory=dict, compare=False, repr=False)
    """What the server compares of texts that it was asked for (`starbeam.db.equality`)."""
    keyed: frozenset[tuple[str, str]] = field(default=frozenset(), compare=False, repr=False)
    """Columns of primary keys, and those that an index begins with, as they were at the first look."""

    def has(self, wanted: Any) -> bool:
        """Whether the database has a table (mapped class) or a column (its attribute)."""
        inspected = inspect(wanted)
        if inspected.is_mapper or inspected.is_aliased_class:
            return inspected.mapper.local_table.name.lower() in self.tables
        return self.found(inspected.parent.mapper.local_table.name, inspected.expression.name) is not None

    def found(self, table: str, column: str) -> Column | None:
        """What the database says of a column; None where it lacks it."""
        return self.tables.get(table.lower(), {}).get(column.lower())

    def is_keyed(self, column: Any) -> bool:
        """Whether rows are found by this attribute of a mapped class without reading the whole table. SQLite
        is not asked: its tables are small."""
        table, name = inspect(column).parent.mapper.local_table.name, inspect(column).expression.name
        return self.dialect == "sqlite" or (table.lower(), name.lower()) in self.keyed

    def columns_of(self, model: type[Any], names: Iterable[str]) -> dict[str, str]:
        """Of these attributes of a mapped class those whose columns the database has, each with its
        column's key."""
        attributes = inspect(model).column_attrs
        return {name: attributes[name].columns[0].key for name in names if self.has(getattr(model, name))}

    def character_set(self, column: SqlColumn[Any]) -> str | None:
        """The character set of a text column."""
        found = self.found(getattr(column.table, "name", ""), column.name)
        return found.character_set if found else None

    def collations(self, columns: Iterable[SqlColumn[Any]]) -> set[str]:
        """By which collations these columns compare their texts."""
        found = (self.found(getattr(column.table, "name", ""), column.name) for column in columns)
        return {one.collation for one in found if one and one.collation}

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

    def lacking(self, models: Iterable[type[Any]]) -> list[str]:
        """Those of them that both flavours have today: their columns are not `optional_column()`."""
        of_both = [model for model in models if model.__table__.name not in OF_ONE_FLAVOUR]
        columns = (column for model in of_both for column in model.__table__.columns)
        optional = {f"{column.table.name}.{column.name}" for column in columns if OF_ONE in column.info}
        return [name for name in self.absent(of_both) if name not in optional]

    def lacks(self, column: SqlColumn[Any]) -> bool:
        """Whether this column of a model is not there, which both flavours have today."""
        table = getattr(column.table, "name", "")
        of_one = table in OF_ONE_FLAVOUR or OF_ONE in column.info
        return not of_one and self.found(table, column.name) is None

    def missing(self, models: Iterable[type[Any]]) -> list[str]:
        """Those of them that a server cannot do without."""
        return [name for name in self.absent(models) if is_essential(*name.split("."))]

    def differences(self, before: Schema) -> list[str]:
        """What came, went or changed: `with Table.column`, `without Table`, `other Table.column`."""
        found = []
        for table in sorted({*self.tables, *before.tables}):
            new, old = self.tables.get(table), before.tables.get(table)
            if new is None or old is None:
                found.append(f"{'with' if old is None else 'without'} {table}")
            elif new != old:
                found += _columns_that_differ(table, new, old)
        return found


def _columns_that_differ(table: str, new: Mapping[str, Column], old: Mapping[str, Column]) -> Iterator[str]:
    for name in sorted({*new, *old}):
        if new.get(name) != old.get(name):
            how = "other" if name in new and name in old else "with" if name in new else "without"
            yield f"{how} {table}.{(new.get(name) or old[name]).name}"


_MYSQL = text(
    "SELECT table_name, column_name, column_type, is_nullable, column_default, extra,"
    " character_set_name, collation_name, column_key"
    " FROM information_schema.columns WHERE table_schema = DATABASE()"
)


_SQLITE = text(
    'SELECT m.name, m.sql, c.name, c.type, c."notnull", c.dflt_value, c.hidden'
    " FROM sqlite_master AS m JOIN pragma_table_xinfo(m.name) AS c"
    " WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite_%'"
)
_CHECKED = re.compile(r"""CHECK \("?(\w+)"? IN \(((?:'(?:[^']|'')*'(?:, )?)+)\)\)""")
"""SQLite's ENUM: a CHECK of a column that names all values."""


async def reflect(connection: AsyncConnection) -> Schema:
    """Read which tables and columns the database has."""
    dialect = connection.dialect.name
    rows = (await connection.execute(_SQLITE if dialect == "sqlite" else _MYSQL)).all()
    if dialect == "sqlite":
        pairs, keyed = [_of_sqlite(*row) for row in rows], frozenset[tuple[str, str]]()
    else:
        pairs = [_of_mysql(*described) for *described, _ in rows]
        keyed = frozenset((table.lower(), name.lower()) for table, name, *_, key in rows if key)
    tables: dict[str, dict[str, Column]] = {}
    for table, column in pairs:
        tables.setdefault(table.lower(), {})[column.name.lower()] = column
    return Schema(dialect, tables, keyed=keyed)


def _of_mysql(
    table: str, name: str, type_: str, nullable: str, default: str | None, extra: str, *letters: str | None
) -> tuple[str, Column]:
    """MariaDB writes "no default" as NULL, a text in quotes."""
    return table, Column(
        name, type_, nullable == "YES", None if default == "NULL" else default, extra, *letters
    )


def _of_sqlite(
    table: str, sql: str, name: str, type_: str, not_null: int, default: str | None, hidden: int
) -> tuple[str, Column]:
    """SQLite keeps types as they are declared, and `CREATE TABLE` as it was written."""
    values = _choices(sql).get(name)
    declared = f"enum({values})" if values else type_.lower()
    return table, Column(name, declared, not not_null, default, "VIRTUAL GENERATED" if hidden else "")


@lru_cache(maxsize=256)
def _choices(sql: str) -> Mapping[str, str]:
    """By column: the values that its CHECK names, as SQL writes them."""
    return dict(_CHECKED.findall(sql))
