"""Facts about the two ISPyB schemas in the field, and about the union of both that a fresh database gets.

The tables of core and of every bundled plugin are described in the tab-separated files beside this module, as
`information_schema` shows them: `community-*.tsv` and `diamond-*.tsv` with columns, the character sets of
texts, indexes and foreign keys. The DDL of a fresh database derives from them, and what the tests of the
models expect.

Column names compare without case, as both databases do: the flavours spell some of them differently.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias

import msgspec

from starbeam.api.database import Column, enum_values

Flavour: TypeAlias = Literal["community", "diamond", "union"]
"""A schema: one of the two in the field, or `union`, which holds all that both have."""

FLAVOURS: tuple[Flavour, ...] = ("community", "diamond", "union")

_Row: TypeAlias = dict[str, str]


class Index(msgspec.Struct, frozen=True):
    """An index other than the primary key."""

    name: str
    columns: tuple[str, ...]
    unique: bool


class ForeignKey(msgspec.Struct, frozen=True):
    """A foreign key of one column."""

    column: str
    references_table: str
    references_column: str
    on_delete: str
    on_update: str


class Table(msgspec.Struct, frozen=True):
    """A table; foreign keys to tables that Starbeam does not know are left out."""

    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    indexes: tuple[Index, ...]
    foreign_keys: tuple[ForeignKey, ...]

    def column(self, name: str) -> Column | None:
        """The column of that name, compared without case."""
        return next((c for c in self.columns if c.name.lower() == name.lower()), None)


Tables: TypeAlias = dict[str, Table]


@cache
def facts(flavour: Flavour) -> Tables:
    """The tables of a flavour by name."""
    if flavour == "union":
        return _union(facts("diamond"), facts("community"))
    columns, indexes, keys = (_rows(flavour, kind) for kind in ("columns", "indexes", "foreign-keys"))
    texts = {
        (table, row["column"]): (row["character_set"], row["collation"])
        for table, rows in _rows(flavour, "charsets").items()
        for row in rows
    }
    return {
        name: Table(
            name=name,
            columns=tuple(_column(row, *texts.get((name, row["column"]), ())) for row in rows),
            primary_key=next(_names(r) for r in indexes[name] if r["index"] == "PRIMARY"),
            indexes=tuple(_index(r) for r in indexes[name] if r["index"] != "PRIMARY"),
            foreign_keys=_foreign_keys(keys.get(name, [])),
        )
        for name, rows in columns.items()
    }


def _rows(flavour: str, kind: str) -> dict[str, list[_Row]]:
    """The rows of one file, by table."""
    grouped: dict[str, list[_Row]] = {}
    with files(__name__).joinpath(f"{flavour}-{kind}.tsv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            grouped.setdefault(row["table"], []).append(row)
    return grouped


def _column(row: _Row, *text: str) -> Column:
    default = None if row["default"] in ("-", "NULL") else row["default"]
    return Column(row["column"], row["type"], row["nullable"] == "YES", default, row["extra"], *text)


def _names(row: _Row) -> tuple[str, ...]:
    return tuple(row["columns"].split(","))


def _index(row: _Row) -> Index:
    return Index(row["index"], _names(row), row["non_unique"] == "0")


def _foreign_keys(rows: list[_Row]) -> tuple[ForeignKey, ...]:
    """One foreign key for each column: the community schema declares one of them twice."""
    keys = {
        r["column"]: ForeignKey(
            r["column"], r["references_table"], r["references_column"], r["on_delete"], r["on_update"]
        )
        for r in rows
    }
    return tuple(keys.values())


def _union(first: Tables, second: Tables) -> Tables:
    """All tables of both; where both have one, the first's with what only the second has."""
    merged = {name: _merge(table, second[name]) if name in second else table for name, table in first.items()}
    merged |= {name: table for name, table in second.items() if name not in first}
    return {name: _of_every_letter(table) for name, table in merged.items()}


def _of_every_letter(table: Table) -> Table:
    """The table with texts of no character set of their own."""
    columns = (msgspec.structs.replace(c, character_set=None, collation=None) for c in table.columns)
    return msgspec.structs.replace(table, columns=tuple(columns))


def _merge(first: Table, second: Table) -> Table:
    """The first table with the columns that only the second has, nullable, their indexes and foreign keys."""
    shared = [_merge_enums(c, second.column(c.name)) for c in first.columns]
    added = [
        msgspec.structs.replace(c, nullable=True, extra=c.extra.replace("auto_increment", ""))
        for c in second.columns
        if first.column(c.name) is None
    ]
    names = {c.name for c in added}
    taken = {index.name.lower() for index in first.indexes}
    indexes = [i for i in second.indexes if names & set(i.columns) and i.name.lower() not in taken]
    return Table(
        name=first.name,
        columns=(*shared, *added),
        primary_key=first.primary_key,
        indexes=(*first.indexes, *indexes),
        foreign_keys=(*first.foreign_keys, *(key for key in second.foreign_keys if key.column in names)),
    )


def _merge_enums(first: Column, second: Column | None) -> Column:
    """The first column; if both are enums, with the values of both."""
    if second is None or not (first.type.startswith("enum(") and second.type.startswith("enum(")):
        return first
    values = dict.fromkeys((*enum_values(first.type), *enum_values(second.type)))
    return msgspec.structs.replace(first, type="enum(" + ",".join(f"'{v}'" for v in values) + ")")
