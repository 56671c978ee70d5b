"""Proposals: SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, select

from starbeam.api.database import Reader, Scope, statement
from starbeam_ispyb.models import Proposal
from starbeam_legacy.queries.associations import caller, own_proposals
from starbeam_legacy.queries.rows import Row, flat, labelled, of

_LISTED = of(Proposal, "proposalId proposalType personId title proposalCode proposalNumber", "Proposal_")
_ONE = of(
    Proposal,
    "proposalId personId title proposalCode proposalNumber proposalType bltimeStamp externalId state",
)
_ONE_MORE = of(Proposal, "startDate endDate")
"""What only one flavour has."""


@statement
def _listed(scope: Scope, everything: bool) -> Select[Any]:
    seen = scope.permitted().sees(Proposal)
    found = select(*labelled(scope, _LISTED)).where(seen).order_by(Proposal.proposalId)
    return found if everything else found.where(Proposal.proposalId.in_(own_proposals(by_sessions=True)))


@statement
def _one(scope: Scope) -> Select[Any]:
    there = {key: column for key, column in _ONE_MORE.items() if scope.has(column)}
    columns = labelled(scope, _ONE | there)
    seen = scope.permitted().sees(Proposal)
    return select(*columns).where(Proposal.proposalId == bindparam("proposal_key"), seen)


async def listed(reader: Reader, *, everything: bool) -> list[Row]:
    """All proposals, or those of the caller. 1 statement."""
    return [flat(row) for row in await reader.rows(_listed(everything), **caller(reader))]


async def one(reader: Reader, key: int | None) -> Row | None:
    """All columns of a proposal; `externalId` as the number that its bytes are. 1 statement."""
    rows = await reader.rows(_one(), proposal_key=key)
    if not rows:
        return None
    found = flat(rows[0])
    if found["externalId"] is not None:
        found["externalId"] = int.from_bytes(found["externalId"], "big")
    return found
