"""A column as a database describes it."""

from __future__ import annotations

import re

import msgspec


class Column(msgspec.Struct, frozen=True):
    """A column; `type` and `default` are written as MariaDB writes them (`int(11) unsigned`, `'Open'`)."""

    name: str
    type: str
    nullable: bool
    default: str | None
    extra: str
    character_set: str | None = None
    """Of a text: None in the union, whose texts hold every letter."""
    collation: str | None = None

    @property
    def auto_increment(self) -> bool:
        """Whether the database numbers the rows by this column."""
        return self.extra == "auto_increment"

    @property
    def generated(self) -> bool:
        """Whether the column is computed from others, and so cannot be written."""
        return self.extra == "VIRTUAL GENERATED"

    @property
    def required_on_insert(self) -> bool:
        """Whether an INSERT must name the column: no NULL, no default, no number of its own."""
        return not (self.nullable or self.default is not None or self.auto_increment)


def enum_values(type_: str) -> tuple[str, ...]:
    """The values of an enum type as MariaDB writes it."""
    return tuple(value.replace("''", "'") for value in re.findall(r"'((?:[^']|'')*)'", type_))
