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

RESTS = 2
"""After how many looks memory that is not used is given back: most often it is used again soon."""


class Window:
    """The slots of one answer."""

    def __init__(self, number: int, memory: mmap.mmap, done: Callable[[Window], None]) -> None:
        self.number = number
        self.person = 0
        """Who has it."""
        self._memory = memory
        self._views = set[int]()
        self._closed = True
        self._rests = 0
        self._slots = np.frombuffer(memory, np.uint8).reshape(SLOTS, SLOT)
        self._done = done
        self._room = asyncio.Event()

    def open(self, released: Callable[[int], None]) -> None:
        """Begin an answer."""
        self._released = released
        self._closed = False
        self._rests = 0
        self._room.set()

    @property
    def held(self) -> int:
        """How many blocks somebody holds."""
        return len(self._views)

    def block(self, written: Block) -> memoryview:
        """A block that has been written."""
        block = self._slots[written.slot][: written.size]
        weakref.finalize(block, self._release, written.slot).atexit = False
        self._views.add(written.slot)
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

    def rest(self) -> None:
        """Give memory that has not been used for some time back to the system."""
        self._rests += self._closed
        if self._rests == RESTS:
            for slot in set(range(SLOTS)) - self._views:
                self._memory.madvise(mmap.MADV_REMOVE, slot * SLOT, SLOT)

    def _release(self, slot: int) -> None:
        self._views.remove(slot)
        self._rests = 0
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
        self._all = list[Window]()
        self._free = list[Window]()

    def take(self) -> Window:
        """A window that nobody uses. Raises OSError when memory is short."""
        if not self._free:
            number = len(self._all)
            os.ftruncate(self.memory, (number + 1) * WINDOW)
            memory = mmap.mmap(self.memory, WINDOW, offset=number * WINDOW)
            self._all.append(Window(number, memory, self._free.append))
            return self._all[-1]
        return self._free.pop()

    async def rest(self) -> None:
        """Give back memory that is not used."""
        for window in self._all:
            window.rest()

    def close(self) -> None:
        """Let go of the memory, once nobody holds a view."""
        self._all.clear()
        self._free.clear()
        os.close(self.memory)
