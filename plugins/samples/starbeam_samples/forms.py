"""The forms of proteins and samples."""

from __future__ import annotations

from typing import Any

from starbeam.api.database import Reader
from starbeam.api.lists import Page
from starbeam.api.web import About, Choices, FormOf, key_of
from starbeam_ispyb.models import BLSample, Crystal, Protein
from starbeam_ispyb.names import proposal_value
from starbeam_ispyb.queries import name_of_proposal, proposal_named
from starbeam_samples import schemas
from starbeam_samples.changes import proteins, samples
from starbeam_samples.changes.rules import NO_CONTAINER
from starbeam_samples.queries import belonging
from starbeam_samples.queries.proteins import PROTEINS, ProteinFilters
from starbeam_samples.queries.samples import SAMPLES
from starbeam_samples.schemas import ProteinOrder

EVERY = Page(limit=10_000)
"""More than a proposal has."""


async def proteins_of(reader: Reader, proposal_id: int) -> list[schemas.Protein]:
    """The proteins of a proposal, by acronym."""
    filters = ProteinFilters(proposalId=proposal_id, order_by=ProteinOrder.ACRONYM)
    return (await reader.page(PROTEINS, EVERY, filters)).results


async def _choices(reader: Reader, proposal_id: int) -> dict[str, Choices]:
    found = await proteins_of(reader, proposal_id)
    return {
        "Crystal.proteinId": [(f"{one.proteinId}", one.acronym or one.name or "protein") for one in found]
    }


async def _new_protein(reader: Reader, parent: str) -> About:
    key, name = await reader.first(proposal_named(), "Not Found", **proposal_value(parent))
    places = [(name, f"/proposals/{name}"), ("Samples", f"/proposals/{name}/samples")]
    return About(places, {"proposalId": key})


async def _protein(reader: Reader, row: schemas.Protein) -> About:
    name = await reader.scalar(name_of_proposal(), key=row.proposalId)
    return About([(name, f"/proposals/{name}"), (_called(row), f"/proteins/{row.proteinId}")])


async def _new_sample(reader: Reader, parent: str) -> About:
    key = key_of(parent)
    container = await reader.first(belonging.container(), NO_CONTAINER, key=key)
    given = {"proposalId": container.proposalId, "containerId": key}
    places = [("Samples", "/samples"), (container.code or "container", f"/containers/{key}")]
    return About(places, given, await _choices(reader, container.proposalId))


async def _sample(reader: Reader, row: schemas.Sample) -> About:
    container = await reader.first(belonging.container(), NO_CONTAINER, key=row.containerId)
    code = row.Container.code if row.Container else None
    places = [
        (code or "container", f"/containers/{row.containerId}"),
        (_called(row), f"/samples/{row.blSampleId}"),
    ]
    given = {"proposalId": container.proposalId}
    return About(places, given, await _choices(reader, container.proposalId))


def _called(row: Any) -> str:
    return getattr(row, "acronym", None) or row.name or "without a name"


PROTEIN = FormOf(
    title="protein",
    under="/proposals/{parent:str}/proteins",
    path="/proteins",
    rows=PROTEINS,
    key="proteinId",
    create=schemas.ProteinCreate,
    change=schemas.ProteinCreateOptional,
    add=proteins.add,
    update=proteins.update,
    models={"": Protein},
    named_by=("proposalId", "acronym"),
    of_parent=_new_protein,
    of_row=_protein,
    called=_called,
    long=frozenset({"sequence"}),
)
FORMS = [
    PROTEIN,
    FormOf(
        title="sample",
        under="/containers/{parent:str}/samples",
        path="/samples",
        rows=SAMPLES,
        key="blSampleId",
        create=schemas.SampleCreate,
        change=schemas.SampleCreateOptional,
        add=samples.add,
        update=samples.update,
        models={"": BLSample, "Crystal": Crystal},
        named_by=("containerId", "name"),
        of_parent=_new_sample,
        of_row=_sample,
        called=_called,
        left_out=frozenset({"containerId", "Crystal.crystalId"}),
        makes={"Crystal.proteinId": PROTEIN},
    ),
]
"""What people type of proteins and samples one by one."""
