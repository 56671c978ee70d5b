"""Draws pages: templates, the bar at the top, what other plugins add, and the headers of every page."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from litestar import Request, Response
from litestar.di import NamedDependency, Provide
from markupsafe import Markup

from starbeam.api import Principal
from starbeam.api.database import Reader
from starbeam.api.files import Files
from starbeam.api.http import always, etag, unchanged
from starbeam.api.web import (
    STORED,
    Asked,
    Drawn,
    OfCollections,
    Pages,
    Place,
    Show,
    Site,
    Spot,
    Tab,
    TileSpot,
)
from starbeam_web import assets, parts, words
from starbeam_web.cookie import NAME
from starbeam_web.errors import explain
from starbeam_web.forms import Forms, forget_empty_fields, owner

if TYPE_CHECKING:
    from starbeam.api import Context
    from starbeam_web.cookie import LogInCookie
    from starbeam_web.settings import WebSettings

Asker = Request[Any, Any, Any]

API_PAGE = "/docs"
OF_ALL = "starbeam_web.of_all"
"""Where a request keeps what every template is given."""
PREFERENCES = {"theme": ("light", "dark"), "cards": ("compact",), "keys": ("off",), "times": ("mine",)}
"""What people choose for how pages look and act, besides what is usual. Each is kept in a cookie."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; font-src 'none'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}


class Frame:
    """Draws pages for one server."""

    def __init__(
        self, ctx: Context, settings: WebSettings, pages: Mapping[str, Pages], cookie: LogInCookie
    ) -> None:
        self.settings = settings
        self.cookie = cookie
        self.forms = Forms(cookie)
        self.finders = _ordered(pages, "finders")
        self._ctx = ctx
        self._pages = pages
        self._places: list[Place] = _ordered(pages, "places")
        self._parts = _ordered(pages, "parts")
        self.of_collections = _ordered(pages, "of_collections")
        self.of_sessions = _ordered(pages, "of_sessions")
        self._templates = self._environment()

    def site(self) -> Site:
        """What the server serves at its root."""

        # Functions, since Litestar copies what it is given, and all that hangs on it.
        def show(request: Asker, files: NamedDependency[Files]) -> Shown:
            return Shown(self, request, files)

        async def check(connection: Any, handler: Any) -> None:
            forget_empty_fields(connection.scope)
            if not handler.opt.get("only_shows"):
                await self.forms.check(connection)

        given = {"show": Provide(show, sync_to_thread=False), **always(frame=self)}
        return Site(self.settings.root, self._pages, partial(explain, self), [check], given)

    def address(self, path: str) -> str:
        """The address of a page, from its place below the site's root."""
        return path if self.settings.root == "/" else self.settings.root + path

    def has_place_for(self, path: str) -> bool:
        """Whether a page could have this address."""
        return _is_below(self.settings.root, path) and not _is_below(self._ctx.api_root, path)

    def _environment(self) -> Environment:
        made = Environment(
            loader=PrefixLoader({name: FileSystemLoader(one.templates) for name, one in self._pages.items()}),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,  # else each use of a template looks whether its file has changed
            trim_blocks=True,
            lstrip_blocks=True,
        )
        has_page = _addresses(self._pages).fullmatch
        zone = self._ctx.clock.zone
        made.globals |= {
            "address": self.address,
            "api": lambda path: self._ctx.api_root + path,
            "api_page": API_PAGE,
            "asset": lambda name: self.address(assets.path(name)),
            "documentation": self.settings.documentation,
            "has_page": has_page,
            "offset": lambda: words.offset(self._ctx.clock.now(), zone),
            "owner": owner,
            "made": {
                "cells": parts.cells,
                "icon": parts.icon,
                "link": partial(parts.link, has_page, self.address),
                "status": parts.status,
            },
            "tabs": partial(self._tabs, _ordered(self._pages, "tabs")),
            "version": version("starbeam-core"),
            "zone": self._ctx.settings.server.timezone or "the server's time zone",
        }
        made.filters |= words.FILTERS | words.times(zone) | {"addressed": partial(self._addressed, has_page)}
        return made

    def _is_there(self, who: Principal | None, place: Place) -> bool:
        """Whether somebody may see a place, and this database has what it shows."""
        may = not place.needs or (who is not None and not who.permissions.isdisjoint(place.needs))
        return may and not self._ctx.database.lacks(*place.tables)

    def _addressed(
        self, has_page: Callable[[str], object], places: Sequence[tuple[str, str]]
    ) -> list[tuple[str, str]]:
        """Words and addresses, those below the site's root as they are on this server; none of a plugin that
        is off."""
        return [(word, self.address(href) if has_page(href) else "") for word, href in places]

    def _tabs(self, tabs: list[Tab], of: str, key: int | str, path: str) -> list[tuple[str, str]]:
        """Title and address of the pages about a thing, as one of them shows them."""
        found = [(one, self.address(one.href.format(key=key))) for one in tabs if one.of == of]
        on_rare = any(one.rare and address == path for one, address in found)
        return [(one.title, address) for one, address in found if on_rare or not one.rare]

    def draw(self, request: Asker, template: str, values: Mapping[str, Any]) -> Markup:
        """A template as HTML."""
        html = self._templates.get_template(template).render(self._of_all(request), **values)
        return Markup(html)  # noqa: S704 - the template has escaped what it was given

    def _of_all(self, request: Asker) -> Mapping[str, Any]:
        """What every template is given: made once for a request, of which a page may draw a hundred."""
        caller, kept = who_of(request), request.scope["state"]
        if OF_ALL in kept and kept[OF_ALL][0] is caller:
            found: Mapping[str, Any] = kept[OF_ALL][1]
            return found
        who = caller or self.cookie.who(request.cookies.get(NAME, ""))
        made = {
            "who": who,
            "places": [one for one in self._places if self._is_there(who, one)],
            "path": request.url.path,
            "query": request.query_params,
            "preferred": preferred_in(request),
            "csrf": self.forms.token(request),
            "method": request.method,
            "stored": request.cookies.get(STORED),
            "motd": self._ctx.options["motd"],
            "now": self._ctx.clock.now(),
            "as_of": self._as_of(),
        }
        kept[OF_ALL] = caller, made
        return made

    def _as_of(self) -> str:
        """What a page says on paper of when it was read: no change of it."""
        return f"{self._ctx.clock.now():%-d %b %Y %H:%M}"

    async def parts(self, request: Asker, of: str, reader: Reader, asked: Asked) -> list[Drawn]:
        """What plugins add to a page."""
        found = []
        for part in self._parts:
            if part.of == of and (values := await part.load(reader, asked)) is not None:
                found.append(Drawn(self.draw(request, part.template, values), part.narrow, part.whole))
        return found

    async def find(self, request: Asker, reader: Reader, text: str) -> list[str]:
        """What plugins find, as HTML."""
        found = [(one.template, await one.find(reader, text)) for one in self.finders]
        return [self.draw(request, name, {"q": text, **values}) for name, values in found if values]

    def page(
        self, request: Asker, template: str, status_code: int, values: Mapping[str, Any]
    ) -> Response[Any]:
        """A page, or that the browser has it already."""
        html = self.draw(request, template, values).encode()
        headers = HEADERS | {"ETag": etag(html.replace(self._as_of().encode(), b""))}
        body: bytes | None = html
        if status_code == 200 and unchanged(request, headers["ETag"]):
            body, status_code = None, 304
        answer = Response(body, status_code=status_code, media_type="text/html", headers=headers)
        self.forms.mark(request, answer)
        self.cookie.renew(request, answer)
        if STORED in request.cookies:
            answer.delete_cookie(STORED, path=quote(request.url.path))
        return answer


