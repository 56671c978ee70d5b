"""The crystal form of a sample. One that other samples share is never changed: the sample gets its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starbeam.api import within
from starbeam.api.database import Writer
from starbeam_ispyb.models import Crystal
from starbeam_samples.queries import belonging
from starbeam_samples.queries.proteins import PROTEINS


@dataclass(frozen=True)
class Form:
    """A crystal form, and the protein that it is of."""

    key: int
    protein_id: int


async def form_of(
    writer: Writer, proposal_id: int, values: Mapping[str, Any], present: int | None = None
) -> Form:
    """The crystal form with these values, for a sample that has the form `present` now.

    Raises Missing for a protein or crystal form that is not the proposal's."""
    wanted = {name: value for name, value in values.items() if name != "crystalId"}
    key = values.get("crystalId") or present
    if "proteinId" in wanted:
        await writer.first(
            belonging.protein(), PROTEINS.missing, key=wanted["proteinId"], proposal_id=proposal_id
        )
    if key is None:
        return await _added(writer, wanted)
    row = await writer.first(belonging.crystal(), "Crystal not found", key=key, proposal_id=proposal_id)
    known = dict(zip(belonging.KEPT, row, strict=True))
    changes = {name: value for name, value in wanted.items() if known[name] != value}
    if not changes:
        return Form(key, known["proteinId"])
    if key != present or len(await writer.rows(belonging.of_crystal(), key=key)) > 1:
        return await _added(writer, {**known, **changes})
    with within("Crystal"):
        await writer.update(Crystal, key, changes)
    return Form(key, changes.get("proteinId", known["proteinId"]))


async def _added(writer: Writer, values: Mapping[str, Any]) -> Form:
    with within("Crystal"):
        row = await writer.create(Crystal, values)
    return Form(row.crystalId, values["proteinId"])
