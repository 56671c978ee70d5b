"""Adding and changing proteins."""

from __future__ import annotations

from msgspec import UNSET

from starbeam.api import Invalid
from starbeam.api.database import Patch, Writer, refusing, sent
from starbeam_ispyb.models import Protein
from starbeam_ispyb.queries import proposal
from starbeam_samples import schemas
from starbeam_samples.changes.rules import check_letters
from starbeam_samples.queries import belonging
from starbeam_samples.queries.proteins import PROTEINS


async def add(writer: Writer, data: schemas.ProteinCreate) -> schemas.Protein:
    """Add a protein to a proposal."""
    await writer.rows(belonging.lock_proposal(), key=data.proposalId)
    await writer.first(proposal(), "Proposal not found", key=data.proposalId)
    await _check_acronym(writer, data.proposalId, data.acronym)
    with refusing("Could not create protein"):
        row = await writer.create(Protein, sent(data))
    return await writer.get(PROTEINS, row.proteinId)


async def update(writer: Writer, key: int, patch: Patch[schemas.ProteinCreateOptional]) -> schemas.Protein:
    """Change what was sent of a protein."""
    await writer.rows(belonging.lock_by_protein(), key=key)
    present = await writer.get(PROTEINS, key)
    data = patch.of(present)
    if data.acronym is not UNSET:
        await _check_acronym(writer, present.proposalId, data.acronym, key)
    if values := sent(data):
        with refusing("Could not update protein"):
            await writer.update(Protein, key, values)
    return await writer.get(PROTEINS, key)


async def _check_acronym(writer: Writer, proposal_id: int, acronym: str, key: int | None = None) -> None:
    """Raises Invalid for an acronym that another protein of the proposal has, or that none can have."""
    check_letters(acronym, ["body", "acronym"])
    found = await writer.rows(belonging.called(), proposal_id=proposal_id, acronym=acronym)
    if any(other != key for (other,) in found):
        raise Invalid(f"Another protein of this proposal is called {acronym}", ["body", "acronym"])
