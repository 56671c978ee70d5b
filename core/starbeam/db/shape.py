"""From columns to Structs: a `Shape` says where each field of a Struct comes from.

    PROTEIN = Shape(SampleProtein, Protein)
    CRYSTAL = Shape(SampleCrystal, Crystal, Protein=PROTEIN)
    SAMPLE = Shape(Sample, BLSample, Crystal=CRYSTAL, Container=Shape(..., when=Container.containerId),
    later={"_metadata"})

A field that is not named is the column of its name in the source entity, or NULL where this database lacks
that column. Values become the field's type: a number a boolean, a decimal a float, a float an integer (cut),
a number a text, the words that `group_concat` put together a list; a value that an enumeration (`Literal`)
does not know NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

if TYPE_CHECKING:
    from types import UnionType

    from starbeam.db.scope import Scope

S = TypeVar("S", bound=msgspec.Struct)
Source = Any
"""An expression, a function from the scope to one, another `Shape`, or None."""
Maker = Callable[[Sequence[Any]], Any]


def _to_bool(value: Any) -> bool | None:
    return None if value is None else bool(value)


def _to_int(value: Any) -> int | None:
    try:
        return None if value is None else int(value)
    except ValueError:
        return None


def _to_float(value: Any) -> float | None:
    return None if value is None else float(value)


def _to_str(value: Any) -> str | None:
    return None if value is None else str(value)


def _to_list(value: Any) -> list[str] | None:
    return None if value is None else sorted(value.split(",")) if value else []


_CONVERTERS: Mapping[str, Callable[[Any], Any]] = {
    "bool": _to_bool,
    "int": _to_int,
    "float": _to_float,
    "str": _to_str,
    "list": _to_list,
}


def _plain(annotation: Any) -> type | UnionType | Any:
    """The type without Annotated and None."""
    while True:
        args = get_args(annotation)
        if hasattr(annotation, "__metadata__"):
            annotation = args[0]
        elif get_origin(annotation) is Union or type(annotation).__name__ == "UnionType":
            rest = [arg for arg in args if arg is not type(None)]
            if len(rest) != 1:
                return annotation
            annotation = rest[0]
        else:
            return annotation


def _converter(kind: Any) -> Callable[[Any], Any] | None:
    """What makes a value of this type out of what the database gives."""
    if get_origin(kind) is Literal:
        known = frozenset(get_args(kind))
        return lambda value: value if value in known else None
    return _CONVERTERS.get(getattr(kind, "__name__", ""))


class Shape(Generic[S]):
    """How rows become Structs of one class.

    `source` is the mapped class whose columns fill the fields that are not named; `fields` names the others:
    an expression, a function from the scope to one, another Shape, or None for a field that is set
    afterwards. With `when`, the Struct is None where that column is NULL. Fields in `later` keep their
    default, or None, until the query module sets them.
    """

    def __init__(
        self,
        struct: type[S],
        source: Any = None,
        /,
        *,
        when: Any = None,
        later: Set[str] = frozenset(),
        **fields: Source,
    ) -> None:
        self.struct = struct
        self._when = when
        hints = get_type_hints(struct, include_extras=True)
        encoded = dict(zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True))
        unknown = set(fields) - set(encoded) - set(encoded.values())
        if unknown:
            raise TypeError(f"{struct.__name__} has no field {', '.join(sorted(unknown))}")
        self._sources: list[Source] = []
        self._converters: list[Callable[[Any], Any] | None] = []
        for name, wire in encoded.items():
            given = fields.get(name, fields.get(wire))
            if given is None and name not in later and wire not in later:
                given = getattr(source, name)
            self._sources.append(given)
            self._converters.append(_converter(_plain(hints[name])))
        self.make: Callable[[Sequence[Any]], S] = self._maker(0)[0]

    def columns(self, scope: Scope) -> list[ColumnElement[Any]]:
        """What to select, in the order in which `make` reads it."""
        found = [] if self._when is None else [_expression(scope, self._when)]
        for source in self._sources:
            if isinstance(source, Shape):
                found += source.columns(scope)
            elif source is not None:
                found.append(_expression(scope, source))
        return found

    def _maker(self, start: int) -> tuple[Maker, int]:
        """A function from a row to a Struct or None, and the position behind the columns that it reads."""
        when = None if self._when is None else start
        position = start if when is None else start + 1
        steps: list[Maker] = []
        for source, convert in zip(self._sources, self._converters, strict=True):
            if isinstance(source, Shape):
                step, position = source._maker(position)
            elif source is None:
                step = _nothing
            else:
                step = _at(position, convert)
                position += 1
            steps.append(step)
        struct = self.struct

        def make(row: Sequence[Any]) -> Any:
            if when is not None and row[when] is None:
                return None
            return struct(*[step(row) for step in steps])

        return make, position


def _expression(scope: Scope, source: Any) -> ColumnElement[Any]:
    if isinstance(source, InstrumentedAttribute):
        return scope.column(source)
    if callable(source) and not isinstance(source, ColumnElement):
        made: ColumnElement[Any] = source(scope)
        return made
    given: ColumnElement[Any] = source
    return given


def _nothing(row: Sequence[Any]) -> None:
    return None


def _at(position: int, convert: Callable[[Any], Any] | None) -> Maker:
    if convert is None:
        return lambda row: row[position]
    return lambda row: convert(row[position])
