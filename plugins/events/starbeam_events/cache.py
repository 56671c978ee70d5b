"""Answers that are kept for a few seconds and worked out once for all who ask meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

MOST = 2_000
"""How many answers are kept."""


@dataclass
class _Running:
    """An answer that is being worked out."""

    done: asyncio.Event = field(default_factory=asyncio.Event)
    answer: list[Any] = field(default_factory=list)
    """With one entry when it was found."""


class Cache:
    """Answers by key, at most `age` seconds old; with an age of 0 nothing is kept or shared."""

    def __init__(self, age: float, most: int = MOST) -> None:
        self._age = age
        self._most = most
        self._kept: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self._running: dict[Hashable, _Running] = {}

    async def get(self, key: Hashable, work: Callable[[], Awaitable[Any]]) -> Any:
        """The answer for a key. When the one who works it out fails or goes away, the next does."""
        if not self._age:
            return await work()
        while (found := self._fresh(key)) is None:
            if (running := self._running.get(key)) is None:
                return await self._work(key, work)
            await running.done.wait()
            if running.answer:  # however long it took
                return running.answer[0]
        return found[1]

    def _fresh(self, key: Hashable) -> tuple[float, Any] | None:
        found = self._kept.get(key)
        return found if found is not None and time.monotonic() - found[0] < self._age else None

    async def _work(self, key: Hashable, work: Callable[[], Awaitable[Any]]) -> Any:
        running = self._running[key] = _Running()
        began = time.monotonic()
        try:
            answer = await work()
            running.answer.append(answer)
            self._kept[key] = began, answer
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
            return answer
        finally:
            del self._running[key]
            running.done.set()
