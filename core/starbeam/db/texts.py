"""Texts that a column's character set cannot hold, where statements compare them with the column.

Most text columns of ISPyB are latin1, and MariaDB refuses to compare them with other letters (1267). Such a
text equals and contains nothing: a comparison is given one in its place that no row holds. The SQL stays as
it is, and with it the indexes that the database uses.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, Column, String, TypeDecorator
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BinaryExpression, ColumnClause
from sqlalchemy.sql.sqltypes import NullType

if TYPE_CHECKING:
    from starbeam.db.schema import Schema

NOWHERE = "no row holds this text: 1b9c0f7e5d2a4c68"
"""What is compared in place of a text that a column cannot hold."""

PYTHON_NAMES = {
    "latin1": "cp1252",
    "latin2": "iso8859_2",
    "latin5": "iso8859_9",
    "latin7": "iso8859_13",
    "greek": "iso8859_7",
    "hebrew": "iso8859_8",
    "koi8r": "koi8_r",
    "koi8u": "koi8_u",
    "macroman": "mac_roman",
}
"""Names of character sets that Python calls otherwise."""
_TWO_BYTES = {"utf8", "utf8mb3", "ucs2"}
_BEYOND_CP1252 = str.maketrans("", "", "\x81\x8d\x8f\x90\x9d")
"""What MariaDB's latin1 holds besides."""


def holds(character_set: str | None, text: str) -> bool:
    """Whether a character set of MariaDB has all letters of a text; true of one that nobody knows."""
    if character_set is None or text.isascii():
        return True
    if character_set in _TWO_BYTES:
        return max(text) <= "\uffff"
    if (codec := _codec(character_set)) is None:
        return True
    if character_set == "latin1":
        text = text.translate(_BEYOND_CP1252)
    try:
        codec.encode(text)
    except UnicodeEncodeError:
        return False
    return True


@cache
def _codec(character_set: str) -> codecs.CodecInfo | None:
    if character_set == "utf8mb4":
        return None
    try:
        return codecs.lookup(PYTHON_NAMES.get(character_set, character_set))
    except LookupError:
        return None


class HeldTexts:
    """Part of a compiler: each text that is compared with columns is bound for these columns."""

    schema: Callable[[], Schema | None]
    bind_names: dict[BindParameter[Any], str]

    def visit_binary(self, binary: BinaryExpression[Any], *args: Any, **kwargs: Any) -> str:
        """Write a comparison."""
        left, right = self._bound_for(binary.left, binary.right), self._bound_for(binary.right, binary.left)
        if left is not binary.left or right is not binary.right:
            binary = BinaryExpression(
                left,
                right,
                binary.operator,
                type_=binary.type,
                negate=binary.negate,
                modifiers=binary.modifiers,
            )
        made: str = super().visit_binary(binary, *args, **kwargs)  # type: ignore[misc]
        return made

    def _bound_for(self, side: Any, other: Any) -> Any:
        """One side of a comparison, its texts bound for the columns of the other; itself without any."""
        if not _has_texts(side) or not (columns := tuple(dict.fromkeys(columns_of(other)))):
            return side

        def bind(element: Any, **_: Any) -> Any:
            return self._bind(element, columns) if _is_text(element) else None

        return self._bind(side, columns) if _is_text(side) else visitors.replacement_traverse(side, {}, bind)

    def _bind(self, bound: BindParameter[Any], columns: tuple[Column[Any], ...]) -> BindParameter[Any]:
        """The same value, by a name of its own: elsewhere it may be compared with other columns."""
        mine = bound._clone(maintain_key=True)
        mine.type = _Held(self.schema, columns)
        if not bound.unique:
            self.bind_names[mine] = "_".join([bound.key, *(f"{c.table}_{c.name}" for c in columns)])
        return mine


class _Held(TypeDecorator[Any]):
    """A value that is compared with columns."""

    impl = String
    cache_ok = False

    def __init__(self, schema: Callable[[], Schema | None], columns: tuple[Column[Any], ...]) -> None:
        super().__init__()
        self._schema = schema
        self._columns = columns

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """The value, or a text that no row holds."""
        if not isinstance(value, str) or value.isascii() or (schema := self._schema()) is None:
            return value
        sets = [schema.character_set(column) for column in self._columns]
        texts = [one for one in sets if one is not None]
        return value if not texts or any(holds(one, value) for one in texts) else NOWHERE


def _is_text(element: Any) -> bool:
    return isinstance(element, BindParameter) and isinstance(element.type, String | NullType)


def _has_texts(side: Any) -> bool:
    """Whether a side of a comparison is made of bound texts and of no column."""
    found = False
    for element in visitors.iterate(side):
        if isinstance(element, ColumnClause):
            return False
        found = found or _is_text(element)
    return found


def columns_of(side: Any) -> Iterator[Column[Any]]:
    """The columns of tables that SQL is made of."""
    for element in visitors.iterate(side):
        if isinstance(element, ColumnClause):
            for base in element.base_columns:
                if isinstance(base, Column):
                    yield base
                elif base is not element:
                    yield from columns_of(base)
