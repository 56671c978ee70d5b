"""A client's connection: what it may send, how long it may take, and how many there may be.

uvicorn reads a head of any length and waits for ever for the rest of it. This bounds both, so that nobody who
sends too much, too slowly or nothing costs others anything, with or without a proxy in front.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

import msgspec
from httptools import HttpParserError, HttpParserUpgrade
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from starbeam import logs

log = logs.get("starbeam.access")

HEAD_BYTES = 65_536
"""What a client may send without giving the app anything: a request's head, or what follows a body."""
HEAD_SECONDS = 15.0
"""How long a head may take from its first byte, and a new connection to send one."""
BODY_SECONDS = 15.0
"""How long a body may rest."""
BODY_GRACE = 60.0
"""After how long a body must have come at BODY_RATE on average."""
BODY_RATE = 100
"""Bytes per second."""
TAKE_SECONDS = 60.0
"""How long a client may take nothing of its answer."""
PIPELINED = 100
"""Requests that a client may send before it has the answer to the first."""
FAREWELL_SECONDS = 2.0
"""How long a refused client has to read why: closing at once would take the answer from it."""
FAREWELLS = 100
"""Connections beyond the greatest number that are told so; further ones are only closed."""
LINGER_SECONDS = 1.0
"""How long a connection on which nothing happens is kept when the server ends."""
LOOK_SECONDS = 1.0
"""How often a connection is looked at."""


class Connection(HttpToolsProtocol):
    """uvicorn's HTTP, with bounds: 431, 408 and 503 for who exceeds them, 400 for what is no HTTP."""

    def __init__(self, *args: Any, max_connections: int, **options: Any) -> None:
        """`max_connections` is the greatest number of connections of this worker."""
        super().__init__(*args, **options)
        self._most = max_connections
        self._refused = False
        self._last = False  # the server ends: no request comes after the next
        self._served: RequestResponseCycle | None = None  # `cycle` is the last that came, which may wait
        self._in_head = True
        self._unserved = 0  # bytes that came since the app was last given something
        self._since = 0.0  # when this head began, or the body last moved
        self._body_began, self._body_bytes = 0.0, 0
        self._untaken, self._taken = 0, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, unless there are too many."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self._since = self.loop.time()
        excess = len(self.connections) - self._most
        if excess > FAREWELLS:
            self._refused = True
            self.transport.abort()
        elif excess > 0:
            self._refuse(503, "The server has too many connections. Please try again in a few seconds.")
        else:
            self.loop.call_later(LOOK_SECONDS, self._look)

    def data_received(self, data: bytes) -> None:
        """Read on, never further than a head may go."""
        self._unset_keepalive_if_required()
        rest = memoryview(data)
        while rest and not self._refused and not self.transport.is_closing():
            if not self._in_head or not self._unserved:
                self._since = self.loop.time()
            room = HEAD_BYTES - self._unserved
            part, rest = rest[:room], rest[room:]
            self._unserved += len(part)
            self._body_bytes += len(part)
            self._feed(part)
            if self._unserved >= HEAD_BYTES:
                self._refuse(431, f"The head of a request may have {HEAD_BYTES} bytes.")

    def _feed(self, part: memoryview) -> None:
        try:
            self.parser.feed_data(part)
        except HttpParserUpgrade:  # nothing is offered to upgrade to: it is served as it is
            pass
        except HttpParserError:
            self._refuse(400, "This is not HTTP.")

    def on_headers_complete(self) -> None:
        """Serve the request."""
        self._in_head, self._unserved = False, 0
        self._body_began, self._body_bytes = self.loop.time(), 0
        super().on_headers_complete()
        if self._last:
            self.cycle.keep_alive = False
        if len(self.pipeline) > PIPELINED:
            self._refuse(400, "These are too many requests at once.")

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._served = cycle
        super()._start_asgi_task(cycle, app)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header. What follows a body is none: the request is being served already."""
        if self._in_head:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """Hand it to the app."""
        self._unserved = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A new head may begin."""
        self._in_head, self._unserved = True, 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The client has its answer, and the time for a head begins anew."""
        self._since = self.loop.time()
        super().on_response_complete()

    def shutdown(self) -> None:
        """The server ends: finish what runs, and what has been sent but not yet arrived. A proxy may just
        have chosen this connection, and could not send a write again."""
        self._last = True
        if self._busy:
            super().shutdown()
        else:
            self.loop.call_later(LINGER_SECONDS, self._leave)

    def _leave(self) -> None:
        if not self._busy and self._in_head and not self._unserved:
            self.transport.close()

    def _look(self) -> None:
        """Close the connection when its client lets the server wait."""
        if self not in self.connections:  # lost
            return
        now = self.loop.time()
        if self._takes_nothing(now):
            log.info("closed: the client takes nothing of its answer", address=self._address)
            self._has_left()
            self.transport.abort()
        elif not self.transport.is_closing() and not self._refused and self._sends_nothing(now):
            self._say_late()
        self.loop.call_later(LOOK_SECONDS, self._look)

    def _takes_nothing(self, now: float) -> bool:
        unsent = self.transport.get_write_buffer_size()
        if not unsent or unsent != self._untaken:
            self._untaken, self._taken = unsent, now
        return now - self._taken > TAKE_SECONDS

    def _sends_nothing(self, now: float) -> bool:
        if self._in_head:
            return not self._busy and now - self._since > HEAD_SECONDS
        if self.flow.read_paused:  # the app lets the client wait
            self._since, self._body_began, self._body_bytes = now, now, 0
        wanted = (now - self._body_began - BODY_GRACE) * BODY_RATE
        return now - self._since > BODY_SECONDS or self._body_bytes < wanted

    def _say_late(self) -> None:
        """A client that asks for nothing is told nothing."""
        if self._unserved if self._in_head else self._busy:
            self._refuse(408, "The request took too long to arrive.")
        else:
            self.transport.close()

    @property
    def _busy(self) -> bool:
        """Whether the app serves a request of this connection."""
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def _address(self) -> str:
        return self.client[0] if self.client else "unknown"

    def _has_left(self) -> None:
        """Tell whoever serves the client that it has left: they write no more. uvicorn tells the last request
        that came, which may wait behind the one that is served."""
        if self._served is not None and not self._served.response_complete:
            self._served.disconnected = True
            self._served.message_event.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has left."""
        self._has_left()
        super().connection_lost(exc)

    def _refuse(self, status: int, detail: str) -> None:
        """Say why, hear no more, and close. Whoever serves the client is told that it has left."""
        if self._refused:
            return
        self._refused = True
        log.info("refused", status=status, detail=detail, address=self._address)
        answered = self._busy and self.cycle.response_started
        self._has_left()
        if self.pipeline or answered:  # it would read this as another's
            self.pipeline.clear()
            self.transport.abort()
            return
        self.transport.write(_answer(status, detail))
        self.transport.write_eof()
        self.loop.call_later(FAREWELL_SECONDS, self.transport.abort)


def _answer(status: int, detail: str) -> bytes:
    body = msgspec.json.encode({"detail": detail})
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        "connection: close",
        *(["retry-after: 5"] if status == 503 else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
