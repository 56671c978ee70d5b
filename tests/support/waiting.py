"""Waiting for what nobody tells."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE = 60.0
"""Seconds, for a slow machine."""


async def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait for this. Raises `TimeoutError` where it does not come."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - it is looked at, not told
            await asyncio.sleep(0.01)
