"""Adding and changing one sample."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starbeam.api import Faults, Missing
from starbeam.api.database import Patch, Writer, refusing, sent
from starbeam_ispyb.models import BLSample
from starbeam_ispyb.queries import proposal
from starbeam_samples import schemas
from starbeam_samples.changes.crystals import Form, form_of
from starbeam_samples.changes.rules import NO_CONTAINER, Entry, check_letters, faults_of
from starbeam_samples.queries import belonging
from starbeam_samples.queries.samples import SAMPLES

SCOPE = "samples"
"""Of tokens that change samples."""


async def add(writer: Writer, data: schemas.SampleCreate) -> schemas.Sample:
    """Add a sample to a container of a proposal."""
    await writer.rows(belonging.lock_proposal(), key=data.proposalId)
    await writer.first(proposal(), "Proposal not found", key=data.proposalId)
    await check_container(writer, data.proposalId, data.containerId)
    check_letters(data.name, ["body", "name"])
    with refusing("Could not create sample"):
        form = await form_of(writer, data.proposalId, sent(data.Crystal))
        entry = Entry(form.protein_id, name=data.name, location=data.location)
        await _check(writer, data.containerId, entry)
        values = sent(data, "containerId", "name", "location", "comments")
        key = (await writer.create(BLSample, columns({**values, "crystalId": form.key}))).blSampleId
    return await writer.get(SAMPLES, key)


@dataclass(frozen=True)
class More:
    """What a plugin takes more of a sample."""

    change: Callable[[Writer, int, Mapping[str, Any]], Awaitable[None]]
    """Changes the sample of this key, which the caller sees, by what was sent."""
    scope: str
    """Tokens with this scope change that, and nothing else of samples."""


async def update(
    writer: Writer, key: int, patch: Patch[schemas.SampleCreateOptional], more: Sequence[More] = ()
) -> schemas.Sample:
    """Change what was sent of a sample."""
    found = await writer.rows(belonging.lock_by_sample(), key=key)
    present = await writer.get(SAMPLES, key)
    for one in more:
        await one.change(writer, key, patch.sent)
    if writer.who.limits is not None and SCOPE not in writer.who.limits.scopes:
        return await writer.get(SAMPLES, key)
    proposal_id = found[0][0]
    values = sent(patch.of(present))
    if "containerId" in values:
        await check_container(writer, proposal_id, values["containerId"])
    if "name" in values:
        check_letters(values["name"], ["body", "name"])
    with refusing("Could not update sample"):
        form = await _form(writer, proposal_id, present.Crystal, values.pop("Crystal", None))
        await _check(writer, values.get("containerId") or present.containerId, _entry(present, values, form))
        if form.key != present.Crystal.crystalId:
            values["crystalId"] = form.key
        if values:
            await writer.update(BLSample, key, columns(values))
    return await writer.get(SAMPLES, key)


async def check_container(writer: Writer, proposal_id: int, key: int) -> None:
    """Raises Missing for a container that is not the proposal's, or that the caller does not see."""
    container = await writer.first(belonging.container(), NO_CONTAINER, key=key)
    if container.proposalId != proposal_id:
        raise Missing(NO_CONTAINER)


def columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """Positions are texts in the database."""
    return {name: f"{value}" if name == "location" else value for name, value in values.items()}


async def _form(
    writer: Writer,
    proposal_id: int,
    present: schemas.SampleCrystal,
    data: schemas.SampleCrystalCreateOptional | None,
) -> Form:
    if data is None:
        return Form(present.crystalId, present.proteinId)
    return await form_of(writer, proposal_id, sent(data), present.crystalId)


def _entry(present: schemas.Sample, values: Mapping[str, Any], form: Form) -> Entry:
    """What is to be looked at: a name in another protein too, and a position in another container."""
    name = present.name if form.protein_id != present.Crystal.proteinId else None
    location = present.location if "containerId" in values else None
    key = present.blSampleId
    return Entry(form.protein_id, key, values.get("name", name), values.get("location", location))


async def _check(writer: Writer, container_id: int | None, entry: Entry) -> None:
    if faults := await faults_of(writer, container_id, [entry]):
        raise Faults(faults)
