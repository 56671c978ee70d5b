"""The SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, bindparam, select

from starbeam.api.database import Scope, Shape, statement
from starbeam.api.lists import List
from starbeam.api.models import Person
from starbeam_ispyb.models import BLSession
from starbeam_shiftlog import schemas
from starbeam_shiftlog.models import ShiftlogEntry

_AUTHOR = select(Person.login).where(Person.personId == ShiftlogEntry.personId).scalar_subquery()
_SHAPE = Shape(schemas.ShiftlogEntry, ShiftlogEntry, author=_AUTHOR)

ENTRIES = List(_SHAPE, ShiftlogEntry, missing="Entry not found")
OF_SESSION = List(
    _SHAPE,
    ShiftlogEntry,
    listed=[ShiftlogEntry.sessionId == bindparam("session_id")],
    order_by=[ShiftlogEntry.shiftlogEntryId.desc()],
)
"""The log of one session, newest first; `session_id` is to be bound."""


@statement
def session(scope: Scope) -> Select[Any]:
    """The session `session_id`, if the caller sees it."""
    wanted = BLSession.sessionId == bindparam("session_id")
    return select(BLSession.sessionId).where(wanted, scope.sees(BLSession))
