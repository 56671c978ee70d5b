"""Which tables and columns the operations of plugins read and write.

Each handler is called as the server calls it, with values that are made up and a database that is not there
(`stage`), in all ways that may make a difference. `starbeam doctor` tells with it what a column that is
missing costs, and which grants the server needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect

from starbeam.api import Forbidden, Invalid, Principal
from starbeam.api.database import Column, Schema, Scope
from starbeam.api.tools import CORE, Operation, operations_of
from starbeam_doctor.madeup import TEXT, WORLDS
from starbeam_doctor.outside import nothing_changes_outside
from starbeam_doctor.stage import Stage, Use
from starbeam_doctor.trial import Trial

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from starbeam.api.tools import Starbeam

NUMBERS = "[1]"
"""A text that is a list, where an operation takes one as JSON."""


async def uses_of(app: Starbeam, schema: Schema) -> dict[str, tuple[Operation, Use]]:
    """What each operation of a plugin reads and writes, by operation id: of a database that has all that
    plugins know, and of this one, where others are read instead."""
    stage, scopes, found = Stage(), _Scopes(app, schema), {}
    with nothing_changes_outside():
        for one in operations_of(app.asgi):
            if one.plugin != CORE:
                stage.use, trial = Use(), Trial(app, one, stage)
                await _try_all(trial, scopes, frozenset(app.registry.permissions))
                stage.use.is_known = trial.answers
                found[one.operation_id] = one, stage.use
    return found


async def _try_all(trial: Trial, scopes: _Scopes, declared: frozenset[str]) -> None:
    """Call an operation in all ways that may make a difference."""
    needed = declared & {trial.operation.access}
    anybody, boss = Principal(1, TEXT, needed), Principal(1, TEXT, declared)
    staff = Principal(1, TEXT, needed, (TEXT,), (TEXT,))
    if isinstance(await trial.run(scopes.of(anybody), anybody), Forbidden):
        for permission in declared:
            await trial.run(scopes.of(anybody), Principal(1, TEXT, frozenset({permission})))
    for world in WORLDS:
        await trial.run(scopes.of(staff), staff, world)
    for who in (staff, boss):
        await trial.run(scopes.here(who), who)
        await trial.run(scopes.here(who), who, given=trial.optional)
        asks_for_more = isinstance(await trial.run(scopes.of(who), who), Invalid)
        for names in _choices(trial.optional, 2 if asks_for_more else 1):
            await trial.run(scopes.of(who), who, given=names)
        await trial.run(scopes.of(who), who, given=trial.optional, text=NUMBERS)


def _choices(names: set[str], together: int) -> Iterator[set[str]]:
    """All, and as many of them together at most."""
    yield names
    for number in range(1, together + 1):
        yield from map(set, combinations(sorted(names), number))


class _Scopes:
    """What statements are built for."""

    def __init__(self, app: Starbeam, schema: Schema) -> None:
        tables = {
            model.__tablename__.lower(): {
                column.name.lower(): Column(column.name, "", True, None, "")
                for column in model.__table__.columns
            }
            for model in app.registry.models.values()
        }
        self._schema = Schema(app.database.dialect.name, tables)
        self._rules = _Rules(app.scopes.visibility)
        self._here = schema, _Rules(app.scopes.visibility)
        self._extensions = app.scopes.extensions
        self._scopes: dict[Any, Scope] = {}

    def here(self, who: Principal) -> Scope:
        """Of the database that is there, for this caller."""
        return Scope(*self._here, who.kind, extensions=self._extensions)

    def of(self, who: Principal) -> Scope:
        """Of one that has everything, for this caller."""
        return self._scopes.setdefault(
            who.kind, Scope(self._schema, self._rules, who.kind, extensions=self._extensions)
        )


class _Rules:
    """The rules of visibility, each built once: an alias names what its class does."""

    def __init__(self, rules: Any) -> None:
        self._rules = rules
        self._built: dict[Any, ColumnElement[bool]] = {}

    @property
    def restricts(self) -> bool:
        """Whether any rule hides rows that others allow."""
        return bool(self._rules.restricts)

    def condition(self, scope: Scope, entity: Any) -> ColumnElement[bool]:
        """The condition for a row of an entity to be visible."""
        mapped = inspect(entity).mapper.class_
        key = mapped, scope.visible, scope.kind, scope.restricted and scope.restricted.kind
        if key not in self._built:
            self._built[key] = self._rules.condition(scope, mapped)
        return self._built[key]
