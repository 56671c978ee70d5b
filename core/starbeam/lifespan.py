"""What runs beside the requests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

Lifespan = Callable[[], AbstractAsyncContextManager[None]]
"""Called once when a worker starts; entered then, left when it stops."""
LAST_SECONDS = 10
"""How long a server that ends waits for what runs beside the requests."""


async def come_to_end(*tasks: asyncio.Task[Any]) -> None:
    """Wait until tasks that were told to end have done so. They are cancelled only when that takes too long:
    a driver that is interrupted may wait for its own connection for ever."""
    import asyncio  # only now: commands import this module, too

    if tasks:
        _, late = await asyncio.wait(tasks, timeout=LAST_SECONDS)
        for task in late:
            task.cancel()


@asynccontextmanager
async def every(seconds: float, work: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Run `work` every `seconds` while the context is open. `work` handles its own errors."""
    import asyncio

    stopping = asyncio.Event()

    async def loop() -> None:
        while not stopping.is_set():
            try:
                async with asyncio.timeout(seconds):
                    await stopping.wait()
            except TimeoutError:
                await work()

    task = asyncio.create_task(loop())
    try:
        yield
    finally:
        stopping.set()
        await come_to_end(task)
