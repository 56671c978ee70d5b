"""The API page: the document for people to read and try. Needs no internet: all of it is served from here."""

from __future__ import annotations

import hashlib
from functools import cache
from html import escape
from importlib import resources
from importlib.metadata import version
from string import Template
from typing import Any

import msgspec
from litestar import Request, Response, Router, get
from litestar.datastructures import ResponseHeader
from litestar.enums import MediaType
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.params import FromPath

from starbeam.access import public
from starbeam.http.conditional import unchanged
from starbeam.refusals import Missing
from starbeam.registry import CORE

PATH = "/docs"
YEAR = 31_536_000
BANNER = "This is a test system: it lets people in without proof."

_TYPES = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "page.css": "text/css",
    "page.js": "text/javascript",
}
_HEADERS = {
    # `data:` is for the icons in Swagger UI's style sheet.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Asset(msgspec.Struct, frozen=True):
    """A file of the page."""

    content: bytes
    tag: str
    """Changes when the content does."""


@cache
def asset(name: str) -> Asset:
    """A file of the page, read once."""
    content = resources.files("starbeam.http").joinpath("static", name).read_bytes()
    return Asset(content, hashlib.sha256(content).hexdigest()[:16])


@get("/assets/{name:str}", sync_to_thread=False)
def page_asset(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes | None]:
    """A script or style sheet of the page. Its address has its tag, so that browsers may keep it for long."""
    if name not in _TYPES:
        raise Missing("Not Found")
    found = asset(name)
    headers = {"ETag": f'"{found.tag}"', "Cache-Control": f"public, max-age={YEAR}, immutable"}
    if unchanged(request, headers["ETag"]):
        return Response(None, status_code=304, headers=headers)
    return Response(found.content, media_type=_TYPES[name], headers=headers)


def _html(name: str, api_root: str, is_test_system: bool) -> str:
    addresses = {name: f"{PATH}/assets/{name}?v={asset(name).tag}" for name in _TYPES}
    return Template(asset(name).content.decode()).substitute(
        swagger_css=addresses["swagger-ui.css"],
        swagger_js=addresses["swagger-ui-bundle.js"],
        page_css=addresses["page.css"],
        page_js=addresses["page.js"],
        banner=f'<p class="banner">{escape(BANNER)}</p>' if is_test_system else "",
        document=escape(f"{api_root}/openapi.json"),
        page=PATH,
        version=version("starbeam-core"),
    )


def start_page(api_root: str, is_test_system: bool) -> Router:
    """What stands at the root of a server that has no web pages: what it is, and where to read on."""
    html = _html("start.html", api_root, is_test_system)

    @get("/", sync_to_thread=False)
    def start() -> Response[str]:
        return Response(html, media_type=MediaType.HTML)

    return _beside("/", start)


class Page(OpenAPIRenderPlugin):
    """The page itself, at the root of its router."""

    def __init__(self, api_root: str, is_test_system: bool) -> None:
        super().__init__(path="/", media_type=MediaType.HTML)
        self._html = _html("page.html", api_root, is_test_system)

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page; its script fetches the document."""
        return self._html.encode()


def router() -> Router:
    """What Litestar adds the page and the document to."""
    return _beside(PATH, page_asset)


def _beside(path: str, handler: HTTPRouteHandler) -> Router:
    return Router(
        path,
        route_handlers=[handler],
        include_in_schema=False,
        opt={"access": public, "plugin": CORE},
        response_headers=[ResponseHeader(name=name, value=value) for name, value in _HEADERS.items()],
    )
