"""Answers that are kept for a while, and worked out once for all who ask meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Cache(Generic[T]):
    """Answers by key, at most `age` seconds old and at most `most` of them; with an age of 0 nothing is kept
    or shared.

    Who waits for somebody else's answer shares it, an error too; when the one who works it out goes away, the
    next does.
    """

    def __init__(self, age: float, most: int = 2_000) -> None:
        self._age = age
        self._most = most
        self._kept: OrderedDict[Hashable, tuple[float, T]] = OrderedDict()
        """When each answer was asked for, and the answer, the oldest first."""
        self._running: dict[Hashable, asyncio.Future[Any]] = {}

    async def get(
        self, key: Hashable, work: Callable[[], Awaitable[T]], said: object = None, age: float | None = None
    ) -> T:
        """The answer for a key and what clients said: plain values of any length, of which a digest is kept.
        With `age` the answer must be younger than that."""
        if not self._age:
            return await work()
        full = (key, _digest(said))
        if (found := self._fresh(full, self._age if age is None else age)) is not None:
            return found[1]

        async def one() -> Mapping[Hashable, T]:
            return {full: await work()}

        return (await self._worked(full, one))[full]

    async def many(
        self, keys: Sequence[Hashable], work: Callable[[], Awaitable[Mapping[Hashable, T]]]
    ) -> Mapping[Hashable, T]:
        """The answers for several keys, which `work` finds all at once unless all are known."""
        if not self._age:
            return await work()
        found = {key: kept[1] for key in keys if (kept := self._fresh(key, self._age)) is not None}
        return found if len(found) == len(keys) else await self._worked(_digest(keys), work)

    def _fresh(self, key: Hashable, age: float) -> tuple[float, T] | None:
        found = self._kept.get(key)
        return found if found is not None and time.monotonic() - found[0] < age else None

    async def _worked(
        self, name: Hashable, work: Callable[[], Awaitable[Mapping[Hashable, T]]]
    ) -> Mapping[Hashable, T]:
        """What `work` finds, or somebody else's of this name who is at it; however long it takes."""
        while (running := self._running.get(name)) is not None:
            await asyncio.wait([running])
            if not running.cancelled():
                shared: Mapping[Hashable, T] = running.result()
                return shared
        running = self._running[name] = asyncio.get_running_loop().create_future()
        began = time.monotonic()
        try:
            answers = await work()
            running.set_result(answers)
        except Exception as error:
            running.set_exception(error)
            running.exception()  # whether or not anybody waits for it
            raise
        finally:
            running.cancel()  # no effect but for who was cancelled
            del self._running[name]
        self._keep(answers, began)
        return answers

    def _keep(self, answers: Mapping[Hashable, T], began: float) -> None:
        for key, answer in answers.items():
            self._kept[key] = began, answer
            self._kept.move_to_end(key)
        oldest = time.monotonic() - self._age
        while self._kept and (len(self._kept) > self._most or next(iter(self._kept.values()))[0] <= oldest):
            self._kept.popitem(last=False)


def make_room(kept: dict[Any, Any], most: int) -> None:
    """Let the oldest entry of a dictionary go when it has as many as it may have."""
    if len(kept) >= most:
        del kept[next(iter(kept))]


def _digest(said: object) -> bytes:
    return blake2b(repr(said).encode(errors="surrogatepass"), digest_size=16).digest()
