"""Lists: each is described once, and served with any of its filters, in any of its orders.

    class SampleFilters(Filters, frozen=True):
        containerId: Annotated[ContainerId, Where(BLSample.containerId == bindparam("containerId"))] = None
        search: Annotated[Search, text_in(BLSample.name)] = None

    SAMPLES = List(SHAPE, BLSample, SampleFilters, joins=JOINS, missing="Sample not found")

    await reader.page(SAMPLES, page, filters)
    await reader.get(SAMPLES, sample_id)

A filter is a field of the Struct: its name, type and description are the parameter of the operation, and the
`Where` beside them is its condition, in which the value is bound by the field's name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args, get_type_hints

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, bindparam, func, inspect, or_, select
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BooleanClauseList

from starbeam.db.functions import containing, contains
from starbeam.db.scope import Recipe, Scope
from starbeam.db.texts import columns_of

if TYPE_CHECKING:
    from starbeam.db.rows import Rows
    from starbeam.db.schema import Schema
    from starbeam.db.shape import Shape

S = TypeVar("S", bound=Struct)
Condition = ColumnElement[bool] | Callable[[Scope], ColumnElement[bool]]
"""A condition on a row of the list's entity, or a function from the scope to one."""


@dataclass(frozen=True, eq=False)
class Where:
    """The rows that a filter keeps. Its value is bound by the field's name, or as `bind` says."""

    condition: Condition
    bind: Callable[[Any], Mapping[str, Any]] | None = None


@dataclass(frozen=True, eq=False)
class Bound:
    """A filter whose condition stands in a statement that is made by hand."""

    bind: Callable[[Any], Mapping[str, Any]] | None = None


@dataclass(frozen=True, eq=False)
class Choice:
    """The rows that a filter keeps, where each of a few values has a condition of its own."""

    conditions: Mapping[Any, Condition]


def text_in(*columns: Any) -> Where:
    """The filter `search`: one of these columns contains the text, in any case."""
    found = or_(*(contains(column, bindparam("search")) for column in columns))
    return Where(found, lambda text: {"search": containing(text)})


@dataclass(frozen=True)
class Asked:
    """What the SQL of a list depends on in its filters: those that are given, and values that choose SQL."""

    given: frozenset[str] = frozenset()
    chosen: tuple[tuple[str, Any], ...] = ()

    def choice(self, name: str) -> Any:
        """The value of a field that chooses SQL, such as `order_by`; None where none is given."""
        return dict(self.chosen).get(name)


class Filters(Struct, frozen=True):
    """What a list is asked for. A field of None or False filters nothing.

    Fields of an enumeration may stand without `Where` or `Choice`: the list's order depends on them.
    """

    @property
    def asked(self) -> Asked:
        """What the SQL depends on."""
        rules, given = rules_of(type(self)), self._given()
        bound = frozenset(name for name in given if isinstance(rules.get(name), Where | Bound))
        return Asked(bound, tuple((name, value) for name, value in given.items() if name not in bound))

    def values(self, reader: Rows) -> dict[str, Any]:
        """What to bind for the filters that are given."""
        rules, bound = rules_of(type(self)), dict[str, Any]()
        for name, value in self._given().items():
            if isinstance(rule := rules.get(name), Where | Bound):
                bound |= {name: value} if rule.bind is None else rule.bind(value)
        return bound

    @classmethod
    def conditions(cls, scope: Scope, asked: Asked) -> list[ColumnElement[bool]]:
        """What is kept when this is asked."""
        rules = rules_of(cls)
        found = [rule.condition for name in sorted(asked.given) if isinstance(rule := rules[name], Where)]
        for name, value in asked.chosen:
            if isinstance(choice := rules.get(name), Choice):
                found.append(choice.conditions[value])
        return askable(scope, [_built(condition, scope) for condition in found])

    def _given(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in values.items() if value is not None and value is not False}


@cache
def rules_of(filters: type[Filters]) -> Mapping[str, Where | Bound | Choice]:
    """The `Where`, `Bound` or `Choice` of each field that has one."""
    hints = get_type_hints(filters, include_extras=True)
    marked = {name: getattr(hint, "__metadata__", ()) for name, hint in hints.items()}
    return {
        name: one
        for name, marks in marked.items()
        for one in marks
        if isinstance(one, Where | Bound | Choice)
    }


class Listing(Generic[S]):
    """A page of rows in a stable order, and how many there are.

    The page is picked first, over the keys of `entity` alone, and joined with the rest afterwards: it costs
    what it holds. So `where` and `order_by` speak of `entity`, and of other tables in subqueries only;
    `joins` is what the shape's columns come from.
    """

    def __init__(
        self,
        scope: Scope,
        shape: Shape[S],
        entity: Any,
        *,
        where: Iterable[ColumnElement[bool]],
        order_by: Sequence[Any],
        joins: Any = None,
    ) -> None:
        self.shape = shape
        conditions = list(where)
        key = _key(entity)
        keys = select(key.label("id")).where(*conditions).order_by(*order_by)
        page = keys.limit(bindparam("limit")).offset(bindparam("skip")).subquery("page")
        source = inspect(entity).local_table if joins is None else joins
        columns = select(*shape.columns(scope))
        rows = columns.select_from(page.join(source, page.c.id == key)).order_by(*order_by)
        # the page first, whatever MariaDB believes of how much the other tables hold
        self.rows = scope.prepare(rows.prefix_with("STRAIGHT_JOIN", dialect="mysql"))
        self.total = scope.prepare(select(func.count()).select_from(entity).where(*conditions))


