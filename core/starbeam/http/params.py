"""Types of parameters that many operations share."""

from __future__ import annotations

from typing import Annotated

from litestar.params import Parameter

from starbeam.http.paging import LARGEST

Id = Annotated[int, Parameter(ge=-LARGEST - 1, le=LARGEST)]
"""An identifier; one that no row has is not an error of the request."""
OptionalId = Annotated[int | None, Parameter(ge=-LARGEST - 1, le=LARGEST)]
"""An identifier to filter by."""
ProposalName = Annotated[
    str | None,
    Parameter(pattern=r"^(\w|-)+\d+$", max_length=100, title="Proposal", description="Proposal name to filter by"),
]
"""`proposalCode` and `proposalNumber` without a separator, as in `mx1234`."""
SessionName = Annotated[
    str | None,
    Parameter(pattern=r"^(\w|-)+\d+-\d+$", max_length=100, title="Session", description="Session name to filter by"),
]
"""A proposal's name, a hyphen and the session's `visit_number`, as in `mx1234-1`."""
Search = Annotated[str | None, Parameter(title="Search", description="Search string to filter by")]
"""Text that is contained, in any case."""
