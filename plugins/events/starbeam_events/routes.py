"""`/events`."""

from __future__ import annotations

from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency

from starbeam.access import authenticated
from starbeam.db.reader import Reader
from starbeam.files import Files
from starbeam.http.dependencies import always, asked
from starbeam.paging import Page, Paged
from starbeam.params import SessionName, query_id
from starbeam_events.queries import Stream
from starbeam_events.schemas import Event, EventType
from starbeam_events.sources import EventFilters

SessionId = Annotated[int | None, query_id("Session id to filter by")]
SampleId = Annotated[int | None, query_id("Sample id to filter by")]
ProteinId = Annotated[int | None, query_id("Protein id to filter by")]


async def get_events(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    stream: NamedDependency[Stream],
    page: NamedDependency[Page],
    filters: NamedDependency[EventFilters],
) -> Paged[Event]:
    """Get a list of events"""
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
    filters = EventFilters(session=session, sessionId=sessionId, blSampleId=blSampleId, proteinId=proteinId)
    return await stream.types(reader, filters)


def router(stream: Stream) -> Router:
    """The operations over the sources of a stream."""
    handler = get(
        "/events",
        tags=["Events"],
        access=authenticated,
        errors={
            404: "Not answered: what nobody sees gives an empty list",
            501: "The database has nothing to filter by this status with",
        },
        unions={"Event.Item": [source.item for source in stream.sources]},
        dependencies=asked(EventFilters),
    )(get_events)
    return Router("/", route_handlers=[handler, get_event_types], dependencies=always(stream=stream))
