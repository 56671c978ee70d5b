"""What statements are built for, and statements that are built once.

A statement depends on the schema of the database and on the kind of its caller, which a `Scope` holds; who
calls and what is asked for is bound when it runs. A function with `@statement` gives a recipe, which the
request's `Reader` or `Writer` builds for its own scope, once for all requests of that kind:

    @statement
    def _types(scope: Scope) -> Select[int, str]:
        return select(...).where(scope.sees(BLSession))

    await reader.rows(_types(), sessions=ids)

What is kept is compiled: a statement as SQLAlchemy builds it is thousands of objects.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, cast, overload

from sqlalchemy import ColumnElement, Integer, SelectBase, String, bindparam, literal_column
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BindParameter, True_

from starbeam.access import ALL_PROPOSALS, Kind, Principal
from starbeam.cache import make_room
from starbeam.db.prepared import Prepared

if TYPE_CHECKING:
    from starbeam.db.engine import Database
    from starbeam.db.schema import Schema
    from starbeam.shared import Shared

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

_MOST_STATEMENTS = 2_000
"""Statements that are kept for a scope: clients combine filters, which make ever more."""
_MOST_SCOPES = 200
"""Kinds of caller whose statements are kept. There are as many as sets of permissions in use, a handful; only
tokens that are believed (`trust_token_claims`) can name more, and then a few statements are built again."""
CALLER_ID = bindparam("caller_id", type_=Integer())
"""The caller's `personId`, bound in every statement that uses it."""
CALLER_BEAMLINES = bindparam("caller_beamlines", type_=String(), expanding=True)
"""The beamlines that the caller sees all of, for ``column.in_(CALLER_BEAMLINES)``."""
CALLER_PROPOSALS = bindparam("caller_proposals", type_=String())
"""A regular expression for the names of the proposals that the caller's token is limited to."""
BEHALF_ID = bindparam("behalf_id", type_=Integer())
"""The `personId` of the person for whom a machine works …"""
BEHALF_BEAMLINES = bindparam("behalf_beamlines", type_=String(), expanding=True)
"""… and the beamlines that this person sees all of."""
EARLIEST: Any = bindparam("earliest_end")
LATEST: Any = bindparam("latest_begin")
"""Sessions that ended before the one, or begin after the other, the caller's token does not write to."""
NOW: Any = bindparam("now")
"""The facility's local time at which the request began, bound in every statement that uses it."""


def caller_values(who: Principal, now: datetime) -> dict[str, Any]:
    """What to bind for the caller in every statement, and for `NOW`."""
    bound: dict[str, Any] = {"caller_id": who.person_id, "caller_beamlines": list(who.beamlines), "now": now}
    if who.limits is not None and who.limits.proposals:
        bound["caller_proposals"] = names_like(who.limits.proposals)
    if who.limits is not None and who.limits.hours:
        around = timedelta(hours=who.limits.hours)
        bound |= {"earliest_end": now - around, "latest_begin": now + around}
    if who.behalf is not None:
        bound |= {"behalf_id": who.behalf.person_id, "behalf_beamlines": list(who.behalf.beamlines)}
    return bound


def names_like(patterns: Iterable[str]) -> str:
    """The regular expression of names, in which `*` stands for any letters. Letters' case does not matter, as
    the database compares names."""
    shapes = (".*".join(re.escape(part) for part in pattern.split("*")) for pattern in patterns)
    return f"(?i)^({'|'.join(shapes)})$"


class Rules(Protocol):
    """Which rows are visible: `starbeam.visibility.Visibility`, which itself builds on scopes."""

    @property
    def restricts(self) -> bool:
        """Whether any rule hides rows that others allow."""

    def condition(self, scope: Scope, entity: Any) -> ColumnElement[bool]:
        """The condition for a row of `entity` (a mapped class or an alias of one) to be visible."""


