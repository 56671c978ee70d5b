"""The whole system on a database that is filled, in this process."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks.everything import crowd
from starbeam.app import Starbeam
from starbeam.settings import load
from starbeam_testing.app import TestApp, TestDatabase
from support.workspace import whole_system

SECRET = "f2a81d0c6b7e4935a1c8e0d7b3f65429"
HOUR = 3600
KEPT = {"plugin.events.total_age": HOUR, "plugin.legacy.summary_age": HOUR}
"""What is asked again is kept: `first` tells what it costs otherwise."""


@asynccontextmanager
async def whole(url: str, size: int) -> AsyncIterator[TestApp]:
    """The whole system on a database that is filled; without traces, which few sites send somewhere."""
    with tempfile.TemporaryDirectory() as folder:
        settings: dict[str, Any] = {
            "auth.secret_key": SECRET,
            "auth.backends.dummy.use": "auth_dummy",
            "auth.backends.dummy.test_system": True,
            "plugins.enabled": [name for name in whole_system() if name != "telemetry"],
            "database.url": url,
            "files.roots": [folder],
            "files.path_map": folder,
            **KEPT,
        }
        starbeam = Starbeam(load(None, {}, settings))
        db = TestDatabase(url)
        await db.upgrade(starbeam)
        await crowd.fill(db, Path(folder), size)
        async with starbeam.asgi.lifespan():
            yield TestApp(starbeam, None, db)  # type: ignore[arg-type]
        await db.engine.dispose()
