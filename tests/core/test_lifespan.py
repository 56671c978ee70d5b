"""What runs beside the requests comes to its end before the server does."""

import asyncio

import pytest

from starbeam import lifespan
from starbeam.lifespan import every

pytestmark = pytest.mark.anyio


async def test_work_that_has_begun_is_not_cut_short() -> None:
    begun, told = asyncio.Event(), []

    async def work() -> None:
        begun.set()
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            told.append("cut short")
            raise
        told.append("whole")

    async with every(0, work):
        await begun.wait()
    assert told[-1] == "whole"
    assert "cut short" not in told


async def test_nobody_waits_for_work_that_is_not_due() -> None:
    async def work() -> None:
        raise AssertionError("it was not due")

    async with asyncio.timeout(2):
        async with every(3600, work):
            await asyncio.sleep(0)


async def test_work_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifespan, "LAST_SECONDS", 0.05)
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with every(0, work):
        await begun.wait()
    await asyncio.wait_for(ended.wait(), 2)
