"""What runs beside the requests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

Lifespan = Callable[[], AbstractAsyncContextManager[None]]
"""Called once when a worker starts; entered then, left when it stops."""


@asynccontextmanager
async def every(seconds: float, work: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Run `work` every `seconds` while the context is open. `work` handles its own errors."""
    import asyncio  # only now: commands import this module, too

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
        stopping.set()  # ends the loop also where `work` swallows the cancellation
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
