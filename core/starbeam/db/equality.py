"""Which texts are equal: the database says, by the collation of the column that is to hold them.

`Göran` and `GORAN` are one to some collations, and to others they are two, where `ü` may be `y`. So whoever
compares texts with rows outside of a statement asks for keys, and compares these.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from starbeam.db.limits import longest
from starbeam.db.sqlite import sort_key
from starbeam.db.texts import holds

if TYPE_CHECKING:
    from starbeam.db.columns import Column
    from starbeam.db.rows import Rows

_MOST = 1000
"""How many texts one statement asks for."""

Texts = Mapping[Any, Iterable[str | None]]
"""Texts by the column (a model's attribute) that they are compared in."""


class Keys:
    """What the database compares of texts."""

    def __init__(self, found: Mapping[tuple[str, str], Hashable]) -> None:
        self._found = found

    def of(self, column: Any, value: str | None) -> Hashable:
        """The key of a text that was asked for: equal keys are equal texts. None for None."""
        return None if value is None else self._found[str(column), value]


async def keys_of(rows: Rows, texts: Texts) -> Keys:
    """The keys of texts. On MariaDB a statement for each thousand; SQLite asks this program anyway."""
    found: dict[tuple[str, str], Hashable] = {}
    asked: list[tuple[str, str, str]] = []
    for column, given in texts.items():
        known = rows.scope.schema.found(column.class_.__tablename__, column.key)
        values = list(dict.fromkeys(value for value in given if value is not None))
        if rows.scope.schema.dialect == "sqlite":
            found |= {(str(column), value): sort_key(value) for value in values}
            continue
        for value in values:
            if known is None or known.collation is None or not holds(known.character_set, value):
                found[str(column), value] = value  # which no row of the column has
            else:
                asked.append((str(column), value, _weight(known, values)))
    for start in range(0, len(asked), _MOST):
        found |= await _weights(rows, asked[start : start + _MOST])
    return Keys(found)


async def _weights(rows: Rows, asked: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str], Hashable]:
    """What the server compares of each text."""
    names = [f"t{place}" for place in range(len(asked))]
    columns = ", ".join(weight.format(name) for name, (_, _, weight) in zip(names, asked, strict=True))
    values = {name: value for name, (_, value, _) in zip(names, asked, strict=True)}
    (row,) = await rows.rows(text(f"SELECT {columns}"), **values)
    return {(column, value): weight for (column, value, _), weight in zip(asked, row, strict=True)}


def _weight(column: Column, values: Iterable[str]) -> str:
    """SQL for what the collation compares of a text. One that ignores blanks at the end has them filled up;
    a letter may count as two."""
    length = 2 * max(longest(column) or 0, *map(len, values))
    filled = "" if "nopad" in (column.collation or "") else f" AS CHAR({length})"
    letters = f"CONVERT(:{{}} USING {column.character_set}) COLLATE {column.collation}"
    return f"HEX(WEIGHT_STRING({letters}{filled}))"
