"""`/proteins` and `/samples`."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from starbeam.api import authenticated
from starbeam.api.database import Reader
from starbeam.api.files import Files
from starbeam.api.http import FileAnswer, asked, send_file
from starbeam.api.lists import LARGEST, Page, Paged, path_id
from starbeam_ispyb.pictures import smaller
from starbeam_samples.queries import images
from starbeam_samples.queries.images import IMAGES, ImageFilters
from starbeam_samples.queries.proteins import PROTEINS, ProteinFilters
from starbeam_samples.queries.sample_filters import SampleFilters
from starbeam_samples.queries.samples import SAMPLES
from starbeam_samples.queries.subsamples import SUBSAMPLES, SubSampleFilters
from starbeam_samples.schemas import Protein, Sample, SampleImage, SubSample

Key = Annotated[int, path_id()]
READING = authenticated.opened("samples")
"""Who writes samples must see them."""


@get("/proteins", tags=["Proteins"], access=READING, dependencies=asked(ProteinFilters))
async def get_proteins(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[ProteinFilters]
) -> Paged[Protein]:
    """Get a list of proteins"""
    return await reader.page(PROTEINS, page, filters)


@get("/proteins/{proteinId:str}", tags=["Proteins"], access=READING, errors={404: PROTEINS.missing})
async def get_protein(reader: NamedDependency[Reader], proteinId: Key) -> Protein:
    """Get a protein"""
    return await reader.get(PROTEINS, proteinId)


@get("/samples/sub", tags=["Samples"], access=READING, dependencies=asked(SubSampleFilters))
async def get_subsamples(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[SubSampleFilters]
) -> Paged[SubSample]:
    """Get a list of sub samples"""
    return await reader.page(SUBSAMPLES, page, filters)


@get(
    "/samples/sub/{blSubSampleId:str}",
    tags=["Samples"],
    access=READING,
    errors={404: SUBSAMPLES.missing},
)
async def get_subsample(reader: NamedDependency[Reader], blSubSampleId: Key) -> SubSample:
    """Get a sub sample"""
    return await reader.get(SUBSAMPLES, blSubSampleId)


@get("/samples/images", tags=["Samples"], access=READING, dependencies=asked(ImageFilters))
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
    access=READING,
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


@get("/samples", tags=["Samples"], access=READING, dependencies=asked(SampleFilters))
async def get_samples(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[SampleFilters]
) -> Paged[Sample]:
    """Get a list of samples"""
    return await reader.page(SAMPLES, page, filters)


@get("/samples/{blSampleId:str}", tags=["Samples"], access=READING, errors={404: SAMPLES.missing})
async def get_sample(reader: NamedDependency[Reader], blSampleId: Key) -> Sample:
    """Get a sample"""
    return await reader.get(SAMPLES, blSampleId)


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
