"""Errors as pages, for browsers; programs get what the API always says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from litestar import Request, Response
from litestar.response import Redirect

from starbeam_web.addresses import safe
from starbeam_web.cookie import NAME
from starbeam_web.kept import AGAIN

if TYPE_CHECKING:
    from starbeam_web.frame import Frame

SAID = {
    403: "You may not do this.",
    404: "There is no such page, or you may not see it.",
    405: "This page cannot be used so.",
    429: "Too many tries.",
    500: "Something went wrong here.",
    503: "This is not available for the moment.",
}
"""What happened, by status; what the answer says beyond it stands below."""
UNKNOWN = "This request cannot be answered."


def explain(frame: Frame, request: Request[Any, Any, Any], answer: Response[Any]) -> Response[Any]:
    """A page instead of JSON for a browser that asked for one; the log-in, where nobody has logged in."""
    if not _is_for_people(frame, request):
        return answer
    status = int(answer.status_code or 500)
    logged_in = frame.cookie.read(request.cookies.get(NAME, "")) is not None
    if status == 401 and request.method == "POST":
        return _to_login_again(frame, request)
    if status == 401 or (status == 404 and not logged_in):
        return _to_login(frame, request)
    values = {
        "wait": answer.headers.get("Retry-After"),
        "back": _back(request),
        "said": SAID.get(status, UNKNOWN),
        "detail": _detail(answer),
        "request_id": request.scope["state"].get("request_id", ""),
        "status": status,
    }
    page = frame.page(request, "web/error.html", status, values)
    page.headers.update(answer.headers)
    return page


def _back(request: Request[Any, Any, Any]) -> str:
    """The page of this server that led here, if one did."""
    came = urlsplit(request.headers.get("referer", ""))
    ours = bool(came.netloc) and came.netloc == request.headers.get("host") and came.path != request.url.path
    return safe(came.path + (f"?{came.query}" if came.query else "")) if ours else ""


def _to_login(frame: Frame, request: Request[Any, Any, Any]) -> Response[Any]:
    """As much for a page that there is not: nobody learns which there are."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return Redirect(f"{frame.address('/login')}?next={quote(wanted, safe='/')}", status_code=302)


def _to_login_again(frame: Frame, request: Request[Any, Any, Any]) -> Response[Any]:
    """The browser sends the same form there: what was typed is kept in the page on which people log in."""
    asked = urlencode({"next": _back(request) or request.url.path, "to": request.url.path})
    return Redirect(f"{frame.address(AGAIN)}?{asked}", status_code=307)


def _detail(answer: Response[Any]) -> str:
    detail = answer.content["detail"] if isinstance(answer.content, Mapping) else ""
    return detail if isinstance(detail, str) else "; ".join(one.msg for one in detail)


def _is_for_people(frame: Frame, request: Request[Any, Any, Any]) -> bool:
    """Whether a browser asks for what could be a page."""
    return "text/html" in request.headers.get("accept", "") and frame.has_place_for(request.url.path)
