"""What the operations answer. A field that may have no value is null then, and always present."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

WorkflowStepAttachment = Literal["imageResultFilePath", "resultFilePath"]
"""Which of a workflow step's files is asked for."""


class DataCollectionFileAttachmentMetaData(msgspec.Struct):
    """Where the file is."""

    url: Annotated[str, Meta(title="URL", description="The file, below this server")]
    fileName: Annotated[str, Meta(title="File Name", description="The file's name without its folder")]


class DataCollectionFileAttachment(msgspec.Struct):
    """A file that belongs to a data collection."""

    dataCollectionFileAttachmentId: Annotated[int, Meta(title="Attachment Id")]
    dataCollectionId: Annotated[int, Meta(title="Data Collection Id")]
    fileType: Annotated[str, Meta(title="File Type")]
    metadata: DataCollectionFileAttachmentMetaData = msgspec.field(name="_metadata")


class PerImageAnalysis(msgspec.Struct):
    """What a quick look at each image found: four lists, one item for each image."""

    dataCollectionId: Annotated[
        int | None, Meta(title="Data Collection Id", description="The data collection asked for")
    ]
    imageNumber: Annotated[list[int] | None, Meta(title="Image Number")]
    totalIntegratedSignal: Annotated[list[float | None] | None, Meta(title="Total Integrated Signal")]
    goodBraggCandidates: Annotated[list[int | None] | None, Meta(title="Good Bragg Candidates")]
    method2Res: Annotated[
        list[float | None] | None, Meta(title="Estimated Resolution", extra_json_schema={"unit": "Å"})
    ]


class WorkflowStepMetaData(msgspec.Struct):
    """What there is of a step besides its row."""

    attachments: Annotated[
        dict[str, bool], Meta(title="Attachments", description="Whether each of its files exists")
    ]


class WorkflowStep(msgspec.Struct):
    """A step of a workflow."""

    workflowStepId: Annotated[int, Meta(title="Workflow Step Id")]
    workflowId: Annotated[int, Meta(title="Workflow Id")]
    workflowStepType: Annotated[str | None, Meta(title="Type")]
    status: Annotated[str | None, Meta(title="Status")]
    comments: Annotated[str | None, Meta(title="Comments")]
    metadata: WorkflowStepMetaData = msgspec.field(name="_metadata")
