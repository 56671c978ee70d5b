"""Which rows a person sees: rules by entity, compiled into the SQL of every query.

A plugin registers `Allow` and `Restrict` rules for an entity (a mapped class), and `Narrow` rules for tokens.
A row is visible when any `Allow` and every `Restrict` of its entity holds; an entity without an `Allow` shows
nothing. Queries ask `scope.sees(Entity)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, false, inspect, or_, select, true
from sqlalchemy.orm import Mapper, aliased
from sqlalchemy.sql.elements import False_, True_

if TYPE_CHECKING:
    from starbeam.access import Narrowing
    from starbeam.db.scope import Scope

Condition = Callable[["Scope", Any], ColumnElement[bool]]
"""From the scope and the entity (the mapped class or an alias of it) to a condition on one of its rows."""


@dataclass(frozen=True)
class Allow:
    """Rows of `entity` that this condition holds for are visible."""

    entity: type[Any]
    condition: Condition

    def __post_init__(self) -> None:
        _require_mapped(self.entity)


@dataclass(frozen=True)
class Restrict:
    """Rows of `entity` that this condition does not hold for are invisible, whatever allows them."""

    entity: type[Any]
    condition: Condition

    def __post_init__(self) -> None:
        _require_mapped(self.entity)


@dataclass(frozen=True)
class Narrow:
    """Rows of `entity` that this condition does not hold for are invisible to tokens that are limited: to
    some proposals (`CALLER_PROPOSALS`), to what the person sees for whom a machine works (`BEHALF_ID`,
    `BEHALF_BEAMLINES`), or, where it writes, to sessions of this time (`EARLIEST`, `LATEST`)."""

    entity: type[Any]
    condition: Condition
    by: Narrowing = "proposals"

    def __post_init__(self) -> None:
        _require_mapped(self.entity)


@dataclass(frozen=True)
class Reason:
    """One of the reasons for which an `Allow` lets people see rows of `entity`: `starbeam explain` asks for
    each by itself. It opens nothing."""

    entity: type[Any]
    says: str
    """What holds for who sees a row: `is a member of the session`."""
    condition: Condition


@dataclass(frozen=True)
class Named:
    """How rows of `entity` are called where people name them."""

    entity: type[Any]
    find: Callable[[str], tuple[Any, dict[str, Any]]]
    """From a name to a statement of keys, and what to bind in it."""


def _require_mapped(entity: Any) -> None:
    if not isinstance(inspect(entity, raiseerr=False), Mapper):
        raise TypeError(f"a rule is for a mapped class, not for {entity!r}")


Rule = Allow | Restrict | Narrow | Reason | Named


class Visibility:
    """The rules of all plugins."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._allow: dict[type[Any], list[Condition]] = {}
        self._restrict: dict[type[Any], list[Condition]] = {}
        self._narrow: dict[type[Any], list[Narrow]] = {}
        self.reasons: dict[type[Any], list[Reason]] = {}
        self.names: dict[type[Any], Named] = {}
        for rule in rules:
            if isinstance(rule, Reason):
                self.reasons.setdefault(rule.entity, []).append(rule)
                continue
            if isinstance(rule, Named):
                self.names[rule.entity] = rule
                continue
            if isinstance(rule, Narrow):
                self._narrow.setdefault(rule.entity, []).append(rule)
                continue
            kept = self._allow if isinstance(rule, Allow) else self._restrict
            kept.setdefault(rule.entity, []).append(rule.condition)

    @property
    def entities(self) -> Iterable[type[Any]]:
        """All whose rows somebody may see."""
        return self._allow

    def allowing(self, entity: type[Any]) -> Sequence[Condition]:
        """What lets people see rows of an entity."""
        return self._allow.get(entity, ())

    def hiding(self, entity: type[Any]) -> Sequence[Condition]:
        """What hides rows of an entity, whatever lets people see them."""
        return self._restrict.get(entity, ())

    @property
    def restricts(self) -> bool:
        """Whether any rule hides rows that others allow: what one caller counts, another may not."""
        return bool(self._restrict)

    def condition(self, scope: Scope, entity: Any) -> ColumnElement[bool]:
        """The condition for a row of `entity` (a mapped class or an alias of one) to be visible."""
        mapped = inspect(entity).mapper.class_
        if mapped in scope.visible:
            return true()
        allowed = _any([rule(scope, entity) for rule in self._allow.get(mapped, ())])
        hiding = [*self._restrict.get(mapped, ())]
        hiding += [one.condition for one in self._narrow.get(mapped, ()) if one.by in scope.kind.narrowed]
        narrowed = [rule(scope.restricted or scope, entity) for rule in hiding]
        return and_(allowed, *narrowed) if narrowed else allowed


def _any(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """One of them holds. Stays `true()` where one is, which `or_` hides: `through` then needs no subquery."""
    if any(isinstance(condition, True_) for condition in conditions):
        return true()
    possible = [condition for condition in conditions if not isinstance(condition, False_)]
    return or_(*possible) if possible else false()


@dataclass(frozen=True)
class Through:
    """A rule for rows that hang on a row of `parent`: visible when that row is."""

    parent: type[Any]
    column: str
    """Of the row: it names that of `parent` …"""
    parent_column: str
    """… by this."""

    def __call__(self, scope: Scope, entity: Any) -> ColumnElement[bool]:
        """The condition for a row to be visible."""
        parent, key = self.parent, self.parent_column
        row = inspect(entity).mapper.class_
        if not scope.has(parent, getattr(parent, key), getattr(row, self.column)):
            return false()
        above = aliased(parent)
        seen = scope.sees(above)
        if isinstance(seen, True_):
            return seen
        found: ColumnElement[bool] = getattr(entity, self.column).in_(select(getattr(above, key)).where(seen))
        return found


def through(parent: type[Any], column: str, parent_column: str | None = None) -> Through:
    """A rule for rows that hang on a row of `parent`: visible when that row is.

    `column` of the row names it, by its key or by `parent_column`.
    """
    return Through(parent, column, parent_column or inspect(parent).primary_key[0].key)
