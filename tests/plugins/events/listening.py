"""Somebody who listens to `/events/stream`, through the whole app."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlencode

from starbeam_testing.app import TestApp

PATIENCE = 60.0
"""Seconds after which nothing more is expected: the machine may be busy."""


class Stream:
    """What one listener was sent."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.id = ""
        self.comments = 0
        self.ended = False
        self._text = ""
        self._changes: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self.opened = asyncio.Event()

    async def take(self, message: Any) -> None:
        """What ASGI sends."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return
        self._text += message.get("body", b"").decode()
        *blocks, self._text = self._text.split("\n\n")
        for block in blocks:
            self._block(block)
        if not message.get("more_body"):
            self.ended = True
            self.opened.set()
            self._changes.put_nowait(None)

    def _block(self, block: str) -> None:
        for line in block.split("\n"):
            field, _, value = line.partition(":")
            if field == "data":
                self._changes.put_nowait(json.loads(value))
            elif field == "id":
                self.id = value.strip()
            elif not field:
                self.comments += 1
        self.opened.set()

    async def next(self) -> dict[str, Any] | None:
        """The next change; None at the end."""
        return await asyncio.wait_for(self._changes.get(), PATIENCE)

    async def keys(self, number: int) -> list[str]:
        """Keys of the next changes."""
        found = [await self.next() for _ in range(number)]
        return [one["key"] for one in found if one]

    def waiting(self) -> int:
        """How many changes were sent beyond those."""
        return self._changes.qsize()


@asynccontextmanager
async def listening(
    app: TestApp, headers: Mapping[str, str], *query: tuple[str, Any]
) -> AsyncIterator[Stream]:
    """Listen while the context is open."""
    stream, left, asked = Stream(), asyncio.Event(), False

    async def receive() -> Any:
        nonlocal asked
        if asked:
            await left.wait()
            return {"type": "http.disconnect"}
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    root = app.starbeam.settings.server.api_root
    scope: Any = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"{root}/events/stream",
        "raw_path": f"{root}/events/stream".encode(),
        "root_path": "",
        "query_string": urlencode(query).encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
        "state": {},
        "extensions": {},
    }
    task = asyncio.create_task(app.starbeam.asgi(scope, receive, stream.take))
    try:
        await asyncio.wait_for(stream.opened.wait(), PATIENCE)
        yield stream
    finally:
        left.set()
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(task, PATIENCE)
