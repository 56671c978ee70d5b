"""Small parts of pages that stand in every row of a table: macros would cost twice as much, and
`Markup.format` more than the rest of them."""

# ruff: noqa: S704 - what is put together here is escaped here, or by the template that wrote it

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from markupsafe import Markup, escape

_SIGNS = {"off": "dash", "todo": "hollow"}
"""The icons of kinds of statuses that have not the kind's name."""
Column = tuple[str, str, str]
"""Key, words of its head, classes."""


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


def cells(rows: Iterable[Any], columns: Sequence[Column], cell: Callable[[Any, str], str]) -> Markup:
    """The rows of a table: `cell` writes what stands in one. The first names its row; on phones the others
    say the head of their column."""
    first, *others = [key for key, _, _ in columns]
    opened = [_opened(words, classes) for _, words, classes in columns[1:]]
    written: list[str] = []
    for row in rows:
        written += ('<tr><th scope="row">', cell(row, first).strip(), "</th>")
        for tag, key in zip(opened, others, strict=True):
            written += (tag, cell(row, key).strip(), "</td>")
        written.append("</tr>\n")
    return Markup("".join(written))


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
