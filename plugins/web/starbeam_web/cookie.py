"""Who a browser has logged in as: a signed cookie that holds for some time, and longer while it is used.

It is good for pages, and in the API only to read what pages show by an address of its own (files, pictures,
data), when one of our pages asks for it. It is no token of the API, nor is a token of the API good here.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jwt
import msgspec

from starbeam.api import Principal, Unauthenticated
from starbeam.api.http import FileAnswer
from starbeam.api.web import Authenticator

if TYPE_CHECKING:
    from litestar import Request, Response
    from litestar.connection import ASGIConnection
    from litestar.handlers.base import BaseRouteHandler

    Connection = ASGIConnection[Any, Any, Any, Any]

NAME = "starbeam_session"
ALGORITHM = "HS256"
AUDIENCE = "starbeam-web"
SHOWN = frozenset({"data", "mapping"})
"""Plugins whose answers are pictures and numbers that pages show."""
LONGEST_DAY = 12 * 3600
"""Seconds after which a browser must log in again, however busy it was."""


class Claims(msgspec.Struct, frozen=True):
    """What a cookie says; times in seconds since 1970."""

    login: str
    person: int
    since: int
    exp: int
    aud: str = AUDIENCE


class LogInCookie(Authenticator):
    """Makes and reads the cookie."""

    def __init__(self, secret: str, minutes: int, snapshot: Any) -> None:
        self._key = hmac.digest(secret.encode(), b"cookie of the web pages", "sha256")
        self._seconds = minutes * 60
        self._snapshot = snapshot

    def credential(self, connection: Connection, handler: BaseRouteHandler) -> str | None:
        """The cookie, for a page, or for what pages show when one of ours asks."""
        value = connection.cookies.get(NAME)
        if not value or "authorization" in connection.headers:
            return None
        good = handler.opt.get("page") or (_is_shown(handler, connection) and _asked_by_a_page(connection))
        return value if good else None

    async def principal(self, credential: str, connection: Connection) -> Principal:
        """Who logged in, with the permissions of now."""
        who = self.who(credential)
        if who is None:
            raise Unauthenticated("You were logged out")
        return who

    def who(self, value: str) -> Principal | None:
        """Who logged in, if the cookie is ours and holds."""
        claims = self.read(value)
        return self._snapshot.people.principal(claims.person, claims.login) if claims else None

    def read(self, value: str) -> Claims | None:
        """What a cookie says, if it is ours and holds."""
        try:
            said = jwt.decode(value, self._key, algorithms=[ALGORITHM], audience=AUDIENCE)
            claims = msgspec.convert(said, Claims)
        except (jwt.PyJWTError, msgspec.ValidationError):
            return None
        return claims if claims.since + LONGEST_DAY > time.time() else None

    def set(self, request: Request[Any, Any, Any], response: Response[Any], login: str, person: int) -> None:
        """Log a browser in."""
        self._put(request, response, Claims(login, person, int(time.time()), 0))

    def renew(self, request: Request[Any, Any, Any], response: Response[Any]) -> None:
        """Let the log-in hold for longer, when a good part of its time is over."""
        claims = self.read(request.cookies.get(NAME, ""))
        if claims and claims.exp - time.time() < 0.75 * self._seconds:
            self._put(request, response, claims)

    def _put(self, request: Request[Any, Any, Any], response: Response[Any], claims: Claims) -> None:
        lasts = min(int(time.time()) + self._seconds, claims.since + LONGEST_DAY)
        said = msgspec.to_builtins(msgspec.structs.replace(claims, exp=lasts))
        value = jwt.encode(said, self._key, algorithm=ALGORITHM)
        response.set_cookie(
            NAME,
            value,
            httponly=True,
            samesite="lax",
            secure=is_secure(request),
            path="/",
            max_age=self._seconds,
        )

    def proof(self, *parts: str) -> str:
        """What only this server can say of these texts: for forms."""
        return hmac.new(self._key, "\0".join(parts).encode(), hashlib.sha256).hexdigest()


def is_secure(connection: Connection) -> bool:
    """Whether the browser speaks TLS, with this server or with a trusted proxy in front of it."""
    return connection.url.scheme == "https"


def _is_shown(handler: BaseRouteHandler, connection: Connection) -> bool:
    if connection.scope.get("method") not in ("GET", "HEAD"):
        return False
    if handler.opt.get("plugin") in SHOWN or handler.opt.get("cookie"):
        return True
    return handler.parsed_fn_signature.return_type.annotation is FileAnswer


def _asked_by_a_page(connection: Connection) -> bool:
    """As browsers say it; those that do not, over plain HTTP, say which page asks."""
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    host = connection.headers.get("host", "")
    return bool(host) and urlsplit(connection.headers.get("referer", "")).netloc == host
