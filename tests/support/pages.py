"""A browser without a browser: cookies, forms and pages, in the test's own process."""

from __future__ import annotations

import re
from html import unescape

import httpx

from starbeam_testing.app import TestApp

HTML = {"Accept": "text/html,application/xhtml+xml"}
ORIGIN = "http://starbeam.test"
OPEN = {"auth.backends.dummy.use": "auth_dummy", "auth.backends.dummy.test_system": True}
"""Settings of an app in which anybody may log in."""


class Visitor:
    """Somebody who looks at the pages of an app."""

    def __init__(self, app: TestApp) -> None:
        self.app = app
        transport = httpx.ASGITransport(app.starbeam.asgi)
        self.client = httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=HTML)

    async def open(self, path: str, **headers: str) -> httpx.Response:
        """GET a page."""
        return await self.client.get(path, headers=headers)

    async def send(self, path: str, form: str, **values: str) -> httpx.Response:
        """POST a form that the page `form` shows."""
        shown = await self.open(form)
        found = re.search(r'name="csrf" value="([^"]+)"', shown.text)
        assert found is not None, shown.text
        return await self.client.post(path, data={"csrf": found[1], **values})

    async def log_in(self, login: str, backend: str = "dummy", **values: str) -> httpx.Response:
        """Log in with the form."""
        return await self.send("/login", "/login", backend=backend, login=login, password="x", **values)


def text_of(html: str) -> str:
    """What a page says, without its marks."""
    inside = re.sub(r"(?s)<(svg|head).*?</\1>", " ", html)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", inside)).split())
