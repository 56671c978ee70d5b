"""The whole system: every bundled plugin on the small world."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.handlers import HTTPRouteHandler

from starbeam.http import openapi
from starbeam.registry import handlers_of
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support import world
from support.workspace import whole_system

SETTINGS: dict[str, Any] = {
    "auth.backends.dummy.use": "auth_dummy",
    "auth.backends.dummy.test_system": True,
    "plugin.events.total_age": 0,  # each request costs the same
}
PLUGINS = whole_system()
"""The plugins of the whole system."""


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no fault: what is stored for MXCuBE may take its time."""
    monkeypatch.setattr("starbeam_mxcube.routes.SECONDS", 300)


@dataclass
class Whole:
    """The running system, its document and its callers."""

    app: TestApp
    headers: dict[str, dict[str, str]]
    handlers: dict[str, HTTPRouteHandler]
    """Handlers below the API root, by method and path."""
    elsewhere: dict[str, HTTPRouteHandler]
    """The others."""

    @cached_property
    def document(self) -> dict[str, Any]:
        """The served API document."""
        return openapi.document(self.app.starbeam.asgi)

    def operation(self, name: str) -> dict[str, Any] | None:
        """What the document says of a route, if it shows it."""
        method, path = name.split(" ")
        found: dict[str, Any] | None = self.document["paths"].get(self.root + path, {}).get(method.lower())
        return found

    @property
    def root(self) -> str:
        """The prefix of all operations."""
        return self.app.starbeam.settings.server.api_root

    async def call(self, name: str, path: str, caller: str | None, body: Any = None) -> httpx.Response:
        """Call a route at an address as somebody, or as nobody. `{token}` in it stands for the caller's
        token."""
        headers = self.headers[caller] if caller else {}
        token = headers.get("Authorization", "Bearer none").removeprefix("Bearer ")
        if "{token}" in path:
            path, headers = path.replace("{token}", token), {}
        return await self.app.client.request(name.split(" ")[0], path, headers=headers, json=body)


MakeWhole = Callable[..., Awaitable[Whole]]


@pytest.fixture
def make_whole(make_app: MakeApp, tmp_path: Path) -> MakeWhole:
    """Start the whole system."""

    async def make(**settings: Any) -> Whole:
        files = tmp_path / "files"
        files.mkdir()
        where = {"files.roots": [str(files)], "files.path_map": str(files)}
        app = await make_app(*PLUGINS, **SETTINGS, **where, **settings)
        app.starbeam.ending.set()  # no test would hear the end of what goes on and on
        await world.build(app.database, files)
        root = app.starbeam.settings.server.api_root
        known = {
            f"{method} {path}": handler
            for path, handler in handlers_of(app.starbeam.asgi)
            if not handler.opt.get("page")
            for method in handler.http_methods
            if method not in ("OPTIONS", "HEAD")
        }
        below = {name.replace(root, "", 1): one for name, one in known.items() if f" {root}/" in name}
        others = {name: one for name, one in known.items() if f" {root}/" not in name}
        return Whole(app, await world.enter(app), below, others)

    return make


@pytest.fixture
async def whole(make_whole: MakeWhole) -> Whole:
    """The whole system with its usual settings."""
    return await make_whole()
