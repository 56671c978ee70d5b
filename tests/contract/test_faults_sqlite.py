"""SQLite in trouble during each write: a sentence in time, nothing half-written, and soon all is taken
again."""

from __future__ import annotations

import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from starbeam.db import sqlite
from support.writes import in_trouble, taken

if TYPE_CHECKING:
    from contract.conftest import Whole

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def read_only(whole: Whole) -> AsyncIterator[None]:
    """As where the account may not write. SQLite itself says so: an administrator may write to every file."""
    engine = whole.app.starbeam.database.engines[1]

    def tell(connection: Any, record: Any) -> None:
        connection.execute("PRAGMA query_only = ON")

    await engine.dispose()
    event.listen(engine.sync_engine, "connect", tell)
    yield
    event.remove(engine.sync_engine, "connect", tell)
    await engine.dispose()


@asynccontextmanager
async def full(whole: Whole) -> AsyncIterator[None]:
    """No file may grow, as on a disk without room."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, usual[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, usual)


@asynccontextmanager
async def gone(whole: Whole) -> AsyncIterator[None]:
    """Somebody moves the file."""
    file = whole.app.starbeam.database.sqlite_file
    assert file is not None
    await whole.app.database.engine.dispose()
    moved = file.rename(file.with_name("moved.db"))
    yield
    assert not file.exists()
    moved.rename(file)


@asynccontextmanager
async def locked(whole: Whole) -> AsyncIterator[None]:
    """Another program writes for a long time."""
    with closing(sqlite.Connection(whole.app.starbeam.database.sqlite_file)) as other:
        other.isolation_level = None
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


DAILY = (read_only, full, gone)


@pytest.mark.parametrize(
    "troubles", [DAILY, pytest.param([locked], marks=pytest.mark.long)], ids=["daily", "locked"]
)
async def test_each_write(whole: Whole, troubles: Any) -> None:
    for trouble in troubles:
        told = await in_trouble(whole, trouble(whole), trouble.__name__)
        errors = [line["event"] for line in told if line["log_level"] == "error"]
        assert {*errors} == {"database is away"}, told
        assert trouble is full or len(errors) == 1  # a full disk takes what changes nothing
    await taken(whole)
