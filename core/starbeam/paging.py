"""Pages: what a list takes and answers."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta

T = TypeVar("T")

LARGEST = 2**63 - 1
"""The largest integer that both databases take."""


class Page(msgspec.Struct, frozen=True):
    """Which part of a list is asked for."""

    skip: int = 0
    limit: int = 25


class Paged(msgspec.Struct, Generic[T]):
    """A part of a list. `total` counts all rows that match and that the caller may see."""

    total: Annotated[int, Meta(title="Total")]
    results: Annotated[list[T], Meta(title="Results")]
    skip: Annotated[int, Meta(title="Skip")]
    limit: Annotated[int, Meta(title="Limit")]


def everything(results: list[T]) -> Paged[T]:
    """An answer of a list without page parameters."""
    return Paged(total=len(results), results=results, skip=0, limit=len(results))


def nothing(page: Page) -> Paged[T]:
    """The answer of a list in which no row can match."""
    return Paged(total=0, results=[], skip=page.skip, limit=page.limit)
