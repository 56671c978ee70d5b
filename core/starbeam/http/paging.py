"""Pages: what a list takes and answers."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

import msgspec
from litestar.params import QueryParameter
from msgspec import Meta

from starbeam.http.errors import Invalid
from starbeam.http.params import LARGEST

T = TypeVar("T")


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


class PageProvider:
    """The dependency `page`: reads `skip` and `limit`; a `limit` above the configured one is refused."""

    def __init__(self, max_limit: int) -> None:
        self._max_limit = max_limit

    def __call__(
        self,
        skip: Annotated[
            int, QueryParameter(ge=0, le=LARGEST, title="Skip", description="Results to skip")
        ] = 0,
        limit: Annotated[
            int, QueryParameter(gt=0, le=LARGEST, title="Limit", description="Number of results to show")
        ] = 25,
    ) -> Page:
        """The page asked for."""
        if self._max_limit and limit > self._max_limit:
            raise Invalid(["query", "limit"], f"Input should be less than or equal to {self._max_limit}")
        return Page(skip, limit)
