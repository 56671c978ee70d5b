"""Conditional requests: a client that has an answer is not sent it again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from litestar.datastructures import MutableScopeHeaders

if TYPE_CHECKING:
    from litestar import Request
    from litestar.types import ASGIApp, Message, Receive, Scope, Send


def etag(*parts: bytes) -> str:
    """The ETag of an answer that is made of these parts, and of nothing else."""
    return f'"{hashlib.blake2b(b"".join(parts), digest_size=16).hexdigest()}"'


def unchanged(request: Request[Any, Any, Any], tag: str) -> bool:
    """Whether the client has the answer of this ETag."""
    return _is_known(request.headers.get("if-none-match", ""), tag)


def _is_known(known: str, tag: str) -> bool:
    return tag in known or known.strip() == "*"


def polled(app: ASGIApp) -> ASGIApp:
    """Middleware of an operation that clients ask again and again: its answers have an ETag, made of what
    they hold, and a client that has the answer is sent 304 instead."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        known = next(
            (value.decode("latin-1") for name, value in scope["headers"] if name == b"if-none-match"), ""
        )
        begun: list[Message] = []

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                begun.append(message)
                return
            if begun and message["type"] == "http.response.body":
                start: Any = begun.pop()
                if not message["more_body"]:
                    message = _unless_known(known, start, message)
                await send(start)
            await send(message)

        await app(scope, receive, sending)

    return serve


def _unless_known(known: str, start: Any, body: Any) -> Any:
    """The body of an answer whose head gets its ETag; none where the client has it."""
    headers, tag = MutableScopeHeaders.from_message(start), etag(body["body"])
    headers["ETag"] = tag
    if not _is_known(known, tag):
        return body
    start["status"] = 304
    for name in ("content-length", "content-type"):
        if name in headers:
            del headers[name]
    return {**body, "body": b""}
