"""Web pages: frame, log-in, start, search; and the pages of every other plugin within it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from starbeam.api import Context, Plugin, hookimpl
from starbeam_web.settings import WebSettings

if TYPE_CHECKING:
    from starbeam.api.web import Authenticator, Pages, Site
    from starbeam_web.cookie import LogInCookie


class WebPlugin(Plugin[WebSettings]):
    """Serves what plugins register as pages."""

    name = "web"
    title = "Web pages"
    Settings = WebSettings

    @hookimpl
    def register_authenticators(self, ctx: Context) -> Iterable[Authenticator]:
        """The cookie that a log-in in the browser sets."""
        return [self._cookie(ctx)]

    @hookimpl
    def register_pages(self, ctx: Context) -> Iterable[Pages]:
        """Log-in, start and search."""
        from starbeam.api.web import Pages
        from starbeam_web import routes

        return [Pages(routes.handlers, Path(__file__).with_name("templates"))]

    @hookimpl
    def register_site(self, ctx: Context) -> Iterable[Site]:
        """The pages of all plugins."""
        from starbeam_web.frame import Frame

        pages = {name: one for name, found in ctx.collect("register_pages") for one in found}
        return [Frame(ctx, self.settings, pages, self._cookie(ctx)).site()]

    def _cookie(self, ctx: Context) -> LogInCookie:
        from starbeam_web.cookie import LogInCookie

        return LogInCookie(ctx.settings.auth.secret_key, self.settings.session_minutes, ctx.snapshot)
