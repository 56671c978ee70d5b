"""Answers that are kept for a while and worked out once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

import pytest

from starbeam.cache import Cache, end_renewals, make_room

pytestmark = pytest.mark.anyio


class Work:
    """Something that takes until it is let go."""

    def __init__(self) -> None:
        self.calls = 0
        self.go = asyncio.Event()
        self.fails = False

    async def __call__(self) -> int:
        self.calls += 1
        number = self.calls
        await self.go.wait()
        if self.fails:
            raise OSError(number)
        return number


async def test_all_who_ask_meanwhile_share_one_answer() -> None:
    work, cache = Work(), Cache(1000)
    asking = [asyncio.create_task(cache.get("a", work)) for _ in range(5)]
    other = asyncio.create_task(cache.get("b", work))
    await asyncio.sleep(0)
    work.go.set()
    assert await asyncio.gather(*asking) == [1] * 5
    assert await other == 2
    assert await cache.get("a", work) == 1


async def test_the_next_works_it_out_when_the_first_goes_away_or_fails() -> None:
    work, cache = Work(), Cache(1000)
    first = asyncio.create_task(cache.get("a", work))
    second = asyncio.create_task(cache.get("a", work))
    await asyncio.sleep(0)
    first.cancel()
    async with asyncio.timeout(60):
        while work.calls < 2:  # noqa: ASYNC110 - the second takes over
            await asyncio.sleep(0)
    work.go.set()
    assert await second == 2
    work.fails = True
    with pytest.raises(OSError, match="3"):
        await cache.get("b", work)
    work.fails = False
    assert await cache.get("b", work) == 4


async def test_an_answer_is_no_older_than_the_age(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("starbeam.cache.monotonic", lambda: now)
    work, cache = Work(), Cache(5)
    work.go.set()
    assert await cache.get("a", work) == 1
    now = 104.9
    assert await cache.get("a", work) == 1
    now = 105.0
    assert await cache.get("a", work) == 2


async def test_who_waited_takes_an_answer_that_took_longer_than_the_age(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr("starbeam.cache.monotonic", lambda: now)
    work, cache = Work(), Cache(5)
    asking = [asyncio.create_task(cache.get("a", work)) for _ in range(3)]
    await asyncio.sleep(0)
    now = 106.0
    work.go.set()
    assert await asyncio.gather(*asking) == [1] * 3
    assert await cache.get("a", work) == 2


async def test_with_an_age_of_zero_nothing_is_kept_or_shared() -> None:
    work, cache = Work(), Cache(0)
    work.go.set()
    assert await asyncio.gather(*(cache.get("a", work) for _ in range(3))) == [1, 2, 3]


async def test_those_who_wait_share_a_failure_too() -> None:
    """Or each would work in vain for as long as the first, one after the other."""
    work: Work = Work()
    cache: Cache[int] = Cache(1000)
    asking = [asyncio.create_task(cache.get("a", work)) for _ in range(5)]
    await asyncio.sleep(0)
    work.fails = True
    work.go.set()
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert [repr(one) for one in found] == ["OSError(1)"] * 5
    work.fails = False
    assert await cache.get("a", work) == 2


async def test_an_answer_may_have_to_be_younger(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("starbeam.cache.monotonic", lambda: now)
    work = Work()
    cache: Cache[int] = Cache(10)
    work.go.set()
    assert await cache.get("a", work) == 1
    now = 104.0
    assert await cache.get("a", work, age=5) == 1
    assert await cache.get("a", work, age=4) == 2
    assert await cache.get("a", work) == 2


async def test_of_what_clients_say_a_digest_is_kept() -> None:
    work = Work()
    cache: Cache[int] = Cache(1000)
    work.go.set()
    said = [[("name", "x" * 100_000 + str(number))] for number in range(5)] + [[("name", "\ud800")], None]
    assert [await cache.get("a", work, one) for one in said] == [1, 2, 3, 4, 5, 6, 7]
    assert [await cache.get("a", work, one) for one in said] == [1, 2, 3, 4, 5, 6, 7]
    assert all(len(repr(key)) < 100 for key in cache._kept)


async def test_what_is_too_old_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("starbeam.cache.monotonic", lambda: now)
    work = Work()
    cache: Cache[int] = Cache(10)
    work.go.set()
    for key in "abc":
        await cache.get(key, work)
    now = 200.0
    await cache.get("d", work)
    assert [key for key, _ in cache._kept] == ["d"]


async def test_an_old_answer_is_given_while_it_is_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("starbeam.cache.monotonic", lambda: now)
    first, behind = Work(), Work()
    cache: Cache[int] = Cache(10)
    first.go.set()
    behind.calls = 10
    assert await cache.get("a", first, behind=behind) == 1
    now = 199.9
    assert [await cache.get("a", first, behind=behind) for _ in range(3)] == [1, 1, 1]
    await asyncio.sleep(0)
    assert (first.calls, behind.calls) == (1, 11)
    behind.go.set()
    await settled(cache)
    assert await cache.get("a", first, behind=behind) == 11
    now = 300.0
    assert await cache.get("a", first, behind=behind) == 2  # too old to be given


async def test_what_cannot_be_renewed_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("starbeam.cache.monotonic", lambda: now)
    work: Work = Work()
    cache: Cache[int] = Cache(10)
    work.go.set()
    assert await cache.get("a", work, behind=work) == 1
    now, work.fails = 115.0, True
    assert await cache.get("a", work, behind=work) == 1
    await settled(cache)
    work.fails = False
    assert await cache.get("a", work, behind=work) == 1
    await settled(cache)
    assert await cache.get("a", work, behind=work) == 3


async def test_what_is_renewed_ends_before_a_server_does(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("starbeam.cache.monotonic", lambda: now)
    work, behind = Work(), Work()
    cache: Cache[int] = Cache(10)
    work.go.set()
    await cache.get("a", work, behind=behind)
    now = 115.0
    await cache.get("a", work, behind=behind)
    behind.calls = 10
    ending = asyncio.create_task(end_renewals())
    await asyncio.sleep(0)
    assert not ending.done()
    behind.go.set()
    await ending
    assert await cache.get("a", work) == 11
    await end_renewals()  # of nothing


async def test_several_answers_are_renewed_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several answers are as old as the oldest of them; one that was never found is worked out at once."""
    now = 100.0
    monkeypatch.setattr("starbeam.cache.monotonic", lambda: now)
    cache: Cache[str] = Cache(10)
    asked: list[str] = []

    def find(keys: str) -> Callable[[], Awaitable[dict[Hashable, str]]]:
        async def found() -> dict[Hashable, str]:
            asked.append(keys)
            return {key: f"{key}{len(asked)}" for key in keys}

        return found

    assert await cache.many("a", find("a"), find("a")) == {"a": "a1"}
    now = 108.0
    assert await cache.many("ab", find("ab"), find("ab")) == {"a": "a2", "b": "b2"}
    now = 119.0
    assert await cache.many("ab", find("ab"), find("ab")) == {"a": "a2", "b": "b2"}
    await settled(cache)
    assert await cache.many("ab", find("ab"), find("ab")) == {"a": "a3", "b": "b3"}
    assert await cache.many("abc", find("abc"), find("abc")) == {"a": "a4", "b": "b4", "c": "c4"}
    assert await cache.many("", find(""), find("")) == {}


