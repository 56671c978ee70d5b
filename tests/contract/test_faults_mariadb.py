"""MariaDB in trouble during each write: a sentence in time, nothing half-written, and soon all is taken
again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from support import mariadb
from support.writes import CHANGES, AtStatement, held, in_trouble, retry_said, sent, taken

if TYPE_CHECKING:
    from contract.conftest import MakeWhole, Whole

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.mariadb]

ACCOUNT = "lenient"
"""Whom the server's own account is; the tests are the administrator of the database."""
QUIET = {"database.statement_timeout": 0.5}


@pytest.fixture(scope="module")
def own_server() -> Iterator[mariadb.Server]:
    """A server of this module's own, which keeps what was committed when it is killed."""
    started = mariadb.start("--innodb-flush-log-at-trx-commit=2")
    yield started
    started.stop()


def killed(server: mariadb.Server) -> AbstractAsyncContextManager[None]:
    """As in a power cut."""
    return away(server, server.kill)


def restarted(server: mariadb.Server) -> AbstractAsyncContextManager[None]:
    """Shut down in order."""
    return away(server, server.shut_down)


@asynccontextmanager
async def away(server: mariadb.Server, stop: Callable[[], None]) -> AsyncIterator[None]:
    """Stopped, and started again: by this thread, with which it would end."""
    stop()
    try:
        yield
    finally:
        server.start()


@asynccontextmanager
async def paused(server: mariadb.Server) -> AsyncIterator[None]:
    server.pause()
    try:
        yield
    finally:
        server.resume()


async def said(server: mariadb.Server, *statements: str) -> None:
    """Run statements as the administrator."""
    engine = create_async_engine(server.url(), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)
    await engine.dispose()


@asynccontextmanager
async def read_only(server: mariadb.Server) -> AsyncIterator[None]:
    await said(server, "SET GLOBAL read_only = 1")
    yield
    await said(server, "SET GLOBAL read_only = 0")


@asynccontextmanager
async def without_connections(server: mariadb.Server) -> AsyncIterator[None]:
    """Others have all ten."""
    await said(server, "SET GLOBAL max_connections = 10", f"KILL USER {ACCOUNT}")
    async with AsyncExitStack() as stack:
        engine = create_async_engine(server.url(account="dates"), pool_size=10)
        stack.push_async_callback(engine.dispose)
        while True:
            try:
                await stack.enter_async_context(engine.connect())
            except Exception as error:  # which one is the driver's
                assert "1040" in str(error)  # noqa: PT017
                break
        yield
    await said(server, "SET GLOBAL max_connections = 151")


@asynccontextmanager
async def locked(server: mariadb.Server) -> AsyncIterator[None]:
    """Another transaction has each row of each table, and the place where the next would be."""
    engine = create_async_engine(server.url("community"))
    async with engine.connect() as connection:
        tables = await connection.exec_driver_sql("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'")
        for name, _ in tables.all():
            await connection.exec_driver_sql(f"SELECT COUNT(*) FROM `{name}` FOR UPDATE")
        yield
        await connection.rollback()
    await engine.dispose()


@pytest.fixture
async def database_url(own_server: mariadb.Server) -> str:
    return await own_server.fresh_database("community")


@pytest.fixture
async def whole(make_whole: MakeWhole, own_server: mariadb.Server) -> Whole:
    return await make_whole(**QUIET, **{"database.url": own_server.url("community", ACCOUNT)})


async def test_each_write(whole: Whole, own_server: mariadb.Server) -> None:
    for trouble in (killed, restarted, paused, without_connections):
        told = await in_trouble(whole, trouble(own_server), trouble.__name__)
        assert [line["event"] for line in told if line["log_level"] == "error"] == ["database is away"]
    for trouble in (read_only, locked):
        told = await in_trouble(whole, trouble(own_server), trouble.__name__)
        assert sum(line["log_level"] == "error" for line in told) <= 1  # of what cleans up meanwhile
        assert len(told) <= len(CHANGES) + 1
    await taken(whole)


async def test_a_connection_that_is_cut_at_each_statement(whole: Whole, own_server: mariadb.Server) -> None:
    """What was written before in the transaction is undone by the server."""
    found, before = {}, await held(whole.app.database)
    for name in CHANGES:
        for number in range(1, 100):
            answer = await with_act(whole, name, number, cutting(own_server))
            if answer is None:
                break
            kept = await held(whole.app.database) ^ before
            if kept or not retry_said(answer):
                found[name, number] = answer.text, kept
        before = await held(whole.app.database)
    assert found == {}


async def with_act(whole: Whole, name: str, number: int, act: Callable[[str], None]) -> httpx.Response | None:
    """The answer to a write during a statement of which something is done; None when it has no such."""
    watchers = whole.app.starbeam.database.watchers
    watchers.append(acting := AtStatement(number, act))
    answer = await sent(whole, name)
    watchers.remove(acting)
    return answer if acting.text else None


def cutting(server: mariadb.Server) -> Callable[[str], None]:
    """Ends all connections of the server's account, from a thread: the statement waits meanwhile."""

    def act(text: str) -> None:
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, said(server, f"KILL USER {ACCOUNT}")).result()

    return act
