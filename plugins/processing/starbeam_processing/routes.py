"""`/processings`."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from starbeam.api import Invalid, authenticated
from starbeam.api.database import Reader
from starbeam.api.files import Files
from starbeam.api.http import FileAnswer, always, asked, polled, send_file
from starbeam.api.lists import LARGEST, Page, Paged, path_id
from starbeam_processing import schemas
from starbeam_processing.queries import attachments, messages, programs, status
from starbeam_processing.queries.attachments import ATTACHMENTS, AttachmentFilters
from starbeam_processing.queries.messages import MessageFilters
from starbeam_processing.queries.programs import ProgramFilters
from starbeam_processing.queries.ranking import EXTENT, ResultFilters, ranking
from starbeam_processing.queries.screenings import SCREENINGS, ScreeningFilters
from starbeam_processing.ranked import CollectionResult
from starbeam_processing.rule import Rule

TAGS = ["Processing Status and Results"]

NO_IDS = {422: "dataCollectionIds is not a list of integers"}
NO_EXTENT = "Please provide `sessionId`, `proposal`, `blSampleId` or `proteinId`"
CollectionIds = Annotated[
    str, QueryParameter(description="Data collection ids: the JSON text of a list of integers")
]


def collection_ids(text: str) -> list[int]:
    """The ids in a JSON text. Raises Invalid when it is no list of integers."""
    if not text:
        raise Invalid("Couldn't parse dataCollectionIds")
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Invalid("Invalid JSON", ["query", "dataCollectionIds"], "json_invalid") from error
    if not isinstance(found, list) or any(type(one) is not int for one in found):
        raise Invalid("Couldn't parse dataCollectionIds")
    return [one for one in found if 0 < one <= LARGEST]


@get("/processings/status", tags=TAGS, access=authenticated, errors=NO_IDS, middleware=[polled])
async def get_processing_statuses(
    reader: NamedDependency[Reader], dataCollectionIds: CollectionIds = ""
) -> schemas.ProcessingStatusesList:
    """Get processing statuses for a group of data collections"""
    found = await status.statuses(reader, collection_ids(dataCollectionIds))
    return schemas.ProcessingStatusesList(found)


@get("/processings/screenings", tags=TAGS, access=authenticated, dependencies=asked(ScreeningFilters))
async def get_screening_results(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[ScreeningFilters]
) -> Paged[schemas.Screening]:
    """Get a list of screening results"""
    return await reader.page(SCREENINGS, page, filters)


@get("/processings", tags=TAGS, access=authenticated, dependencies=asked(ProgramFilters))
async def get_processing_results(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[ProgramFilters]
) -> Paged[schemas.AutoProcProgram]:
    """Get a list of processing results from ProcessingJob"""
    return await programs.of_jobs(reader, page, filters)


@get("/processings/auto-integrations", tags=TAGS, access=authenticated, dependencies=asked(ProgramFilters))
async def get_auto_integration_results(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[ProgramFilters]
) -> Paged[schemas.AutoProcProgramIntegration]:
    """Get a list of auto integration results"""
    return await programs.integrating(reader, page, filters)


@get(
    "/processings/results",
    tags=TAGS,
    access=authenticated,
    errors={422: "It is not said whose results are meant"},
    dependencies=asked(ResultFilters),
)
async def get_best_results(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    filters: NamedDependency[ResultFilters],
    rule: NamedDependency[Rule],
) -> Paged[CollectionResult]:
    """Get the best result of each data collection, sample or protein"""
    if not filters.asked.given & EXTENT:
        raise Invalid(NO_EXTENT)
    return await ranking(reader, page, filters, rule)


@get("/processings/messages", tags=TAGS, access=authenticated, dependencies=asked(MessageFilters))
async def get_processing_messages(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    filters: NamedDependency[MessageFilters],
) -> Paged[schemas.AutoProcProgramMessage]:
    """Get a list of processing messages"""
    return await messages.page(reader, page, filters)


@get("/processings/messages/status", tags=TAGS, access=authenticated, errors=NO_IDS, middleware=[polled])
async def get_processing_messages_status(
    reader: NamedDependency[Reader], dataCollectionIds: CollectionIds = ""
) -> schemas.AutoProcProgramMessageStatuses:
    """Get the processing messages status"""
    found = await messages.counts(reader, collection_ids(dataCollectionIds))
    return schemas.AutoProcProgramMessageStatuses(found)


@get("/processings/attachments", tags=TAGS, access=authenticated, dependencies=asked(AttachmentFilters))
async def get_processing_attachments(
    reader: NamedDependency[Reader],
    api_root: NamedDependency[str],
    page: NamedDependency[Page],
    filters: NamedDependency[AttachmentFilters],
) -> Paged[schemas.AutoProcProgramAttachment]:
    """Get a list of auto processing attachments"""
    folder = f"{api_root}/processings/attachments/"
    return await reader.page(ATTACHMENTS, page, filters, folder=folder)


@get(
    "/processings/attachments/{autoProcProgramAttachmentId:str}",
    tags=TAGS,
    access=authenticated,
    errors={404: ATTACHMENTS.missing},
)
async def get_processing_attachment(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    autoProcProgramAttachmentId: Annotated[int, path_id("Attachment id")],
) -> FileAnswer:
    """Get an auto processing attachment"""
    path, name = await attachments.file(reader, autoProcProgramAttachmentId)
    return await send_file(files, path, ATTACHMENTS.missing, name)


def router(rule: Rule) -> Router:
    """The operations; `rule` says which result is the best."""
    handlers = [
        get_processing_statuses,
        get_screening_results,
        get_processing_results,
        get_auto_integration_results,
        get_best_results,
        get_processing_messages,
        get_processing_messages_status,
        get_processing_attachments,
        get_processing_attachment,
    ]
    return Router("/", route_handlers=handlers, dependencies=always(rule=rule))
