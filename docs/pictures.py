"""Writes `docs/reference/pages.md`: each web page with pictures of it, wide and narrow, of the demo's data.

`make pictures` runs it. They are kept in git, since making them needs a browser: look before you commit.
"""

from __future__ import annotations

import io
import re
import shutil
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

from generate import every_plugin, summary
from PIL import Image
from playwright.sync_api import Browser

from starbeam.registry import Operation, pages_of
from support.browser import NARROW, WIDE, Looker, browser, looker
from support.commands import Site

DOCS = Path(__file__).parent
FOLDER = DOCS / "reference" / "pages"
LOGIN = "admin"
"""Who looks: the demo's person who sees everything."""
STARTS = ("/proposals/mx1001", "/beamlines/ID06", "/beamlines/CM01", "/", "/login")
"""Where they begin: all files of this proposal are there, and of what runs on these beamlines, with maps and
particle classes."""
TRIED = 6
"""Pages of a kind that are looked at; the one that shows most is taken."""
LOADED = 400
"""Pages that are opened at most."""
FULL = """(main => main && main.innerText.length + 400 * main.querySelectorAll("img").length)
(document.querySelector("main"))"""
"""How much a page shows: pictures say more than words. Nothing of what is no page, as a picture."""
SHAPES = {"wide": (WIDE, "light", 1600), "phone": (NARROW, "dark", 1200)}
"""Width, theme and greatest height of each picture, in pixels."""
HEAD = """# The web pages

What people see in a browser, where the plugin `web` is on: each page that the bundled plugins bring, drawn of
the demo's data for its administrator, on a screen and, in the dark theme, on a phone. `starbeam demo` serves
them; how a plugin adds a page is told in [Hooks of plugins](../how-to/plugin-hooks.md#web-pages).
"""


def main() -> None:
    """Walk the demo, and write the page and its pictures."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with TemporaryDirectory() as folder, Site(Path(folder)).serving("demo") as demo, browser() as started:
        base = f"http://127.0.0.1:{demo.port}"
        chosen = choose(opened_as(started, base, *SHAPES["wide"][:2]), kinds())
        for shape, (width, scheme, height) in SHAPES.items():
            one = opened_as(started, base, width, scheme)
            for operation, path in chosen:
                picture(one, path, height).save(
                    FOLDER / f"{name_of(operation)}-{shape}.webp", quality=80, method=6
                )
    (DOCS / "reference" / "pages.md").write_text("\n".join([HEAD, *map(section, [one for one, _ in chosen])]))


def kinds() -> dict[re.Pattern[str], Operation]:
    """Every page, by what its addresses look like; those without variables first."""
    served = [
        one for one in pages_of(every_plugin().asgi) if one.method == "GET" and "/static/" not in one.path
    ]
    ordered = sorted(served, key=lambda one: one.path.count("{"))
    return {re.compile(re.sub(r"{[^}]*}", "[^/]+", one.path)): one for one in ordered}


def opened_as(started: Browser, base: str, width: int, scheme: str) -> Looker:
    """A browser of the person who looks."""
    one = looker(started, base, width, scheme)
    one.log_in(LOGIN)
    return one


def choose(one: Looker, kinds: dict[re.Pattern[str], Operation]) -> list[tuple[Operation, str]]:
    """Of each kind of page the fullest of the first that are come to, in order of addresses."""
    fullness: dict[str, dict[str, int]] = defaultdict(dict)
    operations: dict[str, Operation] = {}
    waiting, seen = [*STARTS], set[str]()
    while waiting and len(seen) < LOADED:
        path = waiting.pop(0)
        kind = next((found for pattern, found in kinds.items() if pattern.fullmatch(path)), None)
        if path in seen or kind is None or len(fullness[kind.path]) == TRIED:
            continue
        seen.add(path)
        operations[kind.path] = kind
        one.open(path)
        if (shows := one.page.evaluate(FULL)) is None:
            continue
        fullness[kind.path][path] = shows
        waiting += sorted(one.links() - seen)
    return [
        (operations[path], max(found, key=found.__getitem__))
        for path, found in sorted(fullness.items())
        if found
    ]


def picture(one: Looker, path: str, height: int) -> Image.Image:
    """A page as it is once all of its pictures are there, from its top."""
    width = one.page.evaluate("innerWidth")
    one.page.set_viewport_size({"width": width, "height": height})  # pictures load when they are in sight
    one.page.goto(one.base + path)
    one.page.wait_for_load_state("networkidle")
    bottom = one.page.evaluate("document.body.getBoundingClientRect().bottom")
    whole = Image.open(io.BytesIO(one.page.screenshot()))
    return whole.crop((0, 0, whole.width, min(height, int(bottom)))).convert("RGB")


def name_of(operation: Operation) -> str:
    """What the pictures of a page are called: `sessions-key-people`."""
    return re.sub(r"[{}]|:\w+", "", operation.path).strip("/").replace("/", "-") or "start"


def section(operation: Operation) -> str:
    """A page in the page of pages."""
    name = name_of(operation)
    path = re.sub(r":\w+", "", operation.path)
    pictures = (f"![{path}, {shape}](pages/{name}-{shape}.webp)" for shape in SHAPES)
    said = summary(operation.handler.fn)
    return (
        f"## `{path}`\n\n{said} From the plugin `{operation.handler.opt['plugin']}`.\n\n"
        + "\n".join(pictures)
        + "\n"
    )


if __name__ == "__main__":
    main()