class Shown(Show):
    """Draws pages for one request: `show` in handlers of pages."""

    def __init__(self, frame: Frame, request: Asker, files: Files) -> None:
        self._frame = frame
        self._request = request
        self._files = files

    def __call__(self, template: str, /, *, status_code: int = 200, **values: Any) -> Response[Any]:
        """The page of a template."""
        return self._frame.page(self._request, template, status_code, values)

    async def parts(
        self, of: str, reader: Reader, key: int | str | None = None, thing: object = None
    ) -> list[Drawn]:
        """What plugins add to a page, in order."""
        return await self._frame.parts(self._request, of, reader, self._asked(key, thing))

    async def of_collections(
        self,
        reader: Reader,
        ids: Sequence[int],
        spots: Collection[Spot],
        kinds: Mapping[int, str] | None = None,
    ) -> Mapping[int, Mapping[Spot, str]]:
        """What plugins add to data collections, in order at each spot."""
        asked = replace(self._asked(), kinds=kinds or {})
        return await self._added(self._frame.of_collections, reader, asked, ids, spots)

    async def of_sessions(self, reader: Reader, ids: Sequence[int]) -> Mapping[int, Mapping[TileSpot, str]]:
        """What plugins add to sessions that run, in order at each spot."""
        return await self._added(self._frame.of_sessions, reader, self._asked(), ids, get_args(TileSpot))

    async def _added(
        self,
        plugins: Sequence[Any],
        reader: Reader,
        asked: Asked,
        ids: Sequence[int],
        spots: Collection[Any],
    ) -> dict[int, dict[Any, str]]:
        found: dict[int, dict[Any, str]] = {id: {} for id in ids}
        taken = set[tuple[int, Any]]()
        for one in plugins:
            wanted = {spot: template for spot, template in one.templates.items() if spot in spots}
            read = await one.load(reader, asked, ids) if ids and wanted else {}
            for id, values in read.items():
                for spot, template in wanted.items():
                    if (id, spot) in taken:
                        continue
                    html = self._frame.draw(self._request, template, {"id": id, **values})
                    found[id][spot] = found[id].get(spot, Markup("")) + html
                    if isinstance(one, OfCollections) and one.alone:
                        taken.add((id, spot))
        return found

    def _asked(self, key: int | str | None = None, thing: object = None) -> Asked:
        return Asked(key, dict(self._request.query_params.items()), self._files, self, thing)


def who_of(request: Asker) -> Principal | None:
    """Who asks, once the request's handler is found."""
    found = request.scope.get("user")
    return found if isinstance(found, Principal) else None


def preferred_in(request: Asker) -> dict[str, str]:
    """What the person prefers, empty for what is usual."""
    kept = {name: request.cookies.get(f"starbeam_{name}", "") for name in PREFERENCES}
    return {name: value if value in PREFERENCES[name] else "" for name, value in kept.items()}


def _is_below(root: str, path: str) -> bool:
    return root == "/" or path == root or path.startswith(f"{root}/")


def _addresses(pages: Mapping[str, Pages]) -> re.Pattern[str]:
    """What the addresses of pages look like: a plugin that is off has none."""
    paths = {
        path for page in pages.values() for handler in page.handlers for path in getattr(handler, "paths", ())
    }
    return re.compile("|".join(re.sub(r"{[^}]*}", "[^/]+", path) for path in sorted(paths)))


def _ordered(pages: Mapping[str, Pages], kind: str) -> list[Any]:
    """All places, tabs, parts or finders, as they stand on pages."""
    found = [one for page in pages.values() for one in getattr(page, kind)]
    return sorted(found, key=lambda one: int(one.order))
