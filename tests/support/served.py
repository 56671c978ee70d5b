"""An app of a test on a port, for programs that speak to servers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from starbeam_testing.app import TestApp


@asynccontextmanager
async def serving(app: TestApp) -> AsyncIterator[str]:
    """The address of the API, served on a port."""
    # The protocol is named, else asyncio lets small packets wait for 40 ms each.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as bound:
        bound.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app.starbeam.asgi, lifespan="off", log_config=None))
        running = asyncio.create_task(server.serve([bound]))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}{app.starbeam.settings.server.api_root}/"
        server.should_exit = True
        await running
