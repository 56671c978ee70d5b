"""`/datacollections`."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated

from litestar import get, patch
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter

from starbeam.api import authenticated
from starbeam.api.database import Patch, Reader, Write
from starbeam.api.files import Files
from starbeam.api.http import FileAnswer, asked, send_file
from starbeam.api.lists import Page, Paged, path_id
from starbeam_datacollections import changes, schemas
from starbeam_datacollections.queries import attachments, images, quality, workflows
from starbeam_datacollections.queries.attachments import ATTACHMENTS, AttachmentFilters
from starbeam_datacollections.queries.collections import COLLECTIONS, GROUPS
from starbeam_datacollections.queries.quality import QualityFilters
from starbeam_datacollections.queries.workflows import STEPS, StepFilters
from starbeam_ispyb.pictures import cut_out

TAGS = ["Data Collections"]
NO_IMAGE = "Image not found"

CollectionPath = Annotated[int, path_id("Data collection id")]
GroupPath = Annotated[int, path_id("Data collection group id")]
RECORDING = authenticated.opened("record")


@get(
    "/datacollections/images/diffraction/{dataCollectionId:str}",
    tags=TAGS,
    access=authenticated,
    media_type="image/*",
    errors={404: NO_IMAGE},
)
async def get_datacollection_diffraction_image(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    dataCollectionId: CollectionPath,
    snapshot: Annotated[bool, QueryParameter(description="Get the thumbnail")] = False,
) -> FileAnswer:
    """Get the first diffraction image of a data collection"""
    return await send_file(files, await images.diffraction(reader, dataCollectionId, snapshot), NO_IMAGE)


@get(
    "/datacollections/images/quality/{dataCollectionId:str}",
    tags=TAGS,
    access=authenticated,
    media_type="image/*",
    errors={404: NO_IMAGE},
)
async def get_datacollection_analysis_image(
    reader: NamedDependency[Reader], files: NamedDependency[Files], dataCollectionId: CollectionPath
) -> FileAnswer:
    """Get the plot of a data collection's quality indicators"""
    return await send_file(files, await images.quality_plot(reader, dataCollectionId), NO_IMAGE)


@get(
    "/datacollections/images/{dataCollectionId:str}",
    tags=TAGS,
    access=authenticated,
    media_type="image/*",
    errors={404: NO_IMAGE},
)
async def get_datacollection_image(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    dataCollectionId: CollectionPath,
    imageId: Annotated[int, QueryParameter(ge=1, le=4, description="Which snapshot, 1 to 4")] = 1,
    snapshot: Annotated[bool, QueryParameter(description="Get the thumbnail, if there is one")] = False,
    crop: Annotated[
        str | None, QueryParameter(description="Get a part of the whole picture: x,y,width,height in pixels")
    ] = None,
) -> FileAnswer:
    """Get a snapshot of the crystal of a data collection"""
    part = cut_out(crop)
    path = await images.snapshot(reader, dataCollectionId, imageId)
    if snapshot and part is None and path and (small := await files.find(images.thumbnail(path))):
        return FileAnswer(files, small, name=PurePosixPath(path).name)
    return await send_file(files, path, NO_IMAGE, instead=part)


@get("/datacollections/attachments", tags=TAGS, access=authenticated, dependencies=asked(AttachmentFilters))
async def get_datacollection_attachments(
    reader: NamedDependency[Reader],
    api_root: NamedDependency[str],
    page: NamedDependency[Page],
    filters: NamedDependency[AttachmentFilters],
) -> Paged[schemas.DataCollectionFileAttachment]:
    """Get a list of data collection attachments"""
    folder = f"{api_root}/datacollections/attachments/"
    return await reader.page(ATTACHMENTS, page, filters, folder=folder)


@get(
    "/datacollections/attachments/{dataCollectionFileAttachmentId:str}",
    tags=TAGS,
    access=authenticated,
    errors={404: ATTACHMENTS.missing},
)
async def get_datacollection_attachment(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    dataCollectionFileAttachmentId: Annotated[int, path_id("Attachment id")],
) -> FileAnswer:
    """Get a data collection attachment"""
    path = await attachments.path(reader, dataCollectionFileAttachmentId)
    return await send_file(files, path, ATTACHMENTS.missing, PurePosixPath(path or "").name)


