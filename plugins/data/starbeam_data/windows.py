"""The memory that the server and its readers share, without copying what is read.

Each answer has a window. A reader writes blocks into its slots, and the server hands views of them to the
network: a slot is written again once nobody holds its view any more, however long the network takes.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import weakref
from collections.abc import Callable

import numpy as np

from starbeam_data.protocol import SLOT, SLOTS, WINDOW, Block


class Window:
    """The slots of one answer."""

    def __init__(self, number: int, memory: mmap.mmap, done: Callable[[Window], None]) -> None:
        self.number = number
        self.held = 0
        """Blocks that somebody holds."""
        self._slots = np.frombuffer(memory, np.uint8).reshape(SLOTS, SLOT)
        self._done = done
        self._room = asyncio.Event()

    def open(self, released: Callable[[int], None]) -> None:
        """Begin an answer."""
        self._released = released
        self._closed = False
        self._room.set()

    def block(self, written: Block) -> memoryview:
        """A block that has been written."""
        block = self._slots[written.slot][: written.size]
        weakref.finalize(block, self._release, written.slot).atexit = False
        self.held += 1
        if self.held == SLOTS:
            self._room.clear()
        return memoryview(block)

    async def room(self, seconds: float) -> bool:
        """Wait until a slot is free; whether one is within this time."""
        try:
            async with asyncio.timeout(seconds):
                await self._room.wait()
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Nothing more is written: another answer may have the window once nobody holds a block of it."""
        self._closed = True
        if not self.held:
            self._done(self)

    def _release(self, slot: int) -> None:
        self.held -= 1
        if not self._closed:
            self._room.set()
            self._released(slot)
        elif not self.held:
            self._done(self)


class Windows:
    """All windows of a server process: as many as there were answers at a time."""

    def __init__(self) -> None:
        self.memory = os.memfd_create("starbeam-windows")
        """The file that they lie in, one after the other."""
        self._free = list[Window]()
        self._count = 0

    def take(self, released: Callable[[int], None]) -> Window:
        """Begin an answer in a window that nobody uses. `released` is told each slot that is free again."""
        if not self._free:
            number, self._count = self._count, self._count + 1
            os.ftruncate(self.memory, self._count * WINDOW)
            memory = mmap.mmap(self.memory, WINDOW, offset=number * WINDOW)
            self._free.append(Window(number, memory, self._free.append))
        window = self._free.pop()
        window.open(released)
        return window

    def close(self) -> None:
        """Let go of the memory, once nobody holds a view."""
        self._free.clear()
        os.close(self.memory)
