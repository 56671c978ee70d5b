"""What the operations answer. A field that may have no value is null then, and always present."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

WorkflowStepAttachment = Literal["imageResultFilePath", "resultFilePath"]
"""Which of a workflow step's files is asked for."""


class DataCollectionGroupSummary(msgspec.Struct):
    """Data collections that belong together."""

    dataCollectionGroupId: Annotated[int, Meta(title="Data Collection Group Id")]
    sessionId: Annotated[int, Meta(title="Session Id")]
    blSampleId: Annotated[int | None, Meta(title="Sample Id")]
    experimentType: Annotated[str | None, Meta(title="Experiment Type")]
    startTime: Annotated[datetime | None, Meta(title="Start Time")]
    endTime: Annotated[datetime | None, Meta(title="End Time")]
    comments: Annotated[str | None, Meta(title="Comments")]


class DataCollectionSummary(msgspec.Struct):
    """A data collection."""

    dataCollectionId: Annotated[int, Meta(title="Data Collection Id")]
    dataCollectionGroupId: Annotated[int, Meta(title="Data Collection Group Id")]
    startTime: Annotated[datetime | None, Meta(title="Start Time")]
    endTime: Annotated[datetime | None, Meta(title="End Time")]
    runStatus: Annotated[str | None, Meta(title="Status")]
    comments: Annotated[str | None, Meta(title="Comments")]


class CommentsChange(msgspec.Struct, frozen=True):
    """What to change of a data collection or a group. A field that is not sent keeps its value."""

    comments: Annotated[str | UnsetType | None, Meta(title="Comments")] = UNSET


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
