"""Why a person sees something, or does not: rule by rule, from a row to what it hangs on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, inspect, select

from starbeam.access import ALL_PROPOSALS
from starbeam.db.rows import Rows
from starbeam.paging import number_of
from starbeam.refusals import Missing
from starbeam.visibility import Through, Visibility

NO_PATH = "No operation answers this path about one thing that rules decide on"


@dataclass(frozen=True)
class Line:
    """A rule, and whether it holds."""

    about: str
    """The row: `Dewar 7`."""
    says: str
    holds: bool


@dataclass(frozen=True)
class Explanation:
    """What a person sees of a row, and why."""

    about: str
    sees: bool
    lines: list[Line]


async def explain(rows: Rows, paths: Iterable[str], path: str) -> Explanation:
    """Why who reads `rows` sees what this path of the API is about, or does not. `paths` are those of all
    operations. Raises Missing for a path that says nothing of one row."""
    rules: Any = rows.scope.visibility
    entity, key = await _thing(rows, rules, paths, path)
    about = f"{entity.__name__} {key}"
    if not await _holds(rows, entity, key):
        return Explanation(about, False, [Line(about, "exists", False)])
    lines = [Line("the person", f"has the permission {ALL_PROPOSALS}", rows.scope.kind.allows_everything)]
    await _walk(rows, rules, entity, key, lines)
    return Explanation(about, await _holds(rows, entity, key, rows.scope.sees(entity)), lines)


async def _thing(
    rows: Rows, rules: Visibility, paths: Iterable[str], path: str
) -> tuple[type[Any], int | str]:
    """What a path is about: its last part is the key, or the name, of a row."""
    wanted = re.sub(r"^https?://[^/]+", "", path).partition("?")[0].rstrip("/")
    by_key = {inspect(entity).primary_key[0].key: entity for entity in rules.entities}
    for known in paths:
        start, _, last = known.rpartition("/")
        parameter = re.fullmatch(r"{(\w+)(:\w+)?}", last)
        head, _, value = wanted.rpartition("/")
        if parameter is None or "{" in start or not head or not start.endswith(head):
            continue
        entity = by_key.get(parameter[1]) or by_key.get(f"{parameter[1]}Id")
        if entity is not None:
            return entity, await _key(rows, rules, entity, value)
    raise Missing(NO_PATH)


async def _key(rows: Rows, rules: Visibility, entity: type[Any], value: str) -> int | str:
    """The key that a value in a path stands for; a name that no row has stays as it is."""
    if (number := number_of(value)) is not None:
        return number
    if entity in rules.names:
        query, values = rules.names[entity].find(value)
        key = await rows.scalar(query, **values)
        return value if key is None else int(key)
    return value


async def _holds(rows: Rows, entity: type[Any], key: int | str, *conditions: ColumnElement[bool]) -> bool:
    if isinstance(key, str):
        return False
    column: Any = inspect(entity).primary_key[0]
    return bool(await rows.rows(select(column).where(column == key, *conditions)))


async def _walk(rows: Rows, rules: Visibility, entity: type[Any], key: Any, lines: list[Line]) -> None:
    """The rules for a row, then those for what it hangs on."""
    about = f"{entity.__name__} {key}"
    for reason in rules.reasons.get(entity, ()):
        holds = await _holds(rows, entity, key, reason.condition(rows.scope, entity))
        lines.append(Line(about, reason.says, holds))
    for hides in rules.hiding(entity):
        shown = await _holds(rows, entity, key, hides(rows.scope, entity))
        lines.append(Line(about, "is hidden by no plugin", shown))
    for rule in rules.allowing(entity):
        if isinstance(rule, Through) and rows.scope.has(rule.parent, getattr(entity, rule.column)):
            await _follow(rows, rules, entity, key, rule, lines)


async def _follow(
    rows: Rows, rules: Visibility, entity: type[Any], key: Any, rule: Through, lines: list[Line]
) -> None:
    own: Any = inspect(entity).primary_key[0]
    above: Any = inspect(rule.parent).primary_key[0]
    link = getattr(rule.parent, rule.parent_column) == getattr(entity, rule.column)
    found = await rows.scalar(select(above).join(entity, link).where(own == key))
    name = rule.parent.__name__
    says = f"hangs on {name} {found}" if found is not None else f"hangs on a {name}"
    lines.append(Line(f"{entity.__name__} {key}", says, found is not None))
    if found is not None:
        await _walk(rows, rules, rule.parent, found, lines)
