"""`Idempotency-Key`: a request that changes something and is sent twice changes it once.

No handler knows of it. The key is held from the first statement of the handler's transaction on, and the
answer is kept before it is sent. What failed leaves no key.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import MediaType, Request, Response
from litestar.datastructures import Headers

from starbeam import logs
from starbeam.http.errors import refusal
from starbeam.refusals import Invalid, Refusal
from starbeam.repeats import STATE, Begun, KeyedRequest

if TYPE_CHECKING:
    from litestar.handlers import HTTPRouteHandler
    from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

    from starbeam.access import Principal
    from starbeam.db.writer import Writer
    from starbeam.repeats import Remembered, Repeats

log = logs.get("starbeam.repeats")

HEADER = "Idempotency-Key"
LARGEST = 65_535
"""Bytes of an answer that is kept."""
PATIENCE = 2.0
"""Seconds that a request waits for the answer to the same one."""
_LOOK = 0.1
_KEY = re.compile(r"[!-~]{1,64}")
_SECRET = re.compile(r"/(auth|tokens|user/sign)(/|$)")
"""Where answers hold secrets, which nobody keeps."""
METHODS = frozenset({"POST", "PATCH"})
PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "The same for each try: what is sent twice is done once, and answered as before",
    "schema": {"type": "string", "title": HEADER, "pattern": "^[!-~]{1,64}$"},
}
"""As the API document tells of it."""


class Repeat:
    """One request with a key."""

    def __init__(self, repeats: Repeats, asked: KeyedRequest) -> None:
        self._repeats = repeats
        self._asked = asked
        self.is_late = False
        """Whether another request began with this key before."""

    async def begin(self, writer: Writer) -> None:
        """Hold the key: the first thing in a transaction. Raises `Begun`."""
        if not self._asked.begun:
            try:
                await self._repeats.begin(writer, self._asked)
            except Begun:
                self.is_late = True
                raise

    async def answered(self) -> Response[bytes] | None:
        """The answer to the same request, some time later where there is none yet; None where no request has
        this key. Raises `Invalid` where another has it, and `Begun` when no answer comes."""
        end = time.monotonic() + PATIENCE
        while (found := await self._repeats.find(self._asked.key)) is not None:
            if found.request != self._asked.request:
                raise Invalid(f"Another request had this {HEADER}", ["header", HEADER])
            if found.status is not None:
                return _response(found.status, found)
            if time.monotonic() > end:
                raise Begun
            await asyncio.sleep(_LOOK)
        return None

    async def instead(self) -> Response[Any] | None:
        """What a request that came late is answered."""
        try:
            return await self.answered()
        except Refusal as error:
            return refusal(error)

    async def done(self, status: int, answer: bytes | None) -> None:
        """Keep an answer, or let the key be free where the request failed. Of what is too large to be kept
        the key stays, without an answer."""
        if not self._asked.begun:
            return
        try:
            if status >= 300:
                await self._repeats.forget(self._asked)
            elif answer is not None and len(answer) <= LARGEST:
                await self._repeats.keep(self._asked, status, answer)
        except Exception as error:  # the work is done, and whoever asked is told so
            log.error("answer not kept", error=type(error).__name__)


def _response(status: int, found: Remembered) -> Response[bytes]:
    return Response(found.answer, status_code=status, media_type=MediaType.JSON)


class Repeating:
    """Looks at the header, for one app."""

    def __init__(self, repeats: Repeats, api_root: str) -> None:
        self._repeats = repeats
        self._api_root = api_root

    async def before(self, request: Request[Principal, Any, Any]) -> Response[bytes] | None:
        """The answer of before, where the request is one that came before. Raises `Invalid` and `Begun`."""
        key = request.headers.get(HEADER)
        handler: Any = request.route_handler
        if key is None or not self.takes(request.method, request.scope["path_template"], handler):
            return None
        if not _KEY.fullmatch(key):
            raise Invalid("Expected 1 to 64 printable letters", ["header", HEADER])
        repeat = Repeat(self._repeats, await _asked(request, key))
        request.scope["state"][STATE] = repeat
        return await repeat.answered()

    def takes(self, method: str, path: str, handler: HTTPRouteHandler) -> bool:
        """Whether an operation takes the header: it changes something, and its answer holds no secret."""
        if method not in METHODS or not path.startswith(f"{self._api_root}/") or handler.opt["access"].public:
            return False
        return not _SECRET.match(path.removeprefix(self._api_root))


async def _asked(request: Request[Principal, Any, Any], key: str) -> KeyedRequest:
    who = request.user
    behalf = who.behalf.person_id if who.behalf else 0
    caller = who.person_id, who.limits.token_id if who.limits else "", behalf
    scope = request.scope
    asked = request.method, scope["state"]["path"], scope["query_string"]
    return KeyedRequest(_digest(*caller, key), _digest(*asked, await request.body()))


def _digest(*parts: Any) -> str:
    return hashlib.sha256(msgspec.msgpack.encode(parts)).hexdigest()


def of(request: Request[Any, Any, Any]) -> Repeat | None:
    """What is known of a request with a key."""
    found: Repeat | None = request.scope["state"].get(STATE)
    return found


class Kept:
    """Wraps the app: keeps the answers to requests with a key before they are sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        start: HTTPResponseStartEvent | None = None

        async def keeping(message: Message) -> None:
            nonlocal start
            repeat: Repeat | None = scope["state"].get(STATE)
            if repeat is not None and message["type"] == "http.response.start":
                start = message
                return
            if repeat is not None and start is not None and message["type"] == "http.response.body":
                first, start = start, None
                if repeat.is_late and (instead := await repeat.instead()):
                    answer = instead.to_asgi_response(app=None, request=Request(scope))
                    await answer(scope, receive, send)
                    return
                whole = _is_json(first) and not message.get("more_body")
                await repeat.done(first["status"], message["body"] if whole else None)
                await send(first)
            await send(message)

        await self._app(scope, receive, keeping)


def _is_json(start: HTTPResponseStartEvent) -> bool:
    kind = Headers(start["headers"]).get("content-type", "")
    return kind.startswith("application/json")
