"""`/events/stream`."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from random import randint
from typing import Annotated, Any

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter
from litestar.response import Stream as Streamed

from starbeam.api import Forbidden, Principal, Still, Unauthenticated, authenticated
from starbeam.api.http import always, asked
from starbeam.api.lists import query
from starbeam_events.live.watch import Listener, Watch
from starbeam_events.schemas import Change
from starbeam_events.sources import EventFilters

COMMENT_SECONDS = 15.0
"""After so much silence a comment is sent: proxies close what is silent."""
CHECK_SECONDS = 5.0
"""How often a stream's log-in is looked at."""
RETRY = b"retry: 2000\n"
BACK_AFTER = 1_000, 5_000
"""After how many milliseconds those come back whose server ends: not all at once."""
COMMENT = b":\n\n"
HEADERS = {"Cache-Control": "private, no-store", "X-Accel-Buffering": "no"}
"""Nothing on the way may keep it; nginx is told so by a header of its own."""


class StreamFilters(EventFilters, frozen=True):
    """What a stream is asked for: as `/events`, of several sessions at once."""

    sessionId: Annotated[list[int] | None, query("Session id to filter by; may be given several times")] = (
        None  # type: ignore[assignment]
    )


LastId = Annotated[str | None, query("Instead of the header `Last-Event-ID`", max_length=1000)]
LastHeader = Annotated[
    str | None,
    HeaderParameter(
        name="Last-Event-ID", description="The id that was last sent: what changed since then is sent first"
    ),
]

TOLD = (
    "Server-sent events without end. The `data` of each is an event that is new or has changed, as JSON: "
    + ", ".join(f"`{name}`" for name in Change.__struct_fields__)
    + ". Its `key` is `g-` and the id of a group of data collections, else its type and id."
)


@get(
    "/events/stream",
    tags=["Events"],
    access=authenticated,
    cookie=True,
    media_type="text/event-stream",
    dependencies=asked(StreamFilters),
    errors={501: "The database has nothing to filter by this status with"},
    responses={
        200: ResponseSpec(
            Any,  # a schema would be one of each event with its id, or of all of them: clients differ
            media_type="text/event-stream",
            description=TOLD,
            generate_examples=False,
        )
    },
)
async def get_event_stream(
    who: NamedDependency[Principal],
    still: NamedDependency[Still],
    watch: NamedDependency[Watch],
    filters: NamedDependency[StreamFilters],
    last: LastHeader = None,
    lastEventId: LastId = None,
) -> Streamed:
    """Be told of new and changed events"""
    others = {name: getattr(filters, name) for name in EventFilters.__struct_fields__ if name != "sessionId"}
    sessions = None if filters.sessionId is None else frozenset(filters.sessionId)
    listener = await watch.join(who, EventFilters(**others), sessions, last or lastEventId)
    return Streamed(_sent(watch, listener, still), headers=HEADERS)


async def _sent(watch: Watch, listener: Listener, still: Still) -> AsyncIterator[bytes]:
    """What a listener is sent, until they leave, their log-in ends, or the server does."""
    try:
        changes, id = listener.take()
        yield RETRY + (_messages(changes, id) if changes else f"id: {id}\n\n".encode())
        spoke = checked = time.monotonic()
        while not listener.over:
            changes, id = await listener.hear(CHECK_SECONDS)
            now = time.monotonic()
            if now - checked >= CHECK_SECONDS:
                if not await _is_still(listener.audience.who, still):
                    return
                checked = now
            if changes:
                yield _messages(changes, id)
                spoke = now
            elif now - spoke >= COMMENT_SECONDS:
                yield COMMENT
                spoke = now
        yield b"retry: %d\n\n" % randint(*BACK_AFTER)  # noqa: S311 - no secret
    finally:
        watch.leave(listener)


async def _is_still(who: Principal, still: Still) -> bool:
    """Whether the same person with the same rights would be let in now."""
    try:
        return await still() == who
    except (Unauthenticated, Forbidden):
        return False


def _messages(changes: list[Change], id: str) -> bytes:
    """The last one has the id that stands for all: who did not get it is sent all of them again."""
    said = b"\n\n".join(b"data: " + msgspec.json.encode(one) for one in changes)
    return said + f"\nid: {id}\n\n".encode()


def router(watch: Watch) -> Router:
    """The operation."""
    return Router("/", route_handlers=[get_event_stream], dependencies=always(watch=watch))