@dataclass(eq=False)
class Scope:
    """One database's schema, the rules of visibility, and one kind of caller."""

    schema: Schema
    visibility: Rules
    kind: Kind
    statements: dict[Any, Any] = field(default_factory=dict)
    visible: frozenset[type[Any]] = frozenset()
    """Entities whose rows are known to be visible."""
    restricted: Scope | None = None
    """Whose `Restrict` rules hold, where it is not this one."""
    extensions: Mapping[Any, Any] = field(default_factory=dict)
    """Lists and shapes, and what plugins made of each (`starbeam.db.extensions`)."""
    prepare: Callable[[Any], Any] = lambda query: query
    """What makes of a statement that which is kept and runs."""
    shared: Shared | None = None
    """What other servers have found with the same statement, where servers share."""

    def extended(self, what: R) -> R:
        """A list or a shape as plugins extend it; as it is where none does."""
        found: R = self.extensions.get(what, what)
        return found

    def sees(self, entity: Any) -> ColumnElement[bool]:
        """The condition for a row of `entity` (a mapped class or an alias) to be visible to the caller."""
        return self.visibility.condition(self, entity)

    def sees_all(self, entity: Any) -> bool:
        """Whether the caller sees every row of `entity`: nothing needs to be asked, and no plugin restricts
        it."""
        return isinstance(self.sees(entity), True_)

    def below(self, *entities: type[Any]) -> Scope:
        """The same, where rows of these entities are known to be visible: for counters of what hangs on a
        visible row."""
        return replace(self, visible=self.visible | {*entities})

    def permitted(self) -> Scope:
        """The same, where a permission of the operation's own allows every row: what plugins restrict for
        this caller stays hidden."""
        kind = replace(self.kind, permissions=self.kind.permissions | {ALL_PROPOSALS})
        return replace(self, kind=kind, statements={}, restricted=self)

    @property
    def restricts(self) -> bool:
        """Whether something hides rows from this caller that are allowed: what others count, they may not."""
        return bool(self.kind.narrowed) or self.visibility.restricts

    def has(self, *wanted: Any) -> bool:
        """Whether the database has all of these tables (mapped classes) and columns (their attributes)."""
        return all(self.schema.has(one) for one in wanted)

    def column(self, attribute: InstrumentedAttribute[R]) -> ColumnElement[R]:
        """The column, or NULL of its type where the database lacks it."""
        if self.schema.has(attribute):
            return cast("ColumnElement[R]", attribute)
        return literal_column("NULL", attribute.type)

    @overload
    def build(self, recipe: Recipe[R]) -> R: ...
    @overload
    def build(self, recipe: R) -> R: ...
    def build(self, recipe: Any) -> Any:
        """What a recipe makes for this scope, the same object each time, ready to run where it is a
        statement; anything else as it is."""
        if not isinstance(recipe, Recipe):
            return recipe
        key = recipe, self.visible
        if key not in self.statements:
            make_room(self.statements, _MOST_STATEMENTS)
            made = recipe.made(self)
            self.statements[key] = self.prepare(made) if isinstance(made, SelectBase) else made
        return self.statements[key]


class Scopes:
    """The scopes of one app: one for each kind of caller."""

    def __init__(
        self,
        database: Database,
        visibility: Rules,
        extensions: Mapping[Any, Any] | None = None,
        shared: Shared | None = None,
    ) -> None:
        self._database = database
        self.visibility = visibility
        self.extensions = extensions or {}
        self._shared = shared
        self._scopes: dict[Kind, Scope] = {}

    async def of(self, who: Principal, *, writes: bool = False) -> Scope:
        """What statements for this caller are built for. Raises what the database raises while it is away."""
        schema = await self._database.ready()
        kind = who.writing if writes else who.kind
        if kind not in self._scopes or self._scopes[kind].schema is not schema:
            make_room(self._scopes, _MOST_SCOPES)
            self._scopes[kind] = Scope(
                schema,
                self.visibility,
                kind,
                extensions=self.extensions,
                prepare=self._database.prepared,
                shared=self._shared,
            )
        return self._scopes[kind]


@dataclass(frozen=True)
class Recipe(Generic[R_co]):
    """How to build a statement for a scope. Equal recipes build equal statements."""

    make: Callable[..., R_co]
    arguments: tuple[Any, ...] = ()
    named: tuple[tuple[str, Any], ...] = ()

    def made(self, scope: Scope) -> R_co:
        """What it makes, as a part of another statement."""
        return self.make(scope, *self.arguments, **dict(self.named))


def statement(make: Callable[Concatenate[Scope, P], R]) -> Callable[P, Recipe[R]]:
    """Give a recipe for each set of arguments, which must be hashable and few in number."""

    @wraps(make)
    def recipe(*args: P.args, **kwargs: P.kwargs) -> Recipe[R]:
        return Recipe(make, args, tuple(kwargs.items()))

    return recipe


@statement
def bound_by(scope: Scope, query: Any) -> frozenset[str]:
    """Names of all that a statement binds."""
    if isinstance(query, Prepared):
        return query.binds
    return frozenset(one.key for one in visitors.iterate(query) if isinstance(one, BindParameter))
