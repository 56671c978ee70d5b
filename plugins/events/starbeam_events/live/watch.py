"""Looks at the database for all who listen, once a second, and only while somebody does. Where servers share,
one look does for all of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence, Set
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from prometheus_client import Gauge

from starbeam.api import NOBODY
from starbeam_events.live.marks import Marks, Told
from starbeam_events.schemas import Change
from starbeam_events.sources import watched

if TYPE_CHECKING:
    from datetime import datetime

    from starbeam.api import Context, Principal
    from starbeam.api.database import Reader
    from starbeam_events.queries import Stream
    from starbeam_events.sources import EventFilters

LOOK_SECONDS = 1.0
SHARED_SECONDS = LOOK_SECONDS / 2
"""How old a look of another server may be."""
BEAT_SECONDS = 0.5
"""How often those are woken who want it: one timer for all, since each costs more than what they then do."""
WATCHED = timedelta(hours=24)
"""What began or ended so long ago, counted from the last full hour, is watched."""


class Listener:
    """Somebody who is told of changes in some sessions, or in all."""

    def __init__(self, audience: Audience, sessions: Set[int] | None) -> None:
        self.audience = audience
        self.over = False
        self._sessions = sessions
        self._waiting: dict[str, Change] = {}
        self._until = 0.0
        self._wakes = asyncio.Event()

    def tell(self, changes: Sequence[Change]) -> None:
        """Of what changed; what they were not sent yet they are sent once."""
        wanted = (one for one in changes if self._sessions is None or one.sessionId in self._sessions)
        if found := {one.key: one for one in wanted}:
            self._waiting |= found
            self._wakes.set()

    def end(self) -> None:
        """Let them go."""
        self.over = True
        self._wakes.set()

    def wake(self, now: float) -> None:
        """If they have waited long enough, let them."""
        if now >= self._until:
            self._wakes.set()

    async def hear(self, seconds: float) -> tuple[list[Change], str]:
        """What they are to be sent, nothing after about so many seconds; and the id that stands for it."""
        self._until = time.monotonic() + seconds
        await self._wakes.wait()
        return self.take()

    def take(self) -> tuple[list[Change], str]:
        """What they are to be sent by now, and the id that stands for it."""
        self._wakes.clear()
        found, self._waiting = list(self._waiting.values()), {}
        return found, self.audience.marks.id


class Audience:
    """Those of one person who ask for the same: they are told the same, but for sessions."""

    def __init__(self, who: Principal, filters: EventFilters) -> None:
        self.who = who
        self.filters = filters
        self.marks = Marks()
        self.listeners: set[Listener] = set()
        self.due: set[int] | None = None
        """Sessions to be looked at; None: all. Empty as soon as they were."""
        self.turn = asyncio.Lock()

    def tell(self, changes: Sequence[Change]) -> None:
        """All who listen."""
        for one in self.listeners:
            one.tell(changes)


class Watch:
    """Watches the events of a stream's sources."""

    def __init__(self, stream: Stream, ctx: Context) -> None:
        self._stream = stream
        self._ctx = ctx
        self._audiences: dict[tuple[Principal, EventFilters], Audience] = {}
        self._task: asyncio.Task[None] | None = None
        self._seen: dict[int, Any] = {}
        """What each session's events added up to."""
        self._since: datetime | None = None
        self._bound: dict[str, Any] = {}
        self._listening = Gauge(
            "starbeam_stream_listeners",
            "Answers of the event stream that go on; a browser has one.",
            registry=ctx.figures,
            multiprocess_mode="livesum",
        )

    async def join(
        self, who: Principal, filters: EventFilters, sessions: Set[int] | None, last: str | None
    ) -> Listener:
        """Listen from now on, or from where somebody was told this id. Raises what the database raises."""
        audience = self._audiences.setdefault((who, filters), Audience(who, filters))
        listener = Listener(audience, sessions)
        audience.listeners.add(listener)
        self._count()
        try:
            if audience.due is None:
                await self._read(audience)
        except BaseException:
            self.leave(listener)
            raise
        if last is not None:
            listener.tell(audience.marks.since(last))
        if self._ctx.ending.is_set():
            listener.end()
        elif self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return listener

    def leave(self, listener: Listener) -> None:
        """Listen no more."""
        audience = listener.audience
        audience.listeners.discard(listener)
        if not audience.listeners:
            self._audiences.pop((audience.who, audience.filters), None)
        self._count()

    def _count(self) -> None:
        self._listening.set(sum(len(one.listeners) for one in self._audiences.values()))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While the app does; at its end no look is left half done."""
        try:
            yield
        finally:
            self._ctx.ending.set()
            if self._task is not None:
                await self._task

    async def _run(self) -> None:
        """While somebody listens."""
        ending = asyncio.create_task(self._beat())
        try:
            while self._audiences and not ending.done():
                await asyncio.wait([ending], timeout=LOOK_SECONDS)
                await self._look()
        finally:
            ending.cancel()
            self._seen, self._since = {}, None

    async def _beat(self) -> None:
        """Wake those who want it, until the server ends; then let all go."""
        while not self._ctx.ending.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._ctx.ending.wait()
            now = time.monotonic()
            for listener in self._listeners():
                listener.wake(now)
        for listener in self._listeners():
            listener.end()

    def _listeners(self) -> Iterator[Listener]:
        for audience in list(self._audiences.values()):
            yield from list(audience.listeners)

    async def _look(self) -> None:
        """Tell everybody what has changed. While the database is away nobody is told anything, and nothing is
        lost: what changed meanwhile is other than what was seen before."""
        try:
            await self._note_changes()
            for audience in list(self._audiences.values()):
                await self._read(audience)
            self._ctx.database.outage.over()
        except Exception as error:  # whatever fails must not end what others wait for
            self._ctx.database.outage.note(error)

    async def _note_changes(self) -> None:
        """Let everybody be read the sessions in which something changed since the last look. 1 statement."""
        async with self._ctx.reads(NOBODY) as reader:
            bound = await self._binding(reader)
            query: Any = reader.scope.build(watched.changes(self._stream.sources))

            async def look() -> dict[int, int]:
                rows = [] if query is None else await reader.rows(query, **bound)
                return {int(session): int(mark) for session, mark in rows}

            now = await reader.once(query, bound, dict[int, int], SHARED_SECONDS, look)
        changed = {
            session
            for session in now.keys() | self._seen.keys()
            if now.get(session) != self._seen.get(session)
        }
        for audience in self._audiences.values():
            if audience.due is not None:
                audience.due |= changed
        self._seen = now

    async def _read(self, audience: Audience) -> None:
        """Read what these people see of the sessions that changed, and tell them. 1 statement."""
        async with audience.turn:
            due = audience.due
            if due is not None and not due:
                return
            wanted = self._stream.wanted(audience.filters)
            async with self._ctx.reads(audience.who) as reader:
                values = audience.filters.values(reader) | await self._binding(reader)
                query = reader.scope.build(watched.events(self._stream.sources, wanted, due is not None))
                given = values if due is None else values | {"sessions": sorted(due)}
                rows = [] if query is None else await reader.rows(query, **given)
            changes = audience.marks.take(map(_told, rows), due)
            if due is None:
                audience.due = set()
            else:
                audience.due = (audience.due or set()) - due
                audience.tell(changes)

    async def _binding(self, reader: Reader) -> dict[str, Any]:
        """What the statements bind; what lies behind is read once an hour."""
        since = (self._ctx.clock.now() - WATCHED).replace(minute=0, second=0, microsecond=0)
        if since != self._since:
            bound: dict[str, Any] = {"watched": since}
            for source in self._stream.sources:
                bound |= await source.watching(reader, since)
            self._since, self._bound = since, bound
        return self._bound


def _told(row: Sequence[Any]) -> Told:
    type, id, start, mark, session_id, session, proposal, beamline = row
    key = f"g-{id}" if type == "dc" else f"{type}-{id}"
    change = Change(key, type, int(id), start, session_id, session, proposal, beamline)
    return Told(change, int(mark))
