"""Numbers that cost the database what they count: large ones are kept for seconds, small ones are those of
now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Executable

from starbeam.cache import Cache, digest
from starbeam.db.prepared import Prepared
from starbeam.db.rows import Rows
from starbeam.db.scope import Scope, bound_by, statement

AGE = 5
"""After how many seconds a number is renewed."""
MANY = 100
"""The smallest number of rows on something that is kept."""
LONG = 1_000
"""The smallest total of a list that is kept, and the fewest rows of an answer that is."""
_MOST_COUNTS = 20_000
_MOST_TOTALS = 200

T = TypeVar("T")
Counts = tuple[Any, ...]
"""How many rows hang on something, and what else was found in them."""
Count = Callable[[Rows, Sequence[int]], Awaitable[Mapping[int, Counts]]]
"""How to count for each of these keys; one on which nothing hangs may be left out."""


@statement
def _counts(scope: Scope, count: Count) -> Cache[Counts]:
    return Cache(AGE, _MOST_COUNTS, worth=lambda counts: bool(counts[0] >= MANY))


@statement
def _totals(scope: Scope, query: Executable | Prepared) -> Cache[int]:
    return Cache(AGE, _MOST_TOTALS, worth=_is_long)


@statement
def _answers(scope: Scope, name: str) -> Cache[Any]:
    return Cache(AGE, _MOST_TOTALS, worth=lambda answer: bool(answer[0] >= LONG))


async def counted(reader: Rows, count: Count, keys: Sequence[int]) -> Mapping[int, Counts]:
    """What hangs on each of these keys, as the caller sees it: a number of `MANY` or more may be `AGE`
    seconds old, and is renewed while the old one is given (`starbeam.cache`)."""
    if not reader.keeps:
        return await count(reader, keys)
    caller = _caller(reader)

    async def some(one: Rows, wanted: Sequence[Any]) -> Mapping[Hashable, Counts]:
        found = await count(one, [key for _, key in wanted])
        return {(caller, key): counts for key, counts in found.items()}

    cache: Cache[Counts] = reader.scope.build(_counts(count))
    found = await cache.each(
        [(caller, key) for key in keys],
        partial(some, reader),
        lambda wanted: reader.apart(lambda one: some(one, wanted)),
    )
    return {key: found[caller, key] for key in keys if (caller, key) in found}


async def total(reader: Rows, query: Executable | Prepared, values: Mapping[str, Any]) -> int:
    """What a statement counts with these values: `LONG` or more may be `AGE` seconds old. Callers for whom it
    binds the same share it, on all servers where these share."""

    async def count(one: Rows, keys: Sequence[Hashable]) -> Mapping[Hashable, int]:
        async def ask() -> int:
            return int(await one.scalar(query, **values))

        return dict.fromkeys(keys, await one.once(query, values, int, AGE, ask, _is_long))

    given = {**reader.caller, **values}
    key = digest([(name, given[name]) for name in sorted(reader.scope.build(bound_by(query)) & given.keys())])
    if not reader.keeps:
        return (await count(reader, [key]))[key]
    cache: Cache[int] = reader.scope.build(_totals(query))
    found = await cache.each(
        [key], partial(count, reader), lambda keys: reader.apart(lambda one: count(one, keys))
    )
    return found[key]


async def kept(reader: Rows, name: str, said: object, make: Callable[[Rows], Awaitable[tuple[int, T]]]) -> T:
    """An answer of this name for what a client said, which `make` gives with the number of rows behind it:
    where these are `LONG` or more it may be `AGE` seconds old. Who asks meanwhile shares it."""
    if not reader.keeps:
        return (await make(reader))[1]
    cache: Cache[tuple[int, T]] = reader.scope.build(_answers(name))
    found = await cache.get(_caller(reader), lambda: make(reader), said, behind=lambda: reader.apart(make))
    return found[1]


def _is_long(total: int) -> bool:
    return total >= LONG


def _caller(reader: Rows) -> Hashable:
    """For whom numbers are kept: everybody who sees all rows, or the caller."""
    shared = reader.scope.kind.sees_everything and not reader.scope.restricts
    return None if shared else reader.who
