"""What a column takes, as the database at hand has it: lengths, ranges, choices, letters.

MariaDB may run in any SQL mode in the field, and some of them cut or change what does not fit. So whatever is
written is looked at here first, and refused by the column's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import event, inspect
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction

from starbeam.db.columns import Column, enum_values
from starbeam.db.schema import Schema
from starbeam.db.texts import PYTHON_NAMES, holds
from starbeam.refusals import Invalid, Refused

Fit: TypeAlias = Callable[[Any], Any]
"""From a value to what the column holds. Raises ValueError with what the value should have been."""

_TYPE = re.compile(r"(?P<name>\w+)(\((?P<size>\d+)(,(?P<scale>\d+))?\))?(?P<unsigned> unsigned)?")
_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_TEXT_BYTES = {"tinytext": 2**8 - 1, "text": 2**16 - 1, "mediumtext": 2**24 - 1}
_TIMESTAMP_YEARS = (1970, 2038)
_LARGEST_FLOAT = 3.4028234e38


class NotTaken(ValueError):
    """A value that a column does not take: the text says why."""


class OutOfRange(NotTaken):
    """A text that is too long, a number that is too large."""


def fitting(column: Column | None, value: Any) -> Any:
    """The value as the column will hold it; as it is where nobody knows the column. Raises `NotTaken`."""
    if value is None or column is None:
        return value
    return _fit(column)(value)


def by_limit(refusal: BaseException) -> bool:
    """Whether this was raised because a column does not take a value: from a `NotTaken`."""
    return isinstance(refusal.__cause__, NotTaken)


def takes(column: Column | None, value: Any) -> bool:
    """Whether a column takes a value."""
    try:
        fitting(column, value)
    except NotTaken:
        return False
    return True


def cut(column: Column | None, text: str) -> str:
    """What of a text a column holds: its beginning, with `?` for letters that the column lacks."""
    letters = column.character_set if column else None
    return "".join(one if holds(letters, one) else "?" for one in text[: longest(column)])


def longest(column: Column | None) -> int | None:
    """How many characters a column holds; None for any number."""
    match = _TYPE.match(column.type) if column else None
    return int(match["size"]) if match and match["name"] in ("varchar", "char") else None


@cache
def _fit(column: Column) -> Fit:
    if column.type.startswith("enum("):
        return _enum(enum_values(column.type))
    match = _TYPE.match(column.type)
    name, size = (match["name"], int(match["size"] or 0)) if match else ("", 0)
    if match and name in _BITS:
        return _integer(_BITS[name], bool(match["unsigned"]))
    if match and name == "decimal":
        return _decimal(size, int(match["scale"] or 0), bool(match["unsigned"]))
    fits: dict[str, Fit] = {
        "varchar": _text(column, characters=size),
        "char": _text(column, characters=size),
        "float": _single,
        "datetime": _time,
        "timestamp": _timestamp,
    }
    if name in (*_TEXT_BYTES, "longtext"):
        return _text(column, size=_TEXT_BYTES.get(name))
    return fits.get(name, _as_it_is)


def _as_it_is(value: Any) -> Any:
    return value


def _enum(values: tuple[str, ...]) -> Fit:
    folded = {value.casefold(): value for value in reversed(values)}

    def fit(value: Any) -> Any:
        if not isinstance(value, str) or value in values:
            return value
        if (key := value.rstrip(" ").casefold()) not in folded:
            raise NotTaken(f"must be one of {', '.join(values)}")
        return folded[key]

    return fit


def _integer(bits: int, unsigned: bool) -> Fit:
    low, high = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)

    def fit(value: Any) -> Any:
        if isinstance(value, int | float) and not low <= value <= high:
            raise OutOfRange(f"must be between {low} and {high}")
        return value

    return fit


def _decimal(digits: int, scale: int, unsigned: bool) -> Fit:
    high = 10 ** (digits - scale)
    low = -1 if unsigned else -high

    def fit(value: Any) -> Any:
        if isinstance(value, int | float) and not low < round(value, scale) < high:
            raise OutOfRange(f"must be above {low} and below {high}")
        return value

    return fit


def _text(column: Column, characters: int | None = None, size: int | None = None) -> Fit:
    letters = column.character_set

    def fit(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if characters is not None and len(value) > characters:
            raise OutOfRange(f"must not be longer than {characters} characters")
        if not holds(letters, value):
            lacking = next(letter for letter in value if not holds(letters, letter))
            raise NotTaken(f"cannot hold {lacking!r}: its character set is {letters}")
        encoding = PYTHON_NAMES.get(letters or "", "utf-8")
        if size is not None and len(value.encode(encoding, "replace")) > size:
            raise OutOfRange(f"must not be longer than {size} bytes")
        return value

    return fit


def _single(value: Any) -> Any:
    if isinstance(value, int | float) and abs(value) > _LARGEST_FLOAT:
        raise OutOfRange(f"must be between -{_LARGEST_FLOAT} and {_LARGEST_FLOAT}")
    return value


def _time(value: Any) -> Any:
    return value.replace(microsecond=0) if isinstance(value, datetime) else value


def _timestamp(value: Any) -> Any:
    first, last = _TIMESTAMP_YEARS
    if isinstance(value, datetime) and not first < value.year < last:
        raise OutOfRange(f"must be later than {first} and earlier than {last}")
    return _time(value)


class CheckedSession(Session):
    """A session that writes no value that its column does not take: `Refused` or `Invalid`, by its name.

    `info["schema"]` is what the database has.
    """


def _check(session: Session, table: str, values: Mapping[str, Any]) -> None:
    schema: Schema | None = session.info["schema"]
    if schema is None:  # of a database that is being made
        return
    for name, value in values.items():
        try:
            fitting(schema.found(table, name), value)
        except OutOfRange as error:
            raise Invalid(str(error), ["body", name]) from error
        except NotTaken as error:
            raise Refused(f"{name} {error}") from error


@event.listens_for(CheckedSession, "before_flush")
def _before_flush(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    for row in (*session.new, *session.dirty):
        state = inspect(row)
        attributes = state.mapper.column_attrs
        changed = {a.columns[0].name: state.dict[a.key] for a in attributes if _is_written(state, a.key)}
        _check(session, state.mapper.local_table.name, changed)


def _is_written(state: Any, name: str) -> bool:
    return name in state.dict and (state.pending or state.attrs[name].history.has_changes())


@event.listens_for(CheckedSession, "do_orm_execute")
def _before_execute(run: ORMExecuteState) -> None:
    if run.is_insert or run.is_update:
        statement: Any = run.statement
        for values in _written(statement, run.parameters):
            _check(run.session, statement.table.name, values)


def _written(statement: Any, parameters: Any) -> Iterable[Mapping[str, Any]]:
    """The values by column of an INSERT or UPDATE, row by row."""
    if isinstance(parameters, list):
        return parameters
    return [{**statement.compile().params, **(parameters or {})}]
