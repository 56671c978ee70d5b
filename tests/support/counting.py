"""What a request costs the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from sqlalchemy import text

from starbeam_testing.app import TestApp

ONE_CONNECTION: dict[str, Any] = {"database.pool_size": 1, "database.max_overflow": 0}
"""Settings with which every read of an app goes through one connection."""

_READS = text("SHOW SESSION STATUS LIKE 'Handler\\_read%'")


async def rows_read(app: TestApp, request: Callable[[], Awaitable[httpx.Response]]) -> int:
    """Rows and keys that MariaDB reads for a request, by its own counters. Needs `ONE_CONNECTION`."""
    before, again = await _reads(app), await _reads(app)
    await request()
    return await _reads(app) - again - (again - before)


async def _reads(app: TestApp) -> int:
    reading, _ = app.starbeam.database.engines
    async with reading.connect() as connection:
        return sum(int(value) for _, value in await connection.execute(_READS))
