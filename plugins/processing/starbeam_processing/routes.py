"""`/processings`."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from starbeam.access import authenticated
from starbeam.db.reader import Reader
from starbeam.files import Files
from starbeam.http.files import FileAnswer, sent
from starbeam.paging import Page, Paged
from starbeam.params import LARGEST, path_id, query_id
from starbeam.refusals import Invalid
from starbeam.runtime import Runtime
from starbeam_processing import schemas
from starbeam_processing.queries import attachments, messages, programs, screenings, status

TAGS = ["Processing Status and Results"]
NO_ATTACHMENT = "Autoproc program attachment not found"

CollectionId = Annotated[int | None, query_id("Data collection id to filter by")]
CollectionIds = Annotated[
    str, QueryParameter(description="Data collection ids: the JSON text of a list of integers")
]


def collection_ids(text: str) -> list[int]:
    """The ids in a JSON text. Raises Invalid when it is no list of integers, Invalid when it is no
    JSON."""
    if not text:
        raise Invalid("Couldn't parse dataCollectionIds")
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Invalid("Invalid JSON", ["query", "dataCollectionIds"], "json_invalid") from error
    if not isinstance(found, list) or any(type(one) is not int for one in found):
        raise Invalid("Couldn't parse dataCollectionIds")
    return [one for one in found if 0 < one <= LARGEST]


@get("/processings/status", tags=TAGS, access=authenticated)
async def get_processing_statuses(
    reader: NamedDependency[Reader], dataCollectionIds: CollectionIds = ""
) -> schemas.ProcessingStatusesList:
    """Get processing statuses for a group of data collections"""
    found = await status.statuses(reader, collection_ids(dataCollectionIds))
    return schemas.ProcessingStatusesList(found)


@get("/processings/screenings", tags=TAGS, access=authenticated)
async def get_screening_results(
    reader: NamedDependency[Reader], page: NamedDependency[Page], dataCollectionId: CollectionId = None
) -> Paged[schemas.Screening]:
    """Get a list of screening results"""
    return await screenings.page(reader, page, dataCollectionId)


@get("/processings", tags=TAGS, access=authenticated)
async def get_processing_results(
    reader: NamedDependency[Reader], page: NamedDependency[Page], dataCollectionId: CollectionId = None
) -> Paged[schemas.AutoProcProgram]:
    """Get a list of processing results from ProcessingJob"""
    return await programs.of_jobs(reader, page, dataCollectionId)


@get("/processings/auto-integrations", tags=TAGS, access=authenticated)
async def get_auto_integration_results(
    reader: NamedDependency[Reader], page: NamedDependency[Page], dataCollectionId: CollectionId = None
) -> Paged[schemas.AutoProcProgramIntegration]:
    """Get a list of auto integration results"""
    return await programs.integrating(reader, page, dataCollectionId)


@get("/processings/messages", tags=TAGS, access=authenticated)
async def get_processing_messages(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    autoProcProgramMessageId: Annotated[int | None, query_id("Message id to filter by")] = None,
    dataCollectionId: CollectionId = None,
) -> Paged[schemas.AutoProcProgramMessage]:
    """Get a list of processing messages"""
    return await messages.page(reader, page, autoProcProgramMessageId, dataCollectionId)


@get("/processings/messages/status", tags=TAGS, access=authenticated)
async def get_processing_messages_status(
    reader: NamedDependency[Reader], dataCollectionIds: CollectionIds = ""
) -> schemas.AutoProcProgramMessageStatuses:
    """Get the processing messages status"""
    found = await messages.counts(reader, collection_ids(dataCollectionIds))
    return schemas.AutoProcProgramMessageStatuses(found)


@get("/processings/attachments", tags=TAGS, access=authenticated)
async def get_processing_attachments(
    reader: NamedDependency[Reader],
    runtime: NamedDependency[Runtime],
    page: NamedDependency[Page],
    autoProcProgramId: Annotated[int | None, query_id("Program id to filter by")] = None,
    autoProcProgramAttachmentId: Annotated[int | None, query_id("Attachment id to filter by")] = None,
) -> Paged[schemas.AutoProcProgramAttachment]:
    """Get a list of auto processing attachments"""
    filters = attachments.Filters(autoProcProgramId, autoProcProgramAttachmentId)
    return await attachments.page(reader, page, filters, runtime.settings.server.api_root)


@get(
    "/processings/attachments/{autoProcProgramAttachmentId:str}",
    tags=TAGS,
    access=authenticated,
    errors={404: NO_ATTACHMENT},
)
async def get_processing_attachment(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    autoProcProgramAttachmentId: Annotated[int, path_id("Attachment id")],
) -> FileAnswer:
    """Get an auto processing attachment"""
    path, name = await attachments.file(reader, autoProcProgramAttachmentId)
    return await sent(files, path, NO_ATTACHMENT, name)


handlers = [
    get_processing_statuses,
    get_screening_results,
    get_processing_results,
    get_auto_integration_results,
    get_processing_messages,
    get_processing_messages_status,
    get_processing_attachments,
    get_processing_attachment,
]
