"""Answers that are kept for a while and worked out once."""

from __future__ import annotations

import asyncio

import pytest

from starbeam_events.cache import Cache

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
    await asyncio.sleep(0.01)
    assert work.calls == 2
    work.go.set()
    assert await second == 2
    work.fails = True
    with pytest.raises(OSError, match="3"):
        await cache.get("b", work)
    work.fails = False
    assert await cache.get("b", work) == 4


async def test_an_answer_is_no_older_than_the_age(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
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
    monkeypatch.setattr("time.monotonic", lambda: now)
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


async def test_only_so_many_are_kept() -> None:
    work, cache = Work(), Cache(1000, most=2)
    work.go.set()
    assert [await cache.get(key, work) for key in "abc"] == [1, 2, 3]
    assert [await cache.get(key, work) for key in "cba"] == [3, 2, 4]
