"""Work that ends in order when it is interrupted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


class Stopped(Exception):
    """The simulation was interrupted."""


async def in_thread(work: Callable[[], T], stop: Callable[[], None] = lambda: None) -> T:
    """Run blocking work in a thread, and see its end also when the task is cancelled, after `stop`."""
    return await finished(asyncio.to_thread(work), stop)


async def finished(work: Coroutine[Any, Any, T], stop: Callable[[], None] = lambda: None) -> T:
    """The result of work that goes on to its end also when the task is cancelled, so that one knows what is
    left to clean up; then the cancellation goes on. `stop` is called to hasten the end."""
    running = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        stop()
        with suppress(Exception):
            await running
        raise
