"""A walk through the pages of an app in the test's own process: from the start page along the links."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

from starbeam.registry import handlers_of, pages_of
from support.pages import Visitor


@dataclass
class Stroll:
    """What was seen."""

    pages: dict[str, str] = field(default_factory=dict)
    """The HTML of each page, by path."""
    faults: list[str] = field(default_factory=list)
    """Pages that are led to and that are not there or fail, and links to what nobody serves."""


class _Reader(HTMLParser):
    """Takes addresses from elements."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses = set[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src", "action") and value and value.startswith("/"):
                self.addresses.add(value.partition("#")[0].partition("?")[0])


async def stroll(visitor: Visitor, most: int) -> Stroll:
    """Open what the start page leads to, and what that leads to: `most` pages of a kind."""
    asgi = visitor.app.starbeam.asgi
    pages = _pattern({one.path for one in pages_of(asgi) if one.method == "GET"})
    served = _pattern({path for path, _ in handlers_of(asgi)})
    found, kinds, waiting = Stroll(), Counter[str](), ["/"]
    known = set(waiting)
    while waiting:
        path = waiting.pop(0)
        kind = re.sub(r"(?<=/)[^/]*\d[^/]*(?=/|$)", "*", path)
        if kinds[kind] == most:
            continue
        kinds[kind] += 1
        shown = await visitor.open(path)
        if shown.status_code != 200:
            found.faults.append(f"{path}: {shown.status_code}")
        if not shown.headers.get("content-type", "").startswith("text/html"):
            continue
        found.pages[path] = shown.text
        reader = _Reader()
        reader.feed(shown.text)
        found.faults += [f"{path} leads to {one}" for one in reader.addresses if not served.fullmatch(one)]
        new = {one for one in reader.addresses - known if pages.fullmatch(one) and "/static/" not in one}
        waiting += sorted(new)
        known |= new
    return found


def _pattern(paths: set[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.sub(r"{[^}]*}", "[^/]+", path) for path in sorted(paths)))
