"""Rows while a synchronisation is planned: how they are found, filled and changed. Free of SQL and HTTP.

A row is an instance of its model, loaded or new; the database hears of it when the plan is carried out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from msgspec import UNSET, Struct
from sqlalchemy import inspect

from starbeam.api import Refused
from starbeam.api.database import NotTaken, fitting
from starbeam.api.models import Laboratory, Person
from starbeam_ispyb.models import (
    BLSession,
    LabContact,
    Proposal,
    ProposalHasPerson,
    Protein,
    Session_has_Person,
)
from starbeam_userportal.columns import same
from starbeam_userportal.schemas import EXTERNAL_ID_BYTES, known

if TYPE_CHECKING:
    from starbeam.api import Clock
    from starbeam.api.database import Keys, Schema

R = TypeVar("R")

ORDER: tuple[type[Any], ...] = (
    Laboratory,
    Person,
    Proposal,
    ProposalHasPerson,
    LabContact,
    BLSession,
    Session_has_Person,
    Protein,
)
"""The tables, in an order in which rows come after those that they refer to."""
NAMES: dict[type[Any], str] = {
    Laboratory: "laboratory",
    Person: "person",
    Proposal: "proposal",
    ProposalHasPerson: "member of the proposal",
    LabContact: "lab contact",
    BLSession: "session",
    Session_has_Person: "member of a session",
    Protein: "protein",
}
"""What people call a row."""

_KEYS = {"externalId", "login", "expSessionPk"}
"""What rows are found by: null and blank say nothing, and are not written."""
_NEVER = {"passwd"}
"""Columns that are not written whatever the portal sends."""


class SyncError(Refused):
    """A synchronisation that cannot be done: a sentence that names the entity and the reason."""


class Duplicate(SyncError):
    """The database already has a value that must be unique."""


def external_key(number: Any) -> bytes | None:
    """An `externalId` as the database holds it, if there is one."""
    return number.to_bytes(EXTERNAL_ID_BYTES, "big") if known(number) else None


class Index(Generic[R]):
    """Rows by a key that they have at present; of several the one with the lowest primary key."""

    def __init__(self, key: Callable[[R], Hashable | None], rows: Iterable[R] = ()) -> None:
        self._key = key
        self._rows: dict[Hashable, list[R]] = defaultdict(list)
        self._order: dict[R, int] = {}
        for row in rows:
            self.note(row)

    def note(self, row: R) -> None:
        """Take in a new row, or one whose key may have changed."""
        self._order.setdefault(row, len(self._order))
        if (key := self._key(row)) is not None and row not in self._rows[key]:
            self._rows[key].append(row)

    def find(self, key: Hashable | None) -> R | None:
        """The row that has this key now."""
        found = [row for row in self._rows.get(key, ()) if self._key(row) == key]
        return min(found, key=self._order.__getitem__, default=None)


@dataclass(frozen=True)
class Values:
    """What a document says of a row, as far as this database has the columns."""

    schema: Schema
    clock: Clock
    keys: Keys
    """Of the texts by which rows are found."""

    def has(self, attribute: Any) -> bool:
        """Whether the database has a column."""
        return self.schema.has(attribute)

    def key(self, column: Any, text: Any) -> Hashable:
        """What the database compares of a text in this column, if there is one."""
        return self.keys.of(column, text) if known(text) else None

    def of(
        self, model: type[Any], entry: Struct, name: str, only: Container[str] | None = None
    ) -> dict[str, Any]:
        """Values by column. Raises `SyncError` for one that the column does not take; `name` says whose."""
        mapper = inspect(model)
        found: dict[str, Any] = {}
        for field_ in entry.__struct_fields__:
            value = getattr(entry, field_)
            if field_ in _NEVER or (only is not None and field_ not in only) or value is UNSET:
                continue
            if field_ not in mapper.column_attrs or not self.has(getattr(model, field_)):
                continue
            if value is None and (field_ in _KEYS or not mapper.columns[field_].nullable):
                continue
            if field_ not in _KEYS or known(value):
                found[field_] = self._fitting(model, field_, value, name)
        return found

    def _fitting(self, model: type[Any], column: str, value: Any, name: str) -> Any:
        if column == "externalId":
            return external_key(value)
        try:
            local = self.clock.local(value) if isinstance(value, datetime) else value
            return fitting(self.schema.found(model.__tablename__, column), local)
        except OverflowError:
            raise _not_taken(model, name, f"{column} is too far away in time") from None
        except NotTaken as error:
            raise _not_taken(model, name, f"{column} {error}") from error

    def assign(self, row: Any, values: dict[str, Any]) -> None:
        """Set what differs, or was not set before."""
        present = inspect(row).dict
        for column, value in values.items():
            found = self.schema.found(type(row).__tablename__, column)
            if column not in present or not same(found, present[column], value):
                setattr(row, column, value)


def _not_taken(model: type[Any], name: str, problem: str) -> SyncError:
    return SyncError(f"{NAMES[model].capitalize()} {name}: {problem}")


@dataclass
class Plan:
    """The rows that a document speaks of, as they should be."""

    rows: dict[type[Any], dict[Any, None]] = field(default_factory=lambda: {model: {} for model in ORDER})
    _references: dict[Any, dict[str, tuple[Any, str]]] = field(default_factory=lambda: defaultdict(dict))

    def keep(self, row: R) -> R:
        """This row, new or not, belongs to the plan."""
        self.rows[type(row)].setdefault(row)
        return row

    def refer(self, row: Any, column: str, target: Any) -> None:
        """A column holds the primary key of another row, which may be new."""
        self._references[row][column] = target, inspect(type(target)).primary_key[0].key or ""

    def resolve(self, model: type[Any]) -> None:
        """Write the keys of the rows that these refer to: they have them by now."""
        for row in self.rows[model]:
            for column, (target, key) in self._references[row].items():
                if inspect(row).dict.get(column) != getattr(target, key):
                    setattr(row, column, getattr(target, key))
