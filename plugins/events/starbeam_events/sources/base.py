"""What an event source is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, ScalarSelect, Select, bindparam

from starbeam.db.models import WholeSeconds
from starbeam_events.schemas import Event, EventStatus
from starbeam_ispyb.names import proposal_value, session_value

if TYPE_CHECKING:
    from starbeam.db.reader import Reader
    from starbeam.db.scope import Scope
    from starbeam.files import Files

Query: TypeAlias = Select[*tuple[Any, ...]]
Struct: TypeAlias = type[msgspec.Struct]

SINCE: Any = bindparam("since", type_=WholeSeconds)
"""For `Wanted.recent`: the earliest start that is looked for."""


class Filters(msgspec.Struct, frozen=True):
    """What `/events` is asked for."""

    status: EventStatus | None = None
    eventType: str | None = None
    session: str | None = None
    sessionId: int | None = None
    proposal: str | None = None
    proposalId: int | None = None
    beamLineName: str | None = None
    dataCollectionId: int | None = None
    dataCollectionGroupId: int | None = None
    blSampleId: int | None = None
    blSubSampleId: int | None = None
    proteinId: int | None = None

    def values(self) -> dict[str, Any]:
        """What to bind for them: by their names, and for names of proposals and sessions as
        `starbeam_ispyb.names` says."""
        values = {name: value for name, value in msgspec.structs.asdict(self).items() if value is not None}
        values |= proposal_value(self.proposal) if self.proposal else {}
        values |= session_value(self.session) if self.session else {}
        if self.proposal and self.session and not self._agree(self.proposal, self.session):
            values["session_visit"] = None
        return values

    @staticmethod
    def _agree(proposal: str, session: str) -> bool:
        """Whether a session of this name is of this proposal; both are bound as the session's proposal."""
        return session.rpartition("-")[0].casefold() == proposal.casefold()


NARROW = frozenset(Filters.__struct_fields__) - {"status", "eventType", "beamLineName"}
"""Filters that leave few rows, which an index finds."""


class Wanted(msgspec.Struct, frozen=True):
    """What the statements for some filters depend on; the filters' values are bound by name."""

    given: frozenset[str] = frozenset()
    """Names of the filters given, but for these two."""
    status: EventStatus | None = None
    source: str | None = None
    """The `type` of the only source that is asked; empty where `eventType` names no source."""
    recent: bool = False
    """Events that start at `SINCE` or later only."""

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
    named_by_type = True
    """Whether `eventType=<type>` asks for this source."""

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

    def nth_start(self, scope: Scope) -> Query | None:
        """The start of the n-th latest row, n - 1 bound as `place`; None without an index on time."""
        return None

    def first_key(self, scope: Scope, since: ColumnElement[Any]) -> ScalarSelect[Any] | None:
        """A key below which nothing starts at `since` or later, for tables without an index on time. `keys`
        then binds `first_<type>` for what is `recent`."""
        return None
