"""The stream of a session, and the pages of a data collection and of a group of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, get_args

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from starbeam.api import Invalid, Missing, authenticated
from starbeam.api.database import Reader
from starbeam.api.files import Files
from starbeam.api.http import FileAnswer, always, send_file
from starbeam.api.lists import Page
from starbeam.api.web import Asked, Drawn, Pages, Part, Show, Spot
from starbeam_events.cards import by_day, cards, kinds
from starbeam_events.cursors import Cursors
from starbeam_events.evidence import add_evidence
from starbeam_events.live.watch import WATCHED
from starbeam_events.pages.sessions import ON_CARDS, TEMPLATES, Sessions
from starbeam_events.queries import Stream, session_seen
from starbeam_events.schemas import Event, EventStatus
from starbeam_events.sources import EventFilters
from starbeam_events.sources.pictures import PICTURES, picture
from starbeam_ispyb.models import AutoProcProgramMessage
from starbeam_ispyb.running import may_go_on

Keys = Annotated[str, QueryParameter(description="Keys of events, with commas between", max_length=2_000)]
MOST_CARDS = 50
FIRST, FURTHER = Page(limit=10), Page(limit=20)
"""How many events the first page of a session has, and those after it."""
MEMBERS = Page(limit=100)
ALONE: tuple[Spot, ...] = (*ON_CARDS, "page")


async def show_collection(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    stream: NamedDependency[Stream],
    show: NamedDependency[Show],
    key: FromPath[int],
) -> Response[Any]:
    """A data collection with all that is known of it."""
    found = await stream.page(reader, files, MEMBERS, EventFilters(dataCollectionId=key))
    (event,) = found.page.results or _none()
    more = await show.of_collections(reader, [key], ALONE)
    steps = await _steps(reader, show, event)
    card, live = cards([event], reader.now)[0], _is_watched(event, reader.now)
    return show("events/collection.html", card=card, more=more[key], steps=steps, live=live)


async def show_cards(
    request: Request[Any, Any, Any],
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    stream: NamedDependency[Stream],
    show: NamedDependency[Show],
    key: FromPath[int],
    keys: Keys,
) -> Response[Any]:
    """Some cards of a session's page, as they are now."""
    await reader.first(session_seen(), "Not Found", key=key)
    filters = _wanted(key, request.query_params)
    events = await stream.named(reader, files, keys.split(",")[:MOST_CARDS], filters)
    days = by_day(events, reader.now)
    shown = [card for _, some in days for card in some]
    await add_evidence(files, shown)
    more = await show.of_collections(reader, _collections(events), ON_CARDS, kinds(shown))
    return show("events/some_cards.html", days=days, more=more)


async def show_group(
    reader: NamedDependency[Reader],
    files: NamedDependency[Files],
    stream: NamedDependency[Stream],
    show: NamedDependency[Show],
    page: NamedDependency[Page],
    key: FromPath[int],
) -> Response[Any]:
    """The data collections of a group, the latest first."""
    found = (await stream.page(reader, files, page, EventFilters(dataCollectionGroupId=key))).page
    events = found.results if found.total else _none()
    shown = cards(events, reader.now)
    more = await show.of_collections(reader, _collections(events), ON_CARDS, kinds(shown))
    steps = await _steps(reader, show, events[0])
    drawn = await show.parts("group", reader, key)
    live = any(_is_watched(event, reader.now) for event in events)
    return show("events/group.html", page=found, cards=shown, more=more, drawn=drawn, steps=steps, live=live)


def _goes_on(asked: Asked, now: datetime) -> bool:
    """Whether more may come to the first page of a session."""
    return "cursor" not in asked.query and may_go_on(getattr(asked.thing, "endDate", None), now)


def _is_watched(event: Event, now: datetime) -> bool:
    """Whether listeners are told of changes of a data collection."""
    last = event.endTime or event.startTime
    return last is not None and last >= now - WATCHED