async def settled(cache: Cache[Any]) -> None:
    """Wait until nothing is renewed."""
    while tasks := [*cache._behind.values()]:
        await asyncio.wait(tasks)
        await asyncio.sleep(0)


async def test_several_are_worked_out_together() -> None:
    calls: list[list[int]] = []
    cache: Cache[int] = Cache(1000)

    async def squares(*keys: int) -> dict[Hashable, int]:
        calls.append(list(keys))
        await asyncio.sleep(0)
        return {key: key * key for key in keys}

    first, second = await asyncio.gather(*(cache.many([1, 2, 3], lambda: squares(1, 2, 3)) for _ in "ab"))
    assert first == second == {1: 1, 2: 4, 3: 9}
    assert await cache.many([3, 1], lambda: squares(3, 1)) == {1: 1, 3: 9}
    assert await cache.many([3, 4], lambda: squares(3, 4)) == {3: 9, 4: 16}
    assert await cache.many([], lambda: squares()) == {}
    assert calls == [[1, 2, 3], [3, 4]]


def test_the_oldest_makes_room() -> None:
    kept: dict[str, int] = {}
    for number, name in enumerate("abcd"):
        make_room(kept, 2)
        kept[name] = number
    assert kept == {"c": 2, "d": 3}


async def test_only_so_many_are_kept() -> None:
    work, cache = Work(), Cache(1000, most=2)
    work.go.set()
    assert [await cache.get(key, work) for key in "abc"] == [1, 2, 3]
    assert [await cache.get(key, work) for key in "cba"] == [3, 2, 4]
