"""Parameters that many operations share, and how others are described.

A path parameter is `sessionId: Annotated[int, path_id()]`, with the path `/sessions/{sessionId:str}`: with
`:int` a word there would answer 404 before the parameter is looked at, where clients expect 422. A filter is
a field of a list's `Filters`: `sessionId: Annotated[int | None, query_id("Session id to filter by")]`.
"""

from __future__ import annotations

from typing import Annotated

from litestar.params import PathParameter, QueryParameter

from starbeam.paging import LARGEST


def path_id(description: str | None = None) -> PathParameter:
    """An identifier in the path; one that no row has is not an error of the request."""
    return PathParameter(ge=-LARGEST - 1, le=LARGEST, description=description)


def query_id(description: str | None = None, title: str | None = None) -> QueryParameter:
    """An identifier to filter by."""
    return QueryParameter(ge=-LARGEST - 1, le=LARGEST, description=description, title=title)


def query(
    description: str,
    title: str | None = None,
    pattern: str | None = None,
    max_length: int | None = None,
    ge: float | None = None,
    le: float | None = None,
) -> QueryParameter:
    """A parameter of the query."""
    return QueryParameter(
        description=description, title=title, pattern=pattern, max_length=max_length, ge=ge, le=le
    )


ProposalId = Annotated[int | None, query_id("Proposal id to filter by")]
ProposalName = Annotated[
    str | None,
    QueryParameter(
        pattern=r"^(\w|-)+\d+$", max_length=100, title="Proposal", description="Proposal name to filter by"
    ),
]
"""`proposalCode` and `proposalNumber` without a separator, as in `mx1234`."""
SessionName = Annotated[
    str | None,
    QueryParameter(
        pattern=r"^(\w|-)+\d+-\d+$", max_length=100, title="Session", description="Session name to filter by"
    ),
]
"""A proposal's name, a hyphen and the session's `visit_number`, as in `mx1234-1`."""
Search = Annotated[str | None, QueryParameter(title="Search", description="Search string to filter by")]
"""Text that is contained, in any case."""
BeamLineName = Annotated[str | None, QueryParameter(description="Beamline name to filter by")]
"""The name of a beamline."""