async def _steps(reader: Reader, show: Show, event: Event) -> list[Drawn]:
    """What plugins say of the workflow that a data collection is of."""
    workflow = event.Item.DataCollectionGroup.Workflow
    return await show.parts("workflow", reader, workflow.workflowId) if workflow else []


def _pictures(folder: str, name: str) -> HTTPRouteHandler:
    """What sends one kind of picture."""

    async def show_picture(
        reader: NamedDependency[Reader], files: NamedDependency[Files], key: FromPath[int]
    ) -> FileAnswer:
        """A picture of an event."""
        return await send_file(files, await picture(reader, folder, name, key), "Not Found")

    return get(f"/{folder}/{{key:int}}/{name}", access=authenticated)(show_picture)


def _none() -> list[Event]:
    raise Missing("Not Found")


def _collections(events: Sequence[Event]) -> list[int]:
    """The data collections that events show."""
    return [event.id for event in events if event.type == "dc"]


def _statuses(reader: Reader) -> list[EventStatus]:
    """What can be asked for: not every database has messages of programs."""
    known: list[EventStatus] = list(get_args(EventStatus))
    return known if reader.scope.has(AutoProcProgramMessage) else known[:-1]


def _wanted(session: int, query: Mapping[str, str]) -> EventFilters:
    """What the address of a session's page asks for."""
    status: Any = query.get("status") or None
    if status not in (None, *get_args(EventStatus)):
        raise Invalid(f"One of {', '.join(get_args(EventStatus))}", ["query", "status"])
    return EventFilters(sessionId=session, status=status, eventType=query.get("eventType") or None)


def pages(stream: Stream, cursors: Cursors, age: float) -> Pages:
    """The pages over the sources of a stream, and its place on those of sessions, whose figures may have an
    age in seconds."""

    async def events_of_session(reader: Reader, asked: Asked) -> Mapping[str, Any]:
        """The kinds of events, and a page of them."""
        filters = _wanted(int(asked.key or 0), asked.query)
        types = await stream.types(reader, EventFilters(sessionId=filters.sessionId))
        return {
            "filters": filters,
            "types": types.results,
            "statuses": _statuses(reader),
            "live": "cursor" not in asked.query and _goes_on(asked, reader.now),
            **await part_of_stream(reader, asked, filters),
        }

    async def events_of_sample(reader: Reader, asked: Asked) -> Mapping[str, Any]:
        """A page of what was done with a sample, in all sessions."""
        return await part_of_stream(reader, asked, EventFilters(blSampleId=int(asked.key or 0)))

    async def part_of_stream(reader: Reader, asked: Asked, filters: EventFilters) -> dict[str, Any]:
        """Cards by day, and the cursor of older ones."""
        cursor = asked.query.get("cursor")
        after = cursors.read(cursor) if cursor else None
        size = FURTHER if after else FIRST
        part = await stream.page(reader, asked.files, size, filters, after, counted=False)
        events = part.page.results
        days = by_day(events, reader.now)
        shown = [card for _, some in days for card in some]
        await add_evidence(asked.files, shown)
        return {
            "days": days,
            "older": None if part.last is None else cursors.write(part.last),
            "more": await asked.show.of_collections(reader, _collections(events), ON_CARDS, kinds(shown)),
        }

    given, of_sessions = always(stream=stream), Sessions(stream, age)
    return Pages(
        [
            get("/collections/{key:int}", access=authenticated, dependencies=given)(show_collection),
            get("/sessions/{key:int}/cards", access=authenticated, dependencies=given)(show_cards),
            get("/groups/{key:int}", access=authenticated, dependencies=given)(show_group),
            *(_pictures(folder, name) for folder, (_, names) in PICTURES.items() for name in names),
        ],
        TEMPLATES,
        parts=[
            Part("session", "events/stream.html", events_of_session, 500),
            Part("sample", "events/sample.html", events_of_sample, 500),
            *of_sessions.parts(),
        ],
        of_sessions=[of_sessions.tiles()],
    )
