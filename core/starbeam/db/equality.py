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
"""Of how many texts the keys are kept."""

Texts = Mapping[Any, Iterable[str | None]]
"""Texts by the column (a model's attribute) that they are compared in."""


class Keys:
    """What the database compares of texts."""

    def __init__(self, found: Mapping[tuple[str, str], Hashable]) -> None:
        self._found = found

    def of(self, column: Any, value: str | None) -> Hashable:
        """The key of a text that was asked for: equal keys are equal texts. None for None."""
        return None if value is None else self._found[str(column), value]


async def keys_of(rows: Rows, texts: Texts, *, few: bool = False) -> Keys:
    """The keys of texts. On MariaDB a statement for each thousand; of `few` that come again and again, such
    as beamlines, what it said is kept. SQLite asks this program anyway."""
    found: dict[tuple[str, str], Hashable] = {}
    weights: dict[tuple[str, str], tuple[str, str]] = {}
    schema = rows.scope.schema
    for column, given in texts.items():
        known = schema.found(column.class_.__tablename__, column.key)
        for value in dict.fromkeys(value for value in given if value is not None):
            if schema.dialect == "sqlite":
                found[str(column), value] = sort_key(value)
            elif known is None or known.collation is None or not holds(known.character_set, value):
                found[str(column), value] = value  # which no row of the column has
            else:
                weights[str(column), value] = _weight(known), value
    keys = await (_kept if few else _asked)(rows, list(dict.fromkeys(weights.values())))
    return Keys({**found, **{name: keys[asked] for name, asked in weights.items()}})


async def _kept(rows: Rows, asked: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
    """What the server compares of texts, which is kept with what it has."""
    kept = rows.scope.schema.weights
    found = {one: kept[one] for one in asked if one in kept}
    new = await _asked(rows, [one for one in asked if one not in found])
    for one, key in new.items():
        make_room(kept, _MOST_KEPT)
        kept[one] = key
    return found | new


async def _asked(rows: Rows, asked: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Ask the server what it compares of texts: pairs of how it is asked, and the text."""
    found: dict[tuple[str, str], str] = {}
    for start in range(0, len(asked), _MOST):
        some = asked[start : start + _MOST]
        columns = ", ".join(weight.format(f"t{place}") for place, (weight, _) in enumerate(some))
        values = {f"t{place}": value for place, (_, value) in enumerate(some)}
        (row,) = await rows.rows(text(f"SELECT {columns}"), **values)
        found |= dict(zip(some, row, strict=True))
    return found


_BLANK = "' '"


def _weight(column: Column) -> str:
    """SQL for what the collation compares of a text: without the blanks at its end, unless they count."""
    weight = f"HEX(WEIGHT_STRING(CONVERT({{}} USING {column.character_set}) COLLATE {column.collation}))"
    if "nopad" in (column.collation or ""):
        return weight.format(":{}")
    return f"TRIM(TRAILING {weight.format(_BLANK)} FROM {weight.format(':{}')})"
