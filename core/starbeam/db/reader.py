"""The read path: prebuilt statements on an AUTOCOMMIT connection, rows to Structs.

A query module builds each statement once for a `Scope` (a database's schema and a kind of caller) with
`@statement`, and runs it through the request's `Reader`, which binds who calls.

    @statement
    def _proposals(scope: Scope, searching: bool) -> Listing[Proposal]:
        ...

    async def proposals(reader: Reader, page: Page, search: str | None) -> Paged[Proposal]:
        return await reader.page(_proposals(reader.scope, search is not None), page, search=search)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar, cast

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Executable,
    Integer,
    String,
    bindparam,
    func,
    inspect,
    literal_column,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute

from starbeam.access import Kind, Principal
from starbeam.paging import Page, Paged

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from starbeam.db.engine import ReadConnection
    from starbeam.db.schema import Schema
    from starbeam.db.shape import Shape
    from starbeam.visibility import Visibility

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound=Struct)

CALLER_ID = bindparam("caller_id", type_=Integer())
"""The caller's `personId`, bound by the reader in every statement that uses it."""
CALLER_BEAMLINES = bindparam("caller_beamlines", type_=String(), expanding=True)
"""The beamlines that the caller sees all of, for ``column.in_(CALLER_BEAMLINES)``."""


def caller_values(who: Principal) -> dict[str, Any]:
    """What to bind for `CALLER_ID` and `CALLER_BEAMLINES`, in statements that no `Reader` runs."""
    return {"caller_id": who.person_id, "caller_beamlines": list(who.beamlines)}


@dataclass(eq=False)
class Scope:
    """What statements are built for: one database's schema, the rules, and one kind of caller."""

    schema: Schema
    visibility: Visibility
    kind: Kind
    statements: dict[Any, Any] = field(default_factory=dict)
    visible: frozenset[type[Any]] = frozenset()
    """Entities whose rows are known to be visible."""

    def sees(self, entity: Any) -> ColumnElement[bool]:
        """The condition for a row of `entity` (a mapped class or an alias) to be visible to the caller."""
        return self.visibility.condition(self, entity)

    def given(self, *entities: type[Any]) -> Scope:
        """The same, where rows of these entities are known to be visible: for counters of what hangs on a
        visible row."""
        return replace(self, visible=self.visible | {*entities})

    def has(self, *wanted: Any) -> bool:
        """Whether the database has all of these tables (mapped classes) and columns (their attributes)."""
        return all(self.schema.has(one) for one in wanted)

    def column(self, attribute: InstrumentedAttribute[R]) -> ColumnElement[R]:
        """The column, or NULL of its type where the database lacks it."""
        if self.schema.has(attribute):
            return cast("ColumnElement[R]", attribute)
        return literal_column("NULL", attribute.type)


def statement(build: Callable[Concatenate[Scope, P], R]) -> Callable[Concatenate[Scope, P], R]:
    """Build once for each scope and arguments (which must be hashable), then give the same object again."""

    @wraps(build)
    def built(scope: Scope, /, *args: P.args, **kwargs: P.kwargs) -> R:
        key = (build, args, *kwargs.items())
        if key not in scope.statements:
            scope.statements[key] = build(scope, *args, **kwargs)
        return cast("R", scope.statements[key])

    return built


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
        key = inspect(entity).mapper.primary_key[0]
        keys = select(key.label("id")).where(*conditions).order_by(*order_by)
        page = keys.limit(bindparam("limit")).offset(bindparam("skip")).subquery("page")
        source = inspect(entity).local_table if joins is None else joins
        columns = select(*shape.columns(scope))
        self.rows = columns.select_from(source.join(page, page.c.id == key)).order_by(*order_by)
        self.total = select(func.count()).select_from(entity).where(*conditions)


class Reader:
    """One request's reads: its caller, its scope and, from the first statement on, a connection."""

    def __init__(self, connection: ReadConnection, scope: Scope, who: Principal, now: datetime) -> None:
        self._connection = connection
        self.scope = scope
        self.who = who
        self.now = now
        """The facility's local time at which the request began."""
        self.caller = caller_values(who)
        """What is bound for the caller in every statement."""

    async def rows(self, query: Executable, **values: Any) -> Sequence[Row[*tuple[Any, ...]]]:
        """All rows of a statement, with these values and the caller bound."""
        return await self._connection.fetch(query, {**self.caller, **values})

    async def scalar(self, query: Executable, **values: Any) -> Any:
        """The first column of the first row, or None."""
        rows = await self.rows(query, **values)
        return rows[0][0] if rows else None

    async def one(self, shape: Shape[S], query: Executable, **values: Any) -> S | None:
        """The first row as a Struct, or None."""
        rows = await self.rows(query, **values)
        return shape.make(rows[0]) if rows else None

    async def shaped(self, shape: Shape[S], query: Executable, **values: Any) -> list[S]:
        """All rows as Structs."""
        make = shape.make
        return [make(row) for row in await self.rows(query, **values)]

    async def page(self, listing: Listing[S], page: Page, **values: Any) -> Paged[S]:
        """One page. The total is asked for only where the page itself does not tell it."""
        results = await self.shaped(listing.shape, listing.rows, skip=page.skip, limit=page.limit, **values)
        if 0 < len(results) < page.limit or (not results and not page.skip):
            total = page.skip + len(results)
        else:
            total = await self.scalar(listing.total, **values)
        return Paged(total=total, results=results, skip=page.skip, limit=page.limit)
