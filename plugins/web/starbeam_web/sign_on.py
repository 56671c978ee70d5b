"""Log-in at a provider's own page (OpenID Connect): there with a signed state, and back with a code.

Nothing of it is kept here: the state says which log-in it is and where the person wanted to go, and whoever
comes back with it must be the browser that left, which its cookie of forms tells.
"""

from __future__ import annotations

import secrets
import time
from typing import Annotated, Any
from urllib.parse import quote

import jwt
import msgspec
import structlog
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect

from starbeam.api import Refusal, Unavailable, public
from starbeam.api.auth import Credentials, SignOn
from starbeam.api.web import ClientAddress, LoginService, Show
from starbeam_web.addresses import safe
from starbeam_web.cookie import is_secure
from starbeam_web.entering import GaveUp, LogInPage, enter
from starbeam_web.forms import browser_of
from starbeam_web.frame import HEADERS, Frame

Asker = Request[Any, Any, Any]

log = structlog.get_logger("starbeam.web")

LONGEST_SHOWN = 45
"""As much as the log shows of what a browser sent."""
LONGEST = 600
"""Seconds that a person may take on the provider's page."""
ALGORITHM = "HS256"
STRANGE = "This log-in took too long, or was begun in another browser. Please try again."
NOT_FINISHED = "The log-in was not finished there."


class Began(msgspec.Struct, frozen=True):
    """A log-in that a browser began: what the provider is given as `state`."""

    id: str
    backend: str
    next: str
    exp: int


@get("/login/{backend:str}", access=public)
async def sign_on(
    request: Asker,
    backend: FromPath[str],
    show: NamedDependency[Show],
    frame: NamedDependency[Frame],
    login_service: NamedDependency[LoginService],
    next: Annotated[str, QueryParameter(description="Where to go then")] = "",
) -> Response[Any]:
    """Send a browser to the provider's page."""
    began = Began(secrets.token_urlsafe(16), backend, safe(next), int(time.time()) + LONGEST)
    try:
        page = await login_service.sign_on_page(backend, _log_in(request, frame, began))
    except Unavailable as away:
        return LogInPage(show, frame, login_service, next)(away, backend)
    answer = Redirect(page, status_code=302, headers=HEADERS)
    frame.forms.mark(request, answer)
    return answer


@get("/login/{backend:str}/back", access=public)
async def signed_on(
    request: Asker,
    backend: FromPath[str],
    show: NamedDependency[Show],
    frame: NamedDependency[Frame],
    login_service: NamedDependency[LoginService],
    client_address: NamedDependency[ClientAddress],
    began_as: Annotated[str, QueryParameter(name="state", description="The log-in that began here")] = "",
    code: Annotated[str, QueryParameter(description="What the provider gives for it")] = "",
    error: Annotated[str, QueryParameter(description="Why it gives nothing")] = "",
) -> Response[Any]:
    """Log in the browser that the provider sends back, and let it go on."""
    began = _read(request, frame, began_as)
    try:
        if not code:
            log.warning("log-in not finished", backend=backend[:LONGEST_SHOWN], error=error[:LONGEST_SHOWN])
            raise GaveUp(NOT_FINISHED)
        if began is None or began.backend != backend:
            raise GaveUp(STRANGE)
        sent = Credentials(code=code, sign_on=_log_in(request, frame, began))
        who = await login_service.prove(backend, sent, client_address.of(request.scope))
    except Refusal as refused:
        return LogInPage(show, frame, login_service, began.next if began else "")(refused, backend)
    return enter(request, frame, who, began.next)


def _log_in(request: Asker, frame: Frame, began: Began) -> SignOn:
    """What the provider is told of a log-in. Its secrets follow from it, so that every worker knows them."""
    of_browser = (browser_of(request), began.id)
    return SignOn(
        redirect_uri=f"{_origin(request)}{frame.address(f'/login/{quote(began.backend)}/back')}",
        state=jwt.encode(msgspec.to_builtins(began), _key(request, frame), algorithm=ALGORITHM),
        nonce=frame.cookie.proof("nonce", *of_browser),
        verifier=frame.cookie.proof("verifier", *of_browser),
    )


def _read(request: Asker, frame: Frame, state: str) -> Began | None:
    """The log-in that this browser began, if it did so a short while ago."""
    try:
        said = jwt.decode(state, _key(request, frame), algorithms=[ALGORITHM])
        return msgspec.convert(said, Began)
    except (jwt.PyJWTError, msgspec.ValidationError):
        return None


def _key(request: Asker, frame: Frame) -> str:
    return frame.cookie.proof("state", browser_of(request))


def _origin(request: Asker) -> str:
    """This server, as the browser calls it: the provider compares it with what it was told."""
    return f"{'https' if is_secure(request) else 'http'}://{request.headers.get('host', '')}"


handlers = [sign_on, signed_on]