@get(
    "/datacollections/quality",
    tags=TAGS,
    access=authenticated,
    errors={404: "Never: where the caller sees nothing, the list is empty"},
    dependencies=asked(QualityFilters),
)
async def get_datacollection_per_image_analysis(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    filters: NamedDependency[QualityFilters],
) -> Paged[schemas.PerImageAnalysis]:
    """Get the per-image analysis of data collections"""
    return await quality.page(reader, page, filters)


@get(
    "/datacollections/workflows/steps",
    tags=TAGS,
    access=authenticated,
    errors={501: workflows.ABSENT},
    dependencies=asked(StepFilters),
)
async def get_workflow_steps(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    page: NamedDependency[Page],
    filters: NamedDependency[StepFilters],
) -> Paged[schemas.WorkflowStep]:
    """Get a list of workflow steps"""
    return await workflows.page(reader, files, page, filters)


@get(
    "/datacollections/workflows/steps/{workflowStepId:str}",
    tags=TAGS,
    access=authenticated,
    errors={404: STEPS.missing, 501: workflows.ABSENT},
)
async def get_workflow_step_attachment(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    workflowStepId: Annotated[int, path_id("Workflow step id")],
    attachmentType: Annotated[schemas.WorkflowStepAttachment, QueryParameter(description="Which file")],
) -> FileAnswer:
    """Get a file of a workflow step"""
    path = await workflows.path(reader, workflowStepId, attachmentType)
    return await send_file(files, path, STEPS.missing, PurePosixPath(path or "").name)


@get(
    "/datacollections/groups/{dataCollectionGroupId:str}",
    tags=TAGS,
    access=RECORDING,
    errors={404: GROUPS.missing},
)
async def get_datacollection_group(
    reader: NamedDependency[Reader], dataCollectionGroupId: GroupPath
) -> schemas.DataCollectionGroupSummary:
    """Get a data collection group"""
    return await reader.get(GROUPS, dataCollectionGroupId)


@patch(
    "/datacollections/groups/{dataCollectionGroupId:str}",
    tags=TAGS,
    access=RECORDING,
    errors={404: GROUPS.missing},
)
async def update_datacollection_group(
    data: JSONBody[Patch[schemas.CommentsChange]],
    write: NamedDependency[Write],
    dataCollectionGroupId: GroupPath,
) -> schemas.DataCollectionGroupSummary:
    """Update the comments of a data collection group"""
    return await write(changes.update_group, dataCollectionGroupId, data)


@get(
    "/datacollections/{dataCollectionId:str}",
    tags=TAGS,
    access=RECORDING,
    errors={404: COLLECTIONS.missing},
)
async def get_datacollection(
    reader: NamedDependency[Reader], dataCollectionId: CollectionPath
) -> schemas.DataCollectionSummary:
    """Get a data collection"""
    return await reader.get(COLLECTIONS, dataCollectionId)


@patch(
    "/datacollections/{dataCollectionId:str}",
    tags=TAGS,
    access=RECORDING,
    errors={404: COLLECTIONS.missing},
)
async def update_datacollection(
    data: JSONBody[Patch[schemas.CommentsChange]],
    write: NamedDependency[Write],
    dataCollectionId: CollectionPath,
) -> schemas.DataCollectionSummary:
    """Update the comments of a data collection"""
    return await write(changes.update_collection, dataCollectionId, data)


handlers = [
    get_datacollection_diffraction_image,
    get_datacollection_analysis_image,
    get_datacollection_image,
    get_datacollection_attachments,
    get_datacollection_attachment,
    get_datacollection_per_image_analysis,
    get_workflow_steps,
    get_workflow_step_attachment,
    get_datacollection_group,
    update_datacollection_group,
    get_datacollection,
    update_datacollection,
]
