"""Which page of a list a request asks for."""

from __future__ import annotations

from typing import Annotated

from litestar.params import QueryParameter

from starbeam.paging import LARGEST, Page
from starbeam.refusals import Invalid

_FIRST = Page()


class PageProvider:
    """The dependency `page`: reads `skip` and `limit`; a `limit` above the configured one is refused."""

    def __init__(self, max_limit: int) -> None:
        self._max_limit = max_limit

    def __call__(
        self,
        skip: Annotated[
            int, QueryParameter(ge=0, le=LARGEST, title="Skip", description="Results to skip")
        ] = _FIRST.skip,
        limit: Annotated[
            int, QueryParameter(gt=0, le=LARGEST, title="Limit", description="Number of results to show")
        ] = _FIRST.limit,
    ) -> Page:
        """The page asked for."""
        if self._max_limit and limit > self._max_limit:
            raise Invalid(f"Input should be less than or equal to {self._max_limit}", ["query", "limit"])
        return Page(skip, limit)
