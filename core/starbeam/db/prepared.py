"""Statements compiled once and sent to the driver's own cursor.

SQLAlchemy builds the SQL, converts values as its types say, and keeps the pool. What it does besides at each
execution (look the statement up, make a context and a result, switch greenlets) costs more than a database
that answers quickly.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from sqlalchemy import SelectBase

from starbeam.cache import make_room

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.sql.compiler import SQLCompiler

Convert: TypeAlias = Callable[[Any], Any]
Call: TypeAlias = tuple[str, list[tuple[str, int | None, Convert | None]]]
"""SQL, and where each of its parameters comes from: a name, the place in a list, and what converts it."""

_MOST_LENGTHS = 100
"""For how many lengths of its lists a statement's SQL is kept."""
_LONGEST = 1_000
"""How many values the lists may have together for that."""


class Prepared:
    """A statement that answers rows, compiled for one dialect. Of the statement itself, which is thousands of
    objects, nothing is kept."""

    def __init__(self, query: Any, dialect: Dialect) -> None:
        self._make, self._converters = _row(query, dialect)
        self._compiled = compiled = _bare(query.compile(dialect=dialect))
        self._dialect = dialect
        self.binds = frozenset(bind.key for bind in compiled.bind_names)
        """Names of all that it binds."""
        self._given: Mapping[str, Any] = compiled.construct_params(escape_names=False, _check=False)
        self._needed = {bind.key for bind in compiled.bind_names if bind.required}
        self._names = [(bind.key, name) for bind, name in compiled.bind_names.items() if bind.key != name]
        """Values that the compiler gave names of their own."""
        self._lists = [name for bind, name in compiled.bind_names.items() if bind.expanding]
        self._calls: dict[tuple[int, ...], Call] = {}

    def call(self, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """The SQL and its parameters, in order. Raises LookupError for a value that was forgotten: it would
        be NULL, and match nothing."""
        if forgotten := self._needed - values.keys():
            raise LookupError(f"a statement needs {', '.join(sorted(forgotten))}")
        given = {**self._given, **values}
        for name, own in self._names:
            if name in values:
                given[own] = values[name]
        lists = {name: _flat(given[name]) for name in self._lists}
        key = tuple(len(lists[name]) for name in self._lists)
        if (found := self._calls.get(key)) is None:
            found = self._expand(given)
            if sum(key) <= _LONGEST:
                make_room(self._calls, _MOST_LENGTHS)
                self._calls[key] = found
        sql, places = found
        parameters = []
        for name, place, convert in places:
            value = given[name] if place is None else lists[name][place]
            parameters.append(value if convert is None else convert(value))
        return sql, parameters

    def _expand(self, given: Mapping[str, Any]) -> Call:
        """The SQL for lists of these lengths."""
        compiled = self._compiled
        state = compiled.construct_expanded_state(given, escape_names=False)
        origin: dict[str, tuple[str, int | None]] = {
            part: (name, place)
            for name, parts in state.parameter_expansion.items()
            for place, part in enumerate(parts)
        }
        places: list[tuple[str, int | None, Convert | None]] = []
        for one in state.positiontup or ():
            name, place = origin.get(one, (one, None))
            kind = compiled.binds[name].type.dialect_impl(self._dialect)
            convert = None if kind._is_tuple_type else kind.bind_processor(self._dialect)
            places.append((name, place, convert))
        return state.statement, places

    def rows(self, found: Iterable[Sequence[Any]]) -> list[Any]:
        """The driver's rows with values as the types say, by name too."""
        make = self._make
        if not self._converters:
            return [make(row) for row in found]
        return [make(self._converted(row)) for row in found]

    def _converted(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for place, convert in self._converters:
            values[place] = convert(values[place])
        return values


def _bare(compiled: Any) -> SQLCompiler:
    """Without what only making the SQL needed: values are put into it with the names that are bound alone."""
    compiled.statement = compiled.compile_state = None
    compiled._result_columns = []
    return cast("SQLCompiler", compiled)


def _row(query: Any, dialect: Dialect) -> tuple[Callable[[Sequence[Any]], Any], list[tuple[int, Convert]]]:
    """What rows are made as, and the columns whose values the driver does not give as their types want."""
    if not isinstance(query, SelectBase):  # SQL as text
        return tuple, []
    columns = query.selected_columns
    made = namedtuple("Row", list(columns.keys()), rename=True)  # type: ignore[misc]
    converters: list[tuple[int, Convert]] = [
        (place, convert)
        for place, column in enumerate(columns)
        if (convert := column.type.dialect_impl(dialect).result_processor(dialect, None)) is not None
    ]
    return made._make, converters


def _flat(values: Sequence[Any]) -> Sequence[Any]:
    """The values of a list, or those of its tuples one after the other."""
    if values and isinstance(values[0], tuple):
        return [value for row in values for value in row]
    return values
