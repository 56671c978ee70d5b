"""A browser without a browser: cookies, forms and pages, in the test's own process."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

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


def fields_of(html: str) -> dict[str, str]:
    """What the form of a page holds, as a browser would send it."""
    form = html[html.index("<h1") :]
    found = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name = re.search(r' name="([^"]*)"', tag)
        value = re.search(r' value="([^"]*)"', tag)
        if name and 'type="file"' not in tag and not ('type="radio"' in tag and " checked" not in tag):
            found[name[1]] = unescape(value[1] if value else "")
    for name, text in re.findall(r'<textarea[^>]* name="([^"]*)"[^>]*>\n?(.*?)</textarea>', form, re.S):
        found[name] = unescape(text)
    for name, inside in re.findall(r'<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', inside)
        found[name] = unescape(chosen[1]) if chosen else ""
    return found


async def fill(visitor: Visitor, path: str, **typed: str) -> httpx.Response:
    """Open a form, type, and send it."""
    shown = await visitor.open(path)
    assert shown.status_code == 200, shown.text
    return await send(visitor, path, {**fields_of(shown.text), **typed})


async def send(visitor: Visitor, path: str, fields: dict[str, str]) -> httpx.Response:
    """Send a form as a browser does."""
    return await visitor.client.post(path, data=fields)


async def stored(visitor: Visitor, sql: str) -> list[tuple[Any, ...]]:
    """What the database holds."""
    return [tuple(row) for row in await visitor.app.database.sql(sql)]


def gone_to(answer: httpx.Response) -> str:
    """Where a form that was stored leads."""
    assert answer.status_code == 303, text_of(answer.text)
    return answer.headers["Location"]
