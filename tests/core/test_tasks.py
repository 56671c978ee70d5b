"""What serving a request takes of the event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from starbeam_testing.fixtures import MakeApp

pytestmark = pytest.mark.anyio


async def test_a_request_starts_no_task(make_app: MakeApp) -> None:
    app = await make_app("ispyb", "proposals", "events")
    headers = await app.as_user("root", "all_proposals")
    paths = ("/user/current", "/proposals?search=x", "/sessions", "/events?limit=1")
    for path in paths:  # what is kept after the first time
        assert (await app.client.get(path, headers=headers)).status_code == 200
    started: list[str] = []

    def note(loop: asyncio.AbstractEventLoop, work: Any, **more: Any) -> asyncio.Task[Any]:
        started.append(repr(work))
        return asyncio.Task(work, loop=loop, **more)

    loop = asyncio.get_running_loop()
    before = loop.get_task_factory()
    loop.set_task_factory(note)
    try:
        for path in paths:
            await app.client.get(path, headers=headers)
    finally:
        loop.set_task_factory(before)
    assert started == []
