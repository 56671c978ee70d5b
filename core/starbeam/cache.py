"""Answers that are kept for a while, and worked out once for all who ask meanwhile."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextvars import Context
from hashlib import blake2b
from time import monotonic
from typing import Any, Generic, TypeAlias, TypeVar
from weakref import WeakSet

from starbeam.lifespan import come_to_end

T = TypeVar("T")
Work: TypeAlias = Callable[[], Awaitable[Mapping[Hashable, T]]]
"""How to find the answers for some keys."""
Some: TypeAlias = Callable[[Sequence[Hashable]], Awaitable[Mapping[Hashable, T]]]
"""How to find the answers for keys that are given."""
LATE = 10
"""How many times their age answers are still given while they are renewed."""
_renewals: WeakSet[asyncio.Task[Any]] = WeakSet()


async def end_renewals() -> None:
    """Let what is worked out behind requests come to its end, before what it is worked out with is closed."""
    loop = asyncio.get_running_loop()
    await come_to_end(*(task for task in _renewals if task.get_loop() is loop))


class Cache(Generic[T]):
    """Answers by key, at most `age` seconds old and at most `most` of them; with an age of 0 nothing is kept
    or shared.

    Who waits for somebody else's answer shares it, an error too; when the one who works it out goes away, the
    next does. Who says how to renew an answer `behind` the request is given one of up to `LATE` times the age
    meanwhile, and waits for none but the first.
    """

    def __init__(
        self, age: float, most: int = 2_000, worth: Callable[[T], bool] = lambda answer: True
    ) -> None:
        self._age = age
        self._most = most
        self._worth = worth
        """Whether an answer is kept at all."""
        self._kept: OrderedDict[Hashable, tuple[float, T]] = OrderedDict()
        """When each answer was asked for, and the answer, the oldest first."""
        self._running: dict[Hashable, asyncio.Future[Any]] = {}
        self._behind: dict[Hashable, asyncio.Task[Any]] = {}

    async def get(
        self,
        key: Hashable,
        work: Callable[[], Awaitable[T]],
        said: object = None,
        age: float | None = None,
        behind: Callable[[], Awaitable[T]] | None = None,
    ) -> T:
        """The answer for a key and what clients said: plain values of any length, of which a digest is kept.
        With `age` the answer must be younger than that; `behind` does the same as `work`, after the request
        too."""
        full = (key, digest(said))

        def one(how: Callable[[], Awaitable[T]]) -> Work[T]:
            async def found() -> Mapping[Hashable, T]:
                return {full: await how()}

            return found

        return (await self.many([full], one(work), behind and one(behind), age))[full]

    def known(self, key: Hashable, said: object = None) -> T | None:
        """What `get` gave last for it, however old, where that is still there."""
        kept = self._kept.get((key, digest(said)))
        return None if kept is None else kept[1]

    async def many(
        self,
        keys: Sequence[Hashable],
        work: Work[T],
        behind: Work[T] | None = None,
        age: float | None = None,
    ) -> Mapping[Hashable, T]:
        """The answers for several keys, which `work` finds all at once unless all are known; `behind` does
        the same, after the request too."""
        if not self._age:
            return await work()
        kept, old = self._look(keys, self._age if age is None else age, behind is not None)
        if kept is None:
            return await self._worked(tuple(keys), work)
        if old and behind is not None:
            self._renew(tuple(keys), behind)
        return kept

    async def each(self, keys: Sequence[Hashable], work: Some[T], behind: Some[T]) -> Mapping[Hashable, T]:
        """The answers for several keys: those that are kept, and what `work` finds for the others; `behind`
        does the same, after the request too. Who asks at once waits for nobody else's answer, and so sees
        what was there when they asked."""
        began = monotonic()
        kept = {
            key: one for key in keys if (one := self._kept.get(key)) and began - one[0] < LATE * self._age
        }
        found = {key: answer for key, (_, answer) in kept.items()}
        if lacking := [key for key in keys if key not in kept]:
            answers = await work(lacking)
            self._keep(answers, began)
            found |= answers
        if old := [key for key, (since, _) in kept.items() if began - since >= self._age]:
            self._renew(tuple(old), lambda: behind(old))
        return found

    def _look(
        self, keys: Sequence[Hashable], age: float, renewed: bool
    ) -> tuple[Mapping[Hashable, T] | None, bool]:
        """What is kept, None where one is missing or too old, and whether one is older than it should be."""
        found = {key: kept for key in keys if (kept := self._kept.get(key)) is not None}
        now = monotonic()
        passed = now - min((began for began, _ in found.values()), default=now)
        if len(found) < len(keys) or passed >= (LATE * age if renewed else age):
            return None, True
        return {key: answer for key, (_, answer) in found.items()}, passed >= age

    def _renew(self, name: Hashable, work: Work[T]) -> None:
        """Work answers out while nobody waits, once. What fails is tried again when somebody asks."""
        if name in self._behind:
            return

        def ended(task: asyncio.Task[Any]) -> None:
            del self._behind[name]
            if not task.cancelled():
                task.exception()

        task = asyncio.get_running_loop().create_task(self._worked(name, work), context=Context())
        self._behind[name] = task
        _renewals.add(task)
        task.add_done_callback(ended)

    async def _worked(self, name: Hashable, work: Work[T]) -> Mapping[Hashable, T]:
        """What `work` finds, or somebody else's of this name who is at it; however long it takes."""
        while (running := self._running.get(name)) is not None:
            await asyncio.wait([running])
            if not running.cancelled():
                shared: Mapping[Hashable, T] = running.result()
                return shared
        running = self._running[name] = asyncio.get_running_loop().create_future()
        began = monotonic()
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
            if not self._worth(answer):
                self._kept.pop(key, None)
                continue
            self._kept[key] = began, answer
            self._kept.move_to_end(key)
        oldest = monotonic() - LATE * self._age
        while self._kept and (len(self._kept) > self._most or next(iter(self._kept.values()))[0] <= oldest):
            self._kept.popitem(last=False)


def make_room(kept: dict[Any, Any], most: int) -> None:
    """Let the oldest entry of a dictionary go when it has as many as it may have."""
    if len(kept) >= most:
        del kept[next(iter(kept))]


def digest(said: object) -> bytes:
    """A short name for plain values of any length."""
    return blake2b(repr(said).encode(errors="surrogatepass"), digest_size=16).digest()
