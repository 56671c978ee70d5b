"""Log-in, log-out, what a person prefers, start, search, and the files of pages."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect

from starbeam.api import Missing, Refusal, authenticated, public
from starbeam.api.auth import Credentials
from starbeam.api.database import Reader
from starbeam.api.web import ClientAddress, LoginService, Show
from starbeam_web import assets, sign_on
from starbeam_web.addresses import safe
from starbeam_web.cookie import NAME, is_secure
from starbeam_web.entering import LogInPage, enter
from starbeam_web.frame import HEADERS, PREFERENCES, Frame
from starbeam_web.kept import AGAIN, Kept

YEAR = 31_536_000
Asker = Request[Any, Any, Any]


@get("/login", access=public, sync_to_thread=False)
def show_login(
    show: NamedDependency[Show],
    frame: NamedDependency[Frame],
    login_service: NamedDependency[LoginService],
    next: Annotated[str, QueryParameter(description="Where to go then")] = "",
) -> Response[Any]:
    """What each log-in backend asks for."""
    return LogInPage(show, frame, login_service, next)()


@post(AGAIN, access=public, only_shows=True)
async def log_in_again(
    request: Asker,
    show: NamedDependency[Show],
    frame: NamedDependency[Frame],
    login_service: NamedDependency[LoginService],
    next: Annotated[str, QueryParameter(description="Where to go then")] = "",
    to: Annotated[str, QueryParameter(description="Where the form was sent")] = "",
) -> Response[Any]:
    """What each log-in backend asks for, with the form that somebody sent who was logged out meanwhile."""
    kept = Kept.of(to, await request.form())
    return LogInPage(show, frame, login_service, next, kept)()


@post("/login", access=public)
async def log_in(
    request: Asker,
    show: NamedDependency[Show],
    frame: NamedDependency[Frame],
    login_service: NamedDependency[LoginService],
    client_address: NamedDependency[ClientAddress],
) -> Response[Any]:
    """Log this browser in by name and password, and go where it wanted to."""
    form = await request.form()
    sent = {name: str(form.get(name, "")) for name in ("backend", "login", "password", "next")}
    kept = Kept.read(str(form.get("kept", "")))
    tried = Credentials(sent["login"], sent["password"])
    try:
        who = await login_service.prove(sent["backend"], tried, client_address.of(request.scope))
    except Refusal as refused:
        page = LogInPage(show, frame, login_service, sent["next"], kept)
        return page(refused, sent["backend"], sent["login"])
    return enter(request, frame, who, sent["next"], kept)


@post("/logout", access=public)
async def log_out(frame: NamedDependency[Frame]) -> Response[Any]:
    """Forget who this browser has logged in as."""
    answer = Redirect(frame.address("/login"), status_code=303, headers=HEADERS)
    answer.delete_cookie(NAME, path="/")
    return answer


@post("/preferences", access=public)
async def prefer(request: Asker, frame: NamedDependency[Frame]) -> Response[Any]:
    """Keep what a person chose, in this browser."""
    form = await request.form()
    answer = Redirect(safe(str(form.get("next", ""))) or frame.address("/"), status_code=303, headers=HEADERS)
    kept: Any = {"httponly": True, "samesite": "lax", "secure": is_secure(request), "path": "/"}
    for name in PREFERENCES.keys() & form.keys():
        value = str(form[name])
        if value in PREFERENCES[name]:
            answer.set_cookie(f"starbeam_{name}", value, max_age=YEAR, **kept)
        else:
            answer.delete_cookie(f"starbeam_{name}", path="/")
    return answer


@get("/", access=authenticated)
async def start(reader: NamedDependency[Reader], show: NamedDependency[Show]) -> Response[Any]:
    """What plugins show on the start page."""
    return show("web/start.html", drawn=await show.parts("start", reader))


@get("/search", access=authenticated)
async def search(
    request: Asker,
    reader: NamedDependency[Reader],
    show: NamedDependency[Show],
    frame: NamedDependency[Frame],
    q: Annotated[str, QueryParameter(description="What is searched")] = "",
) -> Response[Any]:
    """What every plugin finds; what is called exactly so at once."""
    text = q.strip()
    if text:
        for one in frame.finders:
            if one.exact and (found := await one.exact(reader, text)):
                return Redirect(frame.address(found), status_code=302, headers=HEADERS)
    return show("web/search.html", q=text, found=await frame.find(request, reader, text) if text else [])


@get("/static/{tag:str}/{name:str}", access=public, sync_to_thread=False)
def static(tag: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """A file that pages load, which never changes at this address."""
    try:
        file = assets.asset(name)
    except KeyError:
        raise Missing("Not Found") from None
    if tag != file.tag:
        raise Missing("Not Found")
    kept = {"Cache-Control": f"public, max-age={YEAR}, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(file.content, media_type=file.media_type, headers=kept)


handlers = [show_login, log_in, log_in_again, *sign_on.handlers, log_out, prefer, start, search, static]
