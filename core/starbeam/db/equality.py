"""Which texts are equal: the database says, by the collation of the column that is to hold them.

`Göran` and `GORAN` are one to some collations, and to others they are two, where `ü` may be `y`. So whoever
compares texts with rows outside of a statement asks for keys, and compares these.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from starbeam.cache import make_room
from starbeam.db.sqlite import sort_key
from starbeam.db.texts import holds

if TYPE_CHECKING:
    from starbeam.db.columns import Column
    from starbeam.db.rows import Rows

_MOST = 1000
"""How many texts one statement asks for."""
_MOST_KEPT = 2000
"""Of how many texts the keys are kept, and how long these may be."""
_LONGEST_KEPT = 100

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
    """The keys of texts. On MariaDB a statement for each thousand that are not known yet; SQLite asks this
    program anyway."""
    found: dict[tuple[str, str], Hashable] = {}
    weights: dict[tuple[str, str], tuple[str, str]] = {}
    schema = rows.scope.schema
    for column, given in texts.items():
        known = schema.found(column.class_.__tablename__, column.key)
        for value in {value for value in given if value is not None}:
            if schema.dialect == "sqlite":
                found[str(column), value] = sort_key(value)
            elif known is None or known.collation is None or not holds(known.character_set, value):
                found[str(column), value] = value  # which no row of the column has
            else:
                weights[str(column), value] = _weight(known), value
    keys = await _found(rows, set(weights.values()))
    return Keys({**found, **{name: keys[asked] for name, asked in weights.items()}})


async def _found(rows: Rows, asked: set[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
    """What the server compares of texts; what it said of short ones is kept with what it has."""
    kept = rows.scope.schema.weights
    found = {one: kept[one] for one in asked if one in kept}
    new = list(asked - found.keys())
    for start in range(0, len(new), _MOST):
        found |= await _asked(rows, new[start : start + _MOST])
    for one in new:
        if len(one[1]) <= _LONGEST_KEPT:
            make_room(kept, _MOST_KEPT)
            kept[one] = found[one]
    return found


async def _asked(rows: Rows, asked: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
    """Ask the server."""
    names = [f"t{place}" for place in range(len(asked))]
    columns = ", ".join(weight.format(name) for name, (weight, _) in zip(names, asked, strict=True))
    values = {name: value for name, (_, value) in zip(names, asked, strict=True)}
    (row,) = await rows.rows(text(f"SELECT {columns}"), **values)
    return dict(zip(asked, row, strict=True))


def _weight(column: Column) -> str:
    """SQL for what the collation compares of a text: without the blanks at its end, unless they count."""
    weight = f"HEX(WEIGHT_STRING(CONVERT({{}} USING {column.character_set}) COLLATE {column.collation}))"
    if "nopad" in (column.collation or ""):
        return weight.format(":{}")
    return f"TRIM(TRAILING {weight.format(_BLANK)} FROM {weight.format(':{}')})"


_BLANK = "' '"
