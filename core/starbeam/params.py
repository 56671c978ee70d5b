"""Parameters that many operations share.

sessionId: SessionId                                                    # a path parameter: Annotated[int,
path_id()] sessionId: Annotated[int | None, query_id("Session id to filter by")] = None
"""

from __future__ import annotations

from typing import Annotated

from litestar.params import PathParameter, QueryParameter

LARGEST = 2**63 - 1
"""The largest integer that both databases take."""


def path_id(description: str | None = None) -> PathParameter:
    """An identifier in the path; one that no row has is not an error of the request."""
    return PathParameter(ge=-LARGEST - 1, le=LARGEST, description=description)


def query_id(description: str | None = None, title: str | None = None) -> QueryParameter:
    """An identifier to filter by."""
    return QueryParameter(ge=-LARGEST - 1, le=LARGEST, description=description, title=title)


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
