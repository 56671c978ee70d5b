"""`/proteins` and `/samples`."""

from __future__ import annotations

from typing import Annotated, TypeVar

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from starbeam.access import authenticated
from starbeam.db.reader import Reader
from starbeam.files import Files
from starbeam.http.files import FileAnswer, sent
from starbeam.paging import Page, Paged
from starbeam.params import BeamLineName, ProposalName, Search, path_id, query_id
from starbeam.refusals import Missing
from starbeam.runtime import Runtime
from starbeam_samples.queries import images, proteins, sample_filters, samples, subsamples
from starbeam_samples.schemas import (
    Order,
    Protein,
    ProteinOrder,
    Sample,
    SampleImage,
    SampleOrder,
    SampleStatus,
    SubSample,
    SubSampleOrder,
)

T = TypeVar("T")

Direction = Annotated[Order | None, QueryParameter(title="Order", description="Direction to sort in")]
Key = Annotated[int, path_id()]
ProteinId = Annotated[int | None, query_id("Protein id to filter by")]
ContainerId = Annotated[int | None, query_id("Container id to filter by")]
SampleId = Annotated[int | None, query_id("Sample id to filter by")]
Status = Annotated[SampleStatus | None, QueryParameter(title="Status", description="Status to filter by")]

NO_PROTEIN = "Protein not found"
NO_SAMPLE = "Sample not found"
NO_SUBSAMPLE = "Sub sample not found"
NO_IMAGE = "Sample image not found"


def _or_404(found: T | None, missing: str) -> T:
    """What was found. Raises Missing with this sentence when nothing was."""
    if found is None:
        raise Missing(missing)
    return found


@get("/proteins", tags=["Proteins"], access=authenticated)
async def get_proteins(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    proteinId: ProteinId = None,
    proposal: ProposalName = None,
    search: Search = None,
    order_by: Annotated[ProteinOrder | None, QueryParameter(description="What to sort by")] = None,
    order: Direction = None,
) -> Paged[Protein]:
    """Get a list of proteins"""
    filters = proteins.Filters(proteinId, proposal, search)
    return await proteins.page(reader, page, filters, order_by or ProteinOrder.PROTEIN_ID, order or Order.ASC)


@get("/proteins/{proteinId:str}", tags=["Proteins"], access=authenticated, errors={404: NO_PROTEIN})
async def get_protein(reader: NamedDependency[Reader], proteinId: Key) -> Protein:
    """Get a protein"""
    return _or_404(await proteins.one(reader, proteinId), NO_PROTEIN)


@get("/samples/sub", tags=["Samples"], access=authenticated)
async def get_subsamples(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    blSampleId: SampleId = None,
    proteinId: ProteinId = None,
    proposal: ProposalName = None,
    containerId: ContainerId = None,
    order_by: Annotated[SubSampleOrder | None, QueryParameter(description="What to sort by")] = None,
    order: Direction = None,
) -> Paged[SubSample]:
    """Get a list of sub samples"""
    filters = subsamples.Filters(blSampleId, proteinId, proposal, containerId)
    return await subsamples.page(
        reader, page, filters, order_by or SubSampleOrder.SUB_SAMPLE_ID, order or Order.ASC
    )


@get("/samples/sub/{blSubSampleId:str}", tags=["Samples"], access=authenticated, errors={404: NO_SUBSAMPLE})
async def get_subsample(reader: NamedDependency[Reader], blSubSampleId: Key) -> SubSample:
    """Get a sub sample"""
    return _or_404(await subsamples.one(reader, blSubSampleId), NO_SUBSAMPLE)


@get("/samples/images", tags=["Samples"], access=authenticated)
async def get_sample_images(
    reader: NamedDependency[Reader],
    runtime: NamedDependency[Runtime],
    page: NamedDependency[Page],
    blSampleId: SampleId = None,
) -> Paged[SampleImage]:
    """Get a list of pictures of samples"""
    folder = f"{runtime.settings.server.api_root}/samples/images/"
    return await images.page(reader, page, blSampleId, folder)


@get(
    "/samples/images/{blSampleImageId:str}",
    tags=["Samples"],
    access=authenticated,
    media_type="image/*",
    errors={404: NO_IMAGE},
)
async def get_sample_image(
    reader: NamedDependency[Reader], files: NamedDependency[Files], blSampleImageId: Key
) -> FileAnswer:
    """Get a picture of a sample"""
    return await sent(files, await images.path(reader, blSampleImageId), NO_IMAGE)


@get("/samples", tags=["Samples"], access=authenticated)
async def get_samples(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    status: Status = None,
    search: Search = None,
    proteinId: ProteinId = None,
    proposal: ProposalName = None,
    containerId: ContainerId = None,
    beamLineName: BeamLineName = None,
    order_by: Annotated[SampleOrder | None, QueryParameter(description="What to sort by")] = None,
    order: Direction = None,
) -> Paged[Sample]:
    """Get a list of samples"""
    filters = sample_filters.Filters(status, search, proteinId, proposal, containerId, beamLineName)
    return await samples.page(reader, page, filters, order_by or SampleOrder.SAMPLE_ID, order or Order.DESC)


@get("/samples/{blSampleId:str}", tags=["Samples"], access=authenticated, errors={404: NO_SAMPLE})
async def get_sample(reader: NamedDependency[Reader], blSampleId: Key) -> Sample:
    """Get a sample"""
    return _or_404(await samples.one(reader, blSampleId), NO_SAMPLE)


handlers = [
    get_proteins,
    get_protein,
    get_subsamples,
    get_subsample,
    get_sample_images,
    get_sample_image,
    get_samples,
    get_sample,
]
