"""Flat rows: columns by the keys of the old views, and values as JSON has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from starbeam.api.database import Scope

Row: TypeAlias = dict[str, Any]
"""A flat object: what the answers are made of."""


def of(entity: type[Any], names: str, prefix: str = "") -> dict[str, Any]:
    """The columns of these names, by key: the name with a prefix."""
    return {prefix + name: getattr(entity, name) for name in names.split()}


def labelled(scope: Scope, columns: Mapping[str, Any]) -> list[ColumnElement[Any]]:
    """What to select: each column under its key, NULL where this database lacks it."""
    return [scope.column(column).label(key) for key, column in columns.items()]


def flat(row: Any) -> Row:
    """A row as an object."""
    found: Row = row._asdict()
    for key, value in found.items():  # few are decimals: a call for each value takes twice as long
        if isinstance(value, Decimal):
            found[key] = plain(value)
    return found


def plain(value: Any) -> Any:
    """Decimals as numbers."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def listed(values: Iterable[Any], separator: str) -> str | None:
    """The values as text, without NULLs; None when nothing is left. Whole numbers have no point."""
    texts = [text_of(value) for value in values if value is not None]
    return separator.join(texts) if texts else None


def text_of(value: Any) -> str:
    """A value as the database writes it: `78.5`, `90`, `2020-06-16 15:52:28`."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
