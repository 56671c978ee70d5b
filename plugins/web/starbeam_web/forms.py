"""Forms that only pages of ours can send: each carries a token that is tied to its browser and person."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any

from starbeam.api import Forbidden
from starbeam_web.cookie import NAME, LogInCookie, is_secure

if TYPE_CHECKING:
    from litestar import Request, Response

    Asker = Request[Any, Any, Any]

FORM = "starbeam_form"
"""The cookie that ties a form to the browser that it was shown to."""
FOREIGN = "This form is too old, or comes from elsewhere. Please go back and load the page again."


class Forms:
    """Makes and checks the tokens of forms."""

    def __init__(self, cookie: LogInCookie) -> None:
        self._cookie = cookie

    def token(self, request: Asker) -> str:
        """What a form of this page sends along."""
        claims = self._cookie.read(request.cookies.get(NAME, ""))
        return self.token_of(request, claims.login if claims else "")

    def token_of(self, request: Asker, login: str) -> str:
        """What a form sends along that this browser was shown while this person was logged in."""
        return self._cookie.proof(browser_of(request), login)

    def mark(self, request: Asker, answer: Response[Any]) -> None:
        """Let the browser be known again when it sends the form."""
        if FORM not in request.cookies:
            secure = is_secure(request)
            answer.set_cookie(
                FORM, browser_of(request), httponly=True, samesite="lax", secure=secure, path="/"
            )

    async def check(self, request: Asker) -> None:
        """Refuse a form that no page of ours showed to this browser."""
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return
        sent = str((await request.form()).get("csrf", ""))
        right = FORM in request.cookies and self.token(request)
        if not right or not secrets.compare_digest(sent.encode(), right.encode()):
            raise Forbidden(FOREIGN)


def browser_of(request: Asker) -> str:
    """The name of a browser: a new one, if it has none yet, for the whole of its request."""
    kept: dict[str, Any] = request.scope["state"]
    return request.cookies.get(FORM) or str(kept.setdefault(FORM, secrets.token_urlsafe(16)))


def owner(token: str) -> str:
    """Whose is what is typed into a form with this token: it tells people apart, and is good for nothing
    else."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]


def forget_empty_fields(scope: Any) -> None:
    """A field of a form that was left empty asks for nothing: no number is an empty text."""
    fields = scope["query_string"].split(b"&")
    scope["query_string"] = b"&".join(field for field in fields if field.partition(b"=")[2])
