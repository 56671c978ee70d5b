"""What an event source is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, DateTime, Select, String, bindparam, cast

from starbeam.api.lists import BeamLineName, Bound, Filters, ProposalName, SessionName, query, query_id
from starbeam_events.schemas import Event, EventStatus
from starbeam_ispyb.names import proposal_value, session_value

if TYPE_CHECKING:
    from starbeam.api.database import Reader, Scope
    from starbeam.api.files import Files

Query: TypeAlias = Select[*tuple[Any, ...]]
Struct: TypeAlias = type[msgspec.Struct]

SINCE: Any = bindparam("since", type_=String())
"""For `Wanted.recent`: the earliest start that is looked for, as text."""
BEFORE: Any = bindparam("before", type_=String())
"""For `Wanted.resumed`: the start of the event that all others come after, as text."""

NAMED: Any = bindparam("named", expanding=True)
"""For `EventSource.named`: ids, of data collections those of groups."""
WATCHED: Any = bindparam("watched", type_=DateTime())
"""For `EventSource.watched`: the earliest start or end that is watched."""

SESSIONS: Any = bindparam("sessions", expanding=True)
"""For `EventSource.told` and `watched`: keys of sessions."""


def in_text(start: Any) -> ColumnElement[Any]:
    """A start as the database writes it: whatever it holds compares as it does there."""
    return cast(start, String(32))


class EventFilters(Filters, frozen=True):
    """What `/events` is asked for. The sources have the conditions."""

    status: Annotated[EventStatus | None, query("Status of data collections and robot actions")] = None
    eventType: Annotated[str | None, query("Event type to filter by"), Bound()] = None
    session: Annotated[SessionName, Bound(session_value)] = None
    sessionId: Annotated[int | None, query_id("Session id to filter by"), Bound()] = None
    proposal: Annotated[ProposalName, Bound(proposal_value)] = None
    proposalId: Annotated[int | None, query_id("Proposal id to filter by"), Bound()] = None
    beamLineName: Annotated[BeamLineName, Bound()] = None
    dataCollectionId: Annotated[int | None, query_id("Data collection id to filter by"), Bound()] = None
    dataCollectionGroupId: Annotated[
        int | None, query_id("Show the data collections of this group one by one"), Bound()
    ] = None
    blSampleId: Annotated[int | None, query_id("Sample id to filter by"), Bound()] = None
    blSubSampleId: Annotated[int | None, query_id("Sub sample id to filter by"), Bound()] = None
    blSubSampleType: Annotated[str | None, query("Type of sub sample: roi, poi or loi"), Bound()] = None
    proteinId: Annotated[int | None, query_id("Protein id to filter by"), Bound()] = None
    group: Annotated[
        bool | None,
        query("Whether a group of data collections is one event; it is unless one group is asked for"),
    ] = None


_WIDE = {"status", "eventType", "beamLineName", "blSubSampleType", "group"}
NARROW = frozenset(EventFilters.__struct_fields__) - _WIDE
"""Filters that leave few rows, which an index finds."""


class Wanted(msgspec.Struct, frozen=True):
    """What the statements for some filters depend on; the filters' values are bound by name."""

    given: frozenset[str] = frozenset()
    """Names of the filters given, but for these two."""
    status: EventStatus | None = None
    source: str | None = None
    """The `type` of the only source that is asked; empty where `eventType` names no source."""
    single: bool = False
    """Each data collection is an event by itself."""
    recent: bool = False
    """Events that start at `SINCE` or later only."""
    resumed: bool = False
    """Events that come after another only, which starts at `BEFORE`: sources need only leave out what starts
    later, and only where they gain by it."""

    @property
    def narrow(self) -> bool:
        """A filter leaves few rows."""
        return bool(self.given & NARROW)


class EventSource(ABC):
    """One kind of event. Statements are built once for a `Scope` and what is `Wanted`."""

    type: str
    """What `type` of its events says."""
    item: Struct
    """What `Item` of its events is."""
    entities: Sequence[Any] = ()
    """Classes of its rows."""
    named_by_type = True
    """Whether `eventType=<type>` asks for this source."""

    def in_full(self) -> EventSource:
        """The source of the same events with all that pages show in their items: itself, where that is no
        more than the API answers."""
        return self

    @abstractmethod
    def keys(self, scope: Scope, wanted: Wanted) -> Query | None:
        """Columns `id` and `start` of the events that match and that the caller may see, without order; None
        when none can match. It touches keys and times only."""

    @abstractmethod
    def total(self, scope: Scope, wanted: Wanted) -> Query | None:
        """How many these are."""

    @abstractmethod
    def types(self, scope: Scope, wanted: Wanted) -> Query | None:
        """Columns `eventType` and `eventTypeName`: the kinds of event that there are."""

    @abstractmethod
    async def load(
        self, reader: Reader, files: Files, ids: Sequence[int], wanted: Wanted, values: dict[str, Any]
    ) -> dict[int, Event]:
        """The events of these keys, which the caller may see, in a fixed number of statements."""

    def told(self, scope: Scope) -> Query | None:
        """Columns `session`, `id`, `start`, `end`, `sample` (its name), `outcome` (a text) and `lasts` (the
        seconds that it should take) of the events of the sessions that are bound as `sessions`: for tiles,
        which say nothing of a source that gives none."""
        return None

    def named(self, scope: Scope, wanted: Wanted) -> Query | None:
        """Column `id`, as `keys` gives it, of the events that match, that the caller may see, and whose ids
        (of data collections those of groups) are bound as `named`."""
        return None

    async def watching(self, reader: Reader, since: datetime) -> dict[str, Any]:
        """What `watched` binds beside `WATCHED`, which is then `since`."""
        return {}

    def watched(self, scope: Scope, wanted: Wanted) -> Query | None:
        """Columns `id` (of data collections that of the group), `session`, `start` and `mark` of the events
        that match, that the caller may see, and that began or ended at `WATCHED` or later. Where the events'
        rows, or what hangs on them, change in what one is shown, `mark` is another number. None where events
        of this source are not watched: `/events/stream` then says nothing of them."""
        return None

    def nth_start(self, scope: Scope, wanted: Wanted) -> Query | None:
        """The start of the n-th latest row, up to `BEFORE` where `wanted` is `resumed`, with n - 1 bound as
        `place`; None without an index on time."""
        return None

    def blocks(self, scope: Scope) -> Query | None:
        """For tables without an index on time: where the rows of a time lie, as `blocks.blocks` says it.
        `keys` then binds `first_<type>`, and for what is `resumed` `until_<type>` and `last_<type>`, for what
        is `recent`."""
        return None
