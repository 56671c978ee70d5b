"""Values that are made up: of parameters and bodies by their types, of rows by what a statement asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any, Literal, TypeAlias, get_args

import msgspec
from msgspec import inspect as types
from sqlalchemy import BindParameter, Column, inspect
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression

NOW = datetime(2020, 1, 1)
TEXT = "1"
"""In all rows, and in what is sent."""
World: TypeAlias = Literal["full", "free", "sparse", "new", "empty"]
"""What there is: whatever is asked for; the same, but for what would stand in the way (statements with the
option `obstacle`); all, with NULL wherever that may be, and nothing to change; all
but what is asked for first, as where something is added; nothing."""
WORLDS: tuple[World, ...] = get_args(World)

_BY_TYPE: Mapping[type[Any], Any] = {
    int: 1,
    float: 1.0,
    Decimal: 1,
    bool: True,
    str: TEXT,
    bytes: b"1",
    datetime: NOW,
    date: NOW.date(),
    time: NOW.time(),
}
"""Of columns. All numbers are 1: rows refer to each other."""


@cache
def value(annotation: Any, text: str) -> Any:
    """A value of this type, with this in its texts; twice where a field may be left out: what rows are found
    by is the same as in them, and there is something to change."""
    return _value(types.type_info(annotation), text, required=True)


@cache
def fields(struct: type[msgspec.Struct]) -> list[tuple[str, Any, Any]]:
    """Names, types and defaults of what a Struct holds."""
    return [
        (
            one.name,
            one.type,
            one.default if one.default_factory is msgspec.NODEFAULT else one.default_factory(),
        )
        for one in msgspec.structs.fields(struct)
    ]


def _value(kind: types.Type, text: str, required: bool) -> Any:
    match kind:
        case types.Metadata():
            return _described(kind, text, required)
        case types.UnionType():
            return _value(next(one for one in kind.types if not _is_nothing(one)), text, required)
        case types.LiteralType():
            return kind.values[0]
        case types.EnumType():
            return next(iter(kind.cls))
        case types.StructType():
            return kind.cls(**{one.name: _value(one.type, text, one.required) for one in kind.fields})
        case types.ListType():
            return [_value(kind.item_type, text, required)]
        case types.DictType():
            return {}
        case types.IntType() | types.FloatType() | types.BoolType():
            return 1
        case types.DateTimeType():
            return NOW
    return text if required else text + text


def _described(kind: types.Metadata, text: str, required: bool) -> Any:
    """The example that a field gives, where it gives one."""
    examples = (kind.extra_json_schema or {}).get("examples")
    return examples[0] if examples else _value(kind.type, text, required)


def _is_nothing(kind: types.Type) -> bool:
    """Whether it stands for a value that is not given."""
    return isinstance(kind, types.NoneType) or kind == types.CustomType(msgspec.UnsetType)


class Row:
    """What a SELECT answers: a row that it could have found."""

    def __init__(self, query: Any) -> None:
        self._entity = _entity(query)
        if self._entity is None:
            self._columns = list(query.selected_columns)
        else:
            self._columns = [one.columns[0] for one in inspect(self._entity).column_attrs]
        asked = dict(_asked(query))
        self._asked = [asked.get(column.key) for column in self._columns]

    def of(self, world: World, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The row where these values are bound."""
        row = [
            _of_column(column, world) if bind is None else _first(values.get(bind.key, bind.value))
            for column, bind in zip(self._columns, self._asked, strict=True)
        ]
        return tuple(row) if self._entity is None else (_instance(self._entity, row),)


def _asked(query: Any) -> Iterator[tuple[str, BindParameter[Any]]]:
    """What columns must be equal to, or among, for a row to be found."""
    for part in visitors.iterate(query.whereclause) if query.whereclause is not None else ():
        match part:
            case BinaryExpression(left=Column() as column, right=BindParameter() as bind):
                if part.operator in (operators.eq, operators.in_op):
                    yield column.key, bind


def _first(bound: Any) -> Any:
    return next(iter(bound), None) if isinstance(bound, list | tuple) else bound


def _entity(query: Any) -> type[Any] | None:
    """The mapped class whose instances are selected."""
    for one in query.column_descriptions:
        if one["expr"] is one.get("entity", ...):
            found: type[Any] = one["expr"]
            return found
    return None


def _instance(entity: type[Any], row: list[Any]) -> Any:
    names = [one.key for one in inspect(entity).column_attrs]
    made = entity(**dict(zip(names, row, strict=True)))
    make_transient_to_detached(made)
    return made


def _of_column(column: Any, world: World) -> Any:
    if world == "sparse" and getattr(column, "nullable", False):
        return None
    for one in (getattr(base, "element", base) for base in getattr(column, "base_columns", ())):
        if isinstance(one, BindParameter) and one.value is not None:
            return one.value
    try:
        return _BY_TYPE.get(column.type.python_type, TEXT)
    except NotImplementedError:  # of a function that has no type
        return TEXT
