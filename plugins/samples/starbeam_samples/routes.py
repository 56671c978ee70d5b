"""`/proteins` and `/samples`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Router, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from starbeam.api import authenticated
from starbeam.api.database import Patch, Reader, Sheet, Write
from starbeam.api.files import Files
from starbeam.api.http import FileAnswer, always, asked, send_file
from starbeam.api.lists import LARGEST, Page, Paged, path_id
from starbeam_ispyb.pictures import smaller
from starbeam_samples import schemas
from starbeam_samples.changes import containers, proteins, samples
from starbeam_samples.changes.rules import NO_CONTAINER
from starbeam_samples.changes.samples import More
from starbeam_samples.queries import images
from starbeam_samples.queries.images import IMAGES, ImageFilters
from starbeam_samples.queries.proteins import PROTEINS, ProteinFilters
from starbeam_samples.queries.sample_filters import SampleFilters
from starbeam_samples.queries.samples import SAMPLES
from starbeam_samples.queries.subsamples import SUBSAMPLES, SubSampleFilters
from starbeam_samples.schemas import Protein, Sample, SampleImage, SubSample

Key = Annotated[int, path_id()]
SAMPLES_SCOPE = authenticated.opened("samples")
"""Who writes samples must see them."""
CREATING = {404: "What it belongs to was not found"}
UPDATING = {404: "It, or what it shall belong to, was not found"}


@get("/proteins", tags=["Proteins"], access=SAMPLES_SCOPE, dependencies=asked(ProteinFilters))
async def get_proteins(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[ProteinFilters]
) -> Paged[Protein]:
    """Get a list of proteins"""
    return await reader.page(PROTEINS, page, filters)


@get("/proteins/{proteinId:str}", tags=["Proteins"], access=SAMPLES_SCOPE, errors={404: PROTEINS.missing})
async def get_protein(reader: NamedDependency[Reader], proteinId: Key) -> Protein:
    """Get a protein"""
    return await reader.get(PROTEINS, proteinId)


@post("/proteins", tags=["Proteins"], access=SAMPLES_SCOPE, errors=CREATING)
async def create_protein(data: JSONBody[schemas.ProteinCreate], write: NamedDependency[Write]) -> Protein:
    """Create a protein

    Its acronym is that of no other protein of the proposal.
    """
    return await write(proteins.add, data)


@patch("/proteins/{proteinId:str}", tags=["Proteins"], access=SAMPLES_SCOPE, errors=UPDATING)
async def update_protein(
    data: JSONBody[Patch[schemas.ProteinCreateOptional]], write: NamedDependency[Write], proteinId: Key
) -> Protein:
    """Update a protein

    What is not sent keeps its value.
    """
    return await write(proteins.update, proteinId, data)


@get("/samples/sub", tags=["Samples"], access=SAMPLES_SCOPE, dependencies=asked(SubSampleFilters))
async def get_subsamples(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[SubSampleFilters]
) -> Paged[SubSample]:
    """Get a list of sub samples"""
    return await reader.page(SUBSAMPLES, page, filters)


@get(
    "/samples/sub/{blSubSampleId:str}",
    tags=["Samples"],
    access=SAMPLES_SCOPE,
    errors={404: SUBSAMPLES.missing},
)
async def get_subsample(reader: NamedDependency[Reader], blSubSampleId: Key) -> SubSample:
    """Get a sub sample"""
    return await reader.get(SUBSAMPLES, blSubSampleId)


@get("/samples/images", tags=["Samples"], access=SAMPLES_SCOPE, dependencies=asked(ImageFilters))
async def get_sample_images(
    reader: NamedDependency[Reader],
    api_root: NamedDependency[str],
    page: NamedDependency[Page],
    filters: NamedDependency[ImageFilters],
) -> Paged[SampleImage]:
    """Get a list of pictures of samples"""
    folder = f"{api_root}/samples/images/"
    return await reader.page(IMAGES, page, filters, folder=folder)


@get(
    "/samples/images/{blSampleImageId:str}",
    tags=["Samples"],
    access=SAMPLES_SCOPE,
    media_type="image/*",
    errors={404: IMAGES.missing},
)
async def get_sample_image(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    blSampleImageId: Key,
    maxSize: Annotated[
        int | None, QueryParameter(ge=1, le=LARGEST, description="At most so many pixels wide and high")
    ] = None,
) -> FileAnswer:
    """Get a picture of a sample"""
    path = await images.path(reader, blSampleImageId)
    return await send_file(files, path, IMAGES.missing, instead=smaller(maxSize))


@get("/samples", tags=["Samples"], access=SAMPLES_SCOPE, dependencies=asked(SampleFilters))
async def get_samples(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[SampleFilters]
) -> Paged[Sample]:
    """Get a list of samples"""
    return await reader.page(SAMPLES, page, filters)


@get("/samples/{blSampleId:str}", tags=["Samples"], access=SAMPLES_SCOPE, errors={404: SAMPLES.missing})
async def get_sample(reader: NamedDependency[Reader], blSampleId: Key) -> Sample:
    """Get a sample"""
    return await reader.get(SAMPLES, blSampleId)


@post("/samples", tags=["Samples"], access=SAMPLES_SCOPE, errors=CREATING)
async def create_sample(data: JSONBody[schemas.SampleCreate], write: NamedDependency[Write]) -> Sample:
    """Create a sample

    Its position is free, and its name is that of no other sample of the protein. Without `crystalId` it gets
    a crystal form of its own.
    """
    return await write(samples.add, data)


async def update_sample(
    data: JSONBody[Patch[schemas.SampleCreateOptional]],
    write: NamedDependency[Write],
    more_of_samples: NamedDependency[Sequence[More]],
    blSampleId: Key,
) -> Sample:
    """Update a sample

    What is not sent keeps its value; another container or location moves it there. What changes of the
    crystal form changes for this sample only: where others share it, this one gets its own.
    """
    return await write(samples.update, blSampleId, data, more_of_samples)


def changing(more: Sequence[More]) -> Router:
    """What changes a sample: with what plugins take more, open to their tokens too."""
    access = authenticated.opened("samples", *(one.scope for one in more))
    about: dict[str, Any] = {"access": access, "errors": UPDATING, "lenient": bool(more)}
    update = patch("/samples/{blSampleId:str}", tags=["Samples"], **about)
    return Router("/", route_handlers=[update(update_sample)], dependencies=always(more_of_samples=more))


@post(
    "/containers/{containerId:str}/samples",
    tags=["Containers"],
    access=SAMPLES_SCOPE,
    status_code=200,
    errors={404: NO_CONTAINER},
)
async def fill_container(
    data: JSONBody[Sheet[schemas.ContainerSample]],
    write: NamedDependency[Write],
    containerId: Key,
    dryRun: Annotated[bool, QueryParameter(description="Only say what would become of it")] = False,
) -> schemas.ContainerFilled:
    """Set the samples of a container

    The sample at the position of each row is changed, or added where there is none; others stay. All is
    stored or nothing: an answer 422 names row and column of everything that is wrong. Rows may be sent as CSV
    too (`Content-Type: text/csv`): the first line names the columns (Position, Name, Protein, Comments,
    Cell A …), and rows are numbered as spreadsheets do.
    """
    return await write(containers.fill, containerId, data, dryRun)


handlers = [
    get_proteins,
    get_protein,
    create_protein,
    update_protein,
    get_subsamples,
    get_subsample,
    get_sample_images,
    get_sample_image,
    get_samples,
    get_sample,
    create_sample,
    fill_container,
]
