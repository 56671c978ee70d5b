"""What new rows may hang on."""

from __future__ import annotations

from sqlalchemy import Select, bindparam, select

from starbeam.api.database import Scope, statement
from starbeam_ispyb.models import Proposal


@statement
def proposal(scope: Scope) -> Select[int]:
    """The proposal `key`, if the caller sees it."""
    return select(Proposal.proposalId).where(Proposal.proposalId == bindparam("key"), scope.sees(Proposal))
