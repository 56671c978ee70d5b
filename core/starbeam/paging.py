"""Pages: what a list takes and answers."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta

T = TypeVar("T")

LARGEST = 2**63 - 1
"""The largest integer that both databases take."""


def number_of(text: str) -> int | None:
    """The number that a text of digits is, as keys are written; None for what is none, or too large."""
    is_one = text.isascii() and text.isdigit() and len(text) < len(str(LARGEST))
    return int(text) if is_one else None


class Page(msgspec.Struct, frozen=True):
    """Which part of a list is asked for."""

    skip: int = 0
    limit: int = 25
    unpaged: bool = False
    """Whether nobody asked for a page: a program that reads lists whole."""


class Paged(msgspec.Struct, Generic[T], dict=True):
    """A part of a list. `total` counts all rows that match and that the caller may see."""

    total: Annotated[int, Meta(title="Total")]
    results: Annotated[list[T], Meta(title="Results")]
    skip: Annotated[int, Meta(title="Skip")]
    limit: Annotated[int, Meta(title="Limit")]

    @property
    def row(self) -> type[T] | None:
        """What kind of rows it has, or would have, where that is known: no part of answers."""
        known: type[T] | None = vars(self).get("row_type")
        return known or (type(self.results[0]) if self.results else None)

    def cut(self) -> Paged[T]:
        """The same, of which a program gets to know that it is not the whole list."""
        vars(self)["part_only"] = True
        return self

    @property
    def is_cut(self) -> bool:
        """Whether a program that reads lists whole got a part: no part of answers."""
        return bool(vars(self).get("part_only"))

    def holding(self, row: type[T]) -> Paged[T]:
        """The same, of which it is known what kind of rows it would have."""
        vars(self)["row_type"] = row
        return self


def everything(results: list[T]) -> Paged[T]:
    """An answer of a list without page parameters."""
    return Paged(total=len(results), results=results, skip=0, limit=len(results))


def nothing(page: Page) -> Paged[T]:
    """The answer of a list in which no row can match."""
    return Paged(total=0, results=[], skip=page.skip, limit=page.limit)
