"""What new rows may hang on."""

from __future__ import annotations

from sqlalchemy import Select, bindparam, select

from starbeam.api.database import Scope, statement
from starbeam_ispyb.models import Proposal
from starbeam_ispyb.names import is_proposal, proposal_name


@statement
def proposal(scope: Scope) -> Select[int]:
    """The proposal `key`, if the caller sees it."""
    return select(Proposal.proposalId).where(Proposal.proposalId == bindparam("key"), scope.sees(Proposal))


@statement
def proposal_named(scope: Scope) -> Select[int, str | None]:
    """The proposal that `proposal_value` names, if the caller sees it: its key and its name."""
    return select(Proposal.proposalId, proposal_name()).where(is_proposal(), scope.sees(Proposal))


@statement
def name_of_proposal(scope: Scope) -> Select[str | None]:
    """The name of the proposal `key`, if the caller sees it."""
    return select(proposal_name()).where(Proposal.proposalId == bindparam("key"), scope.sees(Proposal))
