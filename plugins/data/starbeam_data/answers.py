"""An answer on its way from a reader to a client."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Callable

from starbeam_data.protocol import SLOTS, Head
from starbeam_data.windows import Window


class Interrupted(Exception):
    """An answer that has begun and cannot be finished."""


class Answer:
    """An answer that is being read: its head, and its blocks as they come."""

    def __init__(self, head: Head, window: Window, patience: float) -> None:
        self.head = head
        self.patience = patience
        """How many seconds a client may take for a block."""
        self._window = window
        self.closed = False
        """Nobody takes the rest."""
        self._queue = asyncio.Queue[memoryview | None]()

    async def blocks(self) -> AsyncIterator[memoryview]:
        """All blocks; whoever keeps many gets copies. Raises `Interrupted` where they end too early."""
        left = self.head.size
        while left and (block := await self._queue.get()) is not None:
            left -= len(block)
            kept = self._window.held - self._queue.qsize()
            yield block if kept < SLOTS // 2 else memoryview(bytes(block))
        if left:
            raise Interrupted

    def put(self, block: memoryview | None) -> None:
        """Add a block, or the end."""
        if not self.closed or block is None:
            self._queue.put_nowait(block)

    def at_end(self, done: Callable[[int], None], person: int) -> None:
        """Tell when nobody takes any more of it."""
        self._end = weakref.finalize(self, done, person)
        self._end.atexit = False

    def close(self) -> None:
        """Take no more."""
        self.closed = True
        self._end()
        while not self._queue.empty():
            self._queue.get_nowait()