class List(Generic[S]):
    """The rows of `entity` (a mapped class) that the caller sees, as Structs of `shape`.

    `joins` is what the shape's columns come from. `listed` are conditions that hold for every row of the
    list. `order_by` are columns, or a function from the scope and what is asked for to columns; without it
    rows come by their key. `complete` fills in what the shape leaves for later, for all rows of a page at
    once. `missing` is the sentence for a row that is not there; `{key}` in it stands for its key. `for_all`
    says that no rule of visibility applies: who may call the operation sees every row.
    """

    def __init__(
        self,
        shape: Shape[S],
        entity: Any,
        filters: type[Filters] = Filters,
        *,
        joins: Any = None,
        listed: Iterable[Condition] = (),
        order_by: Sequence[Any] | Callable[[Scope, Asked], Sequence[Any]] = (),
        complete: Callable[[Rows, Sequence[S]], Awaitable[None]] | None = None,
        missing: str = "Not Found",
        for_all: bool = False,
    ) -> None:
        _check(filters)
        self.unpaged: int | None = None
        """How many rows a program gets that asks for no page, where that is no page's usual size."""
        self.shape = shape
        self.entity = entity
        self.filters = filters
        self.complete = complete
        self.missing = missing
        self._for_all = for_all
        self._joins = inspect(entity).local_table if joins is None else joins
        self._listed = list(listed)
        self._order_by = order_by
        self._first: Mapping[str, Sequence[Any]] = {}

    def extended(
        self,
        shape: Shape[S],
        *,
        joins: Any = None,
        unpaged: int | None = None,
        first: Mapping[str, Sequence[Any]] | None = None,
    ) -> List[S]:
        """The same list of Structs of another shape, whose columns come from `joins`. `first` are columns by
        which rows come before all others where a filter is given."""
        found = copy(self)
        found._joins = self._joins if joins is None else joins
        found.shape, found.unpaged, found._first = shape, unpaged, first or {}
        return found

    def page(self, asked: Asked = Asked()) -> Recipe[Listing[S]]:
        """How to build a page and its total."""
        return Recipe(self._page, (asked,))

    def one(self) -> Recipe[Select[Any]]:
        """How to build the look-up of one row by its key, bound as `key`."""
        return Recipe(self._one)

    def conditions(self, scope: Scope, asked: Asked) -> list[ColumnElement[bool]]:
        """Which rows are listed when this is asked."""
        return [*self._seen(scope), *self.filters.conditions(scope, asked)]

    def _page(self, scope: Scope, asked: Asked) -> Listing[S]:
        where = self.conditions(scope, asked)
        return Listing(
            scope, self.shape, self.entity, where=where, order_by=self._order(scope, asked), joins=self._joins
        )

    def _one(self, scope: Scope) -> Select[Any]:
        rows = select(*self.shape.columns(scope)).select_from(self._joins)
        return rows.where(_key(self.entity) == bindparam("key"), *self._seen(scope))

    def _seen(self, scope: Scope) -> list[ColumnElement[bool]]:
        seen = [] if self._for_all else [scope.sees(self.entity)]
        return [*seen, *(_built(condition, scope) for condition in self._listed)]

    def _order(self, scope: Scope, asked: Asked) -> Sequence[Any]:
        found = self._order_by(scope, asked) if callable(self._order_by) else self._order_by
        first = [column for name, columns in self._first.items() if name in asked.given for column in columns]
        return [*first, *(found or [_key(self.entity)])]


def _check(filters: type[Filters]) -> None:
    """Raises TypeError for a filter without a condition whose values are not few: each would be a statement
    of its own."""
    rules, hints = rules_of(filters), get_type_hints(filters)
    for name in filters.__struct_fields__:
        kinds = [kind for kind in get_args(hints[name]) or (hints[name],) if kind is not type(None)]
        few = all(isinstance(kind, type) and issubclass(kind, Enum) for kind in kinds)
        if name not in rules and not few:
            raise TypeError(f"{filters.__name__}.{name} has no condition: Annotated[…, Where(…)]")


def askable(scope: Scope, conditions: Iterable[ColumnElement[bool]]) -> list[ColumnElement[bool]]:
    """Conditions of filters without those that are ignored: only this ISPyB lacks a column that they need."""
    return [condition for condition in conditions if _can_ask(scope.schema, condition)]


def _can_ask(schema: Schema, condition: Any) -> bool:
    """Whether the database has what a condition asks for: of alternatives, one."""
    if isinstance(condition, BooleanClauseList) and condition.operator is operators.or_:
        return any(_can_ask(schema, one) for one in condition.clauses)
    return not any(map(schema.lacks, columns_of(condition)))


def _key(entity: Any) -> Any:
    return inspect(entity).mapper.primary_key[0]


def _built(condition: Condition, scope: Scope) -> ColumnElement[bool]:
    return condition if isinstance(condition, ColumnElement) else condition(scope)
