"""The fixtures that pytest finds by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from starbeam.api.settings import load
from starbeam.api.tools import Starbeam, sqlite
from starbeam_ddl import ddl
from starbeam_testing.app import TestApp, TestDatabase

SECRET = "f2a81d0c6b7e4935a1c8e0d7b3f65429"

MakeApp = Callable[..., Awaitable[TestApp]]
AsUser = Callable[..., Awaitable[dict[str, str]]]


@pytest.fixture
async def database_url(tmp_path: Path) -> str:
    """The address of a fresh database: by default an SQLite file. Override it to test on another one."""
    url = f"sqlite+aiosqlite:///{tmp_path}/test.db"
    engine = create_async_engine(url, connect_args=sqlite.connect_args())
    await ddl.create(engine, "union")
    await engine.dispose()
    return url


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[TestDatabase]:
    """The test's database."""
    database = TestDatabase(database_url)
    yield database
    await database.engine.dispose()


@pytest.fixture
async def make_app(db: TestDatabase) -> AsyncIterator[MakeApp]:
    """Start an app on the test's database: ``await make_app("ispyb", "hello", **{"plugin.hello.greeting":
    "Hi"})``.

    The names are the plugins to enable; the keywords are settings by dotted key.
    """
    async with AsyncExitStack() as stack:

        async def make(*plugins: str, **settings: Any) -> TestApp:
            given = {
                "database.url": db.url,
                "auth.secret_key": SECRET,
                "plugins.enabled": list(plugins),
                **settings,
            }
            starbeam = Starbeam(load(None, {}, given))
            await db.upgrade(starbeam)
            root = "http://testserver.local" + starbeam.settings.server.api_root
            await stack.enter_async_context(starbeam.asgi.lifespan())
            transport = httpx.ASGITransport(cast(Any, starbeam.asgi), raise_app_exceptions=False)
            client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=root))
            return TestApp(starbeam, client, db)

        yield make


@pytest.fixture
def as_user() -> AsUser:
    """Headers to call `app` as a person: ``await as_user(app, "abcd", "all_proposals")``. The person is
    added when missing."""

    async def headers(app: TestApp, login: str, *permissions: str) -> dict[str, str]:
        return await app.as_user(login, *permissions)

    return headers
