"""`/events`."""

from __future__ import annotations

from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter

from starbeam.access import authenticated
from starbeam.db.reader import Reader
from starbeam.files import Files
from starbeam.paging import Page, Paged
from starbeam.params import BeamLineName, ProposalName, SessionName, query_id
from starbeam_events.queries import Stream
from starbeam_events.schemas import Event, EventStatus, EventType
from starbeam_events.sources import Filters

SessionId = Annotated[int | None, query_id("Session id to filter by")]
SampleId = Annotated[int | None, query_id("Sample id to filter by")]
ProteinId = Annotated[int | None, query_id("Protein id to filter by")]


async def get_events(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    stream: NamedDependency[Stream],
    page: NamedDependency[Page],
    status: Annotated[
        EventStatus | None, QueryParameter(description="Status of data collections and robot actions")
    ] = None,
    eventType: Annotated[str | None, QueryParameter(description="Event type to filter by")] = None,
    session: SessionName = None,
    sessionId: SessionId = None,
    proposal: ProposalName = None,
    proposalId: Annotated[int | None, query_id("Proposal id to filter by")] = None,
    beamLineName: BeamLineName = None,
    dataCollectionId: Annotated[int | None, query_id("Data collection id to filter by")] = None,
    dataCollectionGroupId: Annotated[
        int | None, query_id("Show the data collections of this group one by one")
    ] = None,
    blSampleId: SampleId = None,
    blSubSampleId: Annotated[int | None, query_id("Sub sample id to filter by")] = None,
    proteinId: ProteinId = None,
) -> Paged[Event]:
    """Get a list of events"""
    filters = Filters(
        status,
        eventType,
        session,
        sessionId,
        proposal,
        proposalId,
        beamLineName,
        dataCollectionId,
        dataCollectionGroupId,
        blSampleId,
        blSubSampleId,
        proteinId,
    )
    return await stream.page(reader, files, page, filters)


@get("/events/types", tags=["Events"], access=authenticated)
async def get_event_types(
    reader: NamedDependency[Reader],
    stream: NamedDependency[Stream],
    session: SessionName = None,
    sessionId: SessionId = None,
    blSampleId: SampleId = None,
    proteinId: ProteinId = None,
) -> Paged[EventType]:
    """Get a list of event types"""
    filters = Filters(session=session, sessionId=sessionId, blSampleId=blSampleId, proteinId=proteinId)
    return await stream.types(reader, filters)


def router(stream: Stream) -> Router:
    """The operations over the sources of a stream."""

    def its_stream() -> Stream:
        return stream

    handler = get(
        "/events",
        tags=["Events"],
        access=authenticated,
        errors={
            404: "Not answered: what nobody sees gives an empty list",
            501: "The database has nothing to filter by this status with",
        },
        unions={"Event.Item": [source.item for source in stream.sources]},
    )(get_events)
    return Router(
        "/",
        route_handlers=[handler, get_event_types],
        dependencies={"stream": Provide(its_stream, sync_to_thread=False)},
    )
