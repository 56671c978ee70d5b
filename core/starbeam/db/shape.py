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

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
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


def _whole(value: Any) -> int | None:
    try:
        return int(value)
    except ValueError:
        return None


def _words(text: str) -> list[str]:
    return sorted(text.split(",")) if text else []


_CONVERTERS: Mapping[str, Callable[[Any], Any]] = {
    "bool": bool,
    "int": _whole,
    "float": float,
    "str": str,
    "list": _words,
}
"""By the name of a field's type, what makes its values of others but NULL."""
_KEPT: Mapping[Callable[[Any], Any], type] = {_whole: int, float: float, str: str}
"""The type whose values a converter leaves as they are."""


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
        self._source, self._when, self._later, self._fields = source, when, later, fields
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
        self.make: Callable[[Sequence[Any]], S] = self._maker()

    def extended(self, struct: type[S], **fields: Source) -> Shape[S]:
        """The same for a Struct with more fields, or with other sources of some."""
        given = {**self._fields, **fields}
        return Shape(struct, self._source, when=self._when, later=self._later, **given)

    def pairs(self, other: Shape[Any]) -> Iterator[tuple[type[Any], type[Any]]]:
        """Its Struct and that of another shape, and the same of shapes in both, where they differ."""
        if self.struct is not other.struct:
            yield self.struct, other.struct
        for name, source in self._fields.items():
            if isinstance(source, Shape) and isinstance(found := other._fields.get(name), Shape):
                yield from source.pairs(found)

    def columns(self, scope: Scope) -> list[ColumnElement[Any]]:
        """What to select, in the order in which `make` reads it: where a plugin extends this shape, that of
        the extended one."""
        return scope.extended(self)._columns(scope)

    def _columns(self, scope: Scope) -> list[ColumnElement[Any]]:
        found = [] if self._when is None else [_expression(scope, self._when)]
        for source in self._sources:
            if isinstance(source, Shape):
                found += source._columns(scope)
            elif source is not None:
                found.append(_expression(scope, source))
        return found

    def _maker(self) -> Maker:
        """A function from a row to a Struct or None. It is one expression, as long as the Struct: for a page
        of a thousand cells a fourth of what as many calls take."""
        names: dict[str, Any] = {}
        text, _ = self._text(0, names)
        made: Maker = eval(f"lambda row: {text}", names)  # noqa: S307 - of places and our own names alone
        return made

    def _text(self, start: int, names: dict[str, Any]) -> tuple[str, int]:
        """The expression that makes the Struct of a row, whose columns begin at `start`, and the position
        behind them. What it calls is added to `names`."""
        position = start if self._when is None else start + 1
        fields: list[str] = []
        for source, convert in zip(self._sources, self._converters, strict=True):
            if isinstance(source, Shape):
                field, position = source._text(position, names)
            elif source is None:
                field = "None"
            else:
                field = _cell(position, convert, names)
                position += 1
            fields.append(field)
        text = f"{_named(self.struct, names)}({', '.join(fields)})"
        return text if self._when is None else f"(None if row[{start}] is None else {text})", position


def _expression(scope: Scope, source: Any) -> ColumnElement[Any]:
    if isinstance(source, InstrumentedAttribute):
        return scope.column(source)
    if callable(source) and not isinstance(source, ColumnElement):
        made: ColumnElement[Any] = source(scope)
        return made
    given: ColumnElement[Any] = source
    return given


def _cell(position: int, convert: Callable[[Any], Any] | None, names: dict[str, Any]) -> str:
    """The expression for a value, which is converted only where it is not of the type already."""
    if convert is None:
        return f"row[{position}]"
    converted = f"{_named(convert, names)}(cell)"
    checked = f"cell if (cell := row[{position}]) is None"
    if (kind := _KEPT.get(convert)) is not None:
        checked += f" or cell.__class__ is {_named(kind, names)}"
    return f"({checked} else {converted})"


def _named(what: Any, names: dict[str, Any]) -> str:
    """A name by which the expression knows this."""
    name = f"_{len(names)}"
    names[name] = what
    return name
