"""What the database makes of a value: whether a column takes it, and what it then holds.

MariaDB may run in any SQL mode in the field, and SQLite takes whatever it is given. So the limits of the
columns are looked up here, and a value that would be cut or changed is refused by name.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias

from starbeam.db.facts import Column, enum_values, facts
from starbeam.db.sqlite import sort_key

Fit: TypeAlias = Callable[[Any], Any]
"""From a value to what the column holds. Raises ValueError with what the value should have been."""

_TYPE = re.compile(r"(?P<name>\w+)(\((?P<size>\d+)\))?(?P<unsigned> unsigned)?")
_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_TEXT_BYTES = 65_535
_TIMESTAMP_YEARS = (1970, 2038)
_LARGEST_FLOAT = 3.4028234e38


def fitting(table: str, column: str, value: Any) -> Any:
    """The value as the column will hold it. Raises ValueError with what is wrong."""
    return value if value is None else _fit(table, column)(value)


def same(table: str, column: str, old: Any, new: Any) -> bool:
    """Whether a column that holds `old` would read the same with `new` in it."""
    if isinstance(old, float) and isinstance(new, int | float) and _type(table, column).startswith("float"):
        return _six_digits(old) == _six_digits(new)
    return bool(old == new)


def _six_digits(value: float) -> str:
    """A number as MariaDB shows a FLOAT: six digits of what single precision leaves of it."""
    return f"{struct.unpack('f', struct.pack('f', value))[0]:.6g}"


def has_default(table: str, column: str) -> bool:
    """Whether the database fills a column that an INSERT does not name with anything but NULL."""
    return _column(table, column).default is not None


def _type(table: str, column: str) -> str:
    return _column(table, column).type


def _column(table: str, column: str) -> Column:
    found = facts("union")[table].column(column)
    if found is None:
        raise LookupError(f"no schema has {table}.{column}")
    return found


@cache
def _fit(table: str, column: str) -> Fit:
    """How values are fitted to a column. The flavours do not differ in the limits of portals' columns."""
    type_ = _type(table, column)
    if type_.startswith("enum("):
        return _enum({sort_key(value): value for value in enum_values(type_)})
    match = _TYPE.match(type_)
    if match is None:
        raise LookupError(f"unknown type {type_}")
    name, size = match["name"], int(match["size"] or 0)
    if name in _BITS:
        return _integer(_BITS[name], bool(match["unsigned"]))
    fits: dict[str, Fit] = {
        "varchar": _varchar(size),
        "text": _text,
        "float": _single,
        "datetime": _time,
        "timestamp": _timestamp,
    }
    return fits.get(name, _as_it_is)


def _as_it_is(value: Any) -> Any:
    return value


def _enum(choices: dict[str, str]) -> Fit:
    def fit(value: str) -> str:
        if (key := sort_key(value)) not in choices:
            raise ValueError(f"must be one of {', '.join(choices.values())}")
        return choices[key]

    return fit


def _integer(bits: int, unsigned: bool) -> Fit:
    low, high = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)

    def fit(value: int) -> int:
        if not low <= value <= high:
            raise ValueError(f"must be between {low} and {high}")
        return value

    return fit


def _varchar(size: int) -> Fit:
    def fit(value: str) -> str:
        if len(value) > size:
            raise ValueError(f"must not be longer than {size} characters")
        return value

    return fit


def _text(value: str) -> str:
    if len(value.encode()) > _TEXT_BYTES:
        raise ValueError(f"must not be longer than {_TEXT_BYTES} bytes")
    return value


def _single(value: float) -> float:
    if abs(value) > _LARGEST_FLOAT:
        raise ValueError(f"must be between -{_LARGEST_FLOAT} and {_LARGEST_FLOAT}")
    return value


def _time(value: datetime) -> datetime:
    return value.replace(microsecond=0)


def _timestamp(value: datetime) -> datetime:
    first, last = _TIMESTAMP_YEARS
    if not first < value.year < last:
        raise ValueError(f"must be later than {first} and earlier than {last}")
    return _time(value)
