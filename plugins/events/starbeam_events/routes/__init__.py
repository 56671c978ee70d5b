"""`/events`."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Request, Response, Router, get
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency

from starbeam.api import authenticated
from starbeam.api.database import Reader
from starbeam.api.files import Files
from starbeam.api.http import always, asked, polled
from starbeam.api.lists import Page, Paged, SessionName, query, query_id
from starbeam_events.cursors import Cursors
from starbeam_events.queries import Stream
from starbeam_events.schemas import Event, EventType
from starbeam_events.sources import EventFilters

SessionId = Annotated[int | None, query_id("Session id to filter by")]
SampleId = Annotated[int | None, query_id("Sample id to filter by")]
ProteinId = Annotated[int | None, query_id("Protein id to filter by")]
KEPT = {*EventFilters.__struct_fields__, "limit"}
"""Parameters that the next page is asked for with."""


Cursor = Annotated[
    str | None,
    query(
        "Only what comes after the page whose header `Link` had this; `skip` counts from there",
        max_length=500,
    ),
]
LINK = ResponseHeader(
    name="Link",
    description='`<…>; rel="next"`, the address of the next page; absent on the last one',
    documentation_only=True,
)


async def get_events(
    request: Request[Any, Any, Any],
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    stream: NamedDependency[Stream],
    cursors: NamedDependency[Cursors],
    api_root: NamedDependency[str],
    page: NamedDependency[Page],
    filters: NamedDependency[EventFilters],
    cursor: Cursor = None,
) -> Response[Paged[Event]]:
    """Get a list of events"""
    part = await stream.page(reader, files, page, filters, None if cursor is None else cursors.read(cursor))
    if part.last is None:
        return Response(part.page)
    given = [(name, text) for name, text in request.query_params.multi_items() if name in KEPT]
    query = urlencode([*given, ("cursor", cursors.write(part.last))], errors="replace")
    return Response(part.page, headers={"Link": f'<{api_root}/events?{query}>; rel="next"'})


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


def router(stream: Stream, cursors: Cursors) -> Router:
    """The operations over the sources of a stream."""
    handler = get(
        "/events",
        tags=["Events"],
        access=authenticated,
        errors={
            404: "Never: where the caller sees nothing, the list is empty",
            501: "The database has nothing to filter by this status with",
        },
        unions={"Event.Item": [source.item for source in stream.sources]},
        response_headers=[LINK],
        middleware=[polled],
        dependencies=asked(EventFilters),
    )(get_events)
    return Router(
        "/", route_handlers=[handler, get_event_types], dependencies=always(stream=stream, cursors=cursors)
    )
