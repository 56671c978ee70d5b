"""Which page of a list a request asks for."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response
from litestar.params import QueryParameter

from starbeam.paging import LARGEST, Page, Paged
from starbeam.refusals import Invalid

_FIRST = Page()
CUT = "Starbeam-Cut"
"""The header of a list that is not whole although no page was asked for: `1000 of 1234`."""


class PageProvider:
    """The dependency `page`: reads `skip` and `limit`; a `limit` above the configured one is refused."""

    def __init__(self, max_limit: int) -> None:
        self._max_limit = max_limit

    def __call__(
        self,
        request: Request[Any, Any, Any],
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
        asked = {"skip", "limit"} & {*request.query_params} or request.route_handler.opt.get("page")
        return Page(skip, limit, unpaged=not asked)


def tell_cut(response: Response[Any]) -> Response[Any]:
    """Say so in a header where a list without a page is not whole."""
    if isinstance(found := response.content, Paged) and found.is_cut:
        response.set_header(CUT, f"{len(found.results)} of {found.total}")
    return response
