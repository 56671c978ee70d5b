"""Whose turn it is, where many want one of a few places."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field


@dataclass(eq=False)
class _Waiting:
    person: int
    turn: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Turns:
    """So many places, of which one person has at most a share.

    Who holds the fewest is next, and of several the first that came: however much one person asks for, others
    wait for no more than what is being done.
    """

    def __init__(self, places: int, share: int) -> None:
        self._free = places
        self._share = share
        self._held = Counter[int]()
        self._waiting = list[_Waiting]()

    async def take(self, person: int) -> None:
        """Wait for a place."""
        one = _Waiting(person)
        self._waiting.append(one)
        self._let_in()
        try:
            await one.turn
        except asyncio.CancelledError:
            if one in self._waiting:
                self._waiting.remove(one)
            else:
                self.give(person)
            raise

    def give(self, person: int) -> None:
        """Give a place back."""
        self._free += 1
        self._held[person] -= 1
        if not self._held[person]:
            del self._held[person]
        self._let_in()

    def _let_in(self) -> None:
        while self._free and self._waiting:
            one = min(self._waiting, key=lambda waiting: self._held[waiting.person])
            if self._held[one.person] >= self._share:
                return
            self._waiting.remove(one)
            self._free -= 1
            self._held[one.person] += 1
            one.turn.set_result(None)
