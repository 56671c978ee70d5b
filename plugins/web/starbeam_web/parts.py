"""Small parts of pages that stand in every row of a table: macros would cost twice as much, and
`Markup.format` more than the rest of them."""

# ruff: noqa: S704 - what is put together here is escaped here, or by the template that wrote it

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import cycle
from typing import Any

from markupsafe import Markup, escape

_SIGNS = {"off": "dash", "todo": "hollow"}
"""The icons of kinds of statuses that have not the kind's name."""
Column = tuple[str, str, str]
"""Key, words of its head, classes."""
END = "<!cell>"
"""After each cell of a table, until it is put together: no value holds it, since each is escaped."""


@lru_cache
def icon(name: str, classes: str = "") -> Markup:
    """A sign that stands beside words."""
    return Markup(
        f'<svg class="i {escape(classes)}" aria-hidden="true"><use href="#i-{escape(name)}"/></svg>'
    )


def status(kind: str, word: str) -> Markup:
    """A status: kind is ok, bad, warn, run, off or todo."""
    shape = icon(_SIGNS.get(kind, kind), "spin" if kind == "run" else "")
    shown = "off" if kind == "todo" else kind
    return Markup(f'<span class="st {escape(shown)}">{shape}{escape(word)}</span>')


def cells(
    rows: Sequence[Any], columns: Sequence[Column], write: Callable[[Sequence[Any], Sequence[str]], str]
) -> Markup:
    """The rows of a table: `write` writes all their cells, with `END` after each. The first names its row; on
    phones the others say the head of their column."""
    opened = ['<tr><th scope="row">', *(_opened(words, classes) for _, words, classes in columns[1:])]
    closed = ["</th>", *("</td>" for _ in columns[1:])]
    closed[-1] += "</tr>\n"
    *written, _ = str(write(rows, [key for key, _, _ in columns])).split(END)
    each = zip(written, cycle(opened), cycle(closed), strict=False)
    return Markup("".join(f"{start}{cell.strip()}{end}" for cell, start, end in each))


def _opened(words: str, classes: str) -> str:
    named = f' class="{escape(classes)}"' if classes else ""
    return f'<td data-l="{escape(words)}"{named}>'


def link(
    has_page: Callable[[str], object], address: Callable[[str], str], href: str, word: str | None
) -> str:
    """A word that leads to a page, where there is such a page."""
    if word and has_page(href):
        return Markup(f'<a href="{escape(address(href))}">{escape(word)}</a>')
    return word or ""
