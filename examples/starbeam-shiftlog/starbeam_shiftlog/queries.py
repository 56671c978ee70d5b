"""The SQL."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from starbeam.db.lists import Listing
from starbeam.db.models import Person
from starbeam.db.reader import Reader
from starbeam.db.scope import Scope, statement
from starbeam.db.services import service
from starbeam.db.shape import Shape
from starbeam.paging import Page, Paged
from starbeam_ispyb.models import BLSession
from starbeam_shiftlog import schemas
from starbeam_shiftlog.models import ShiftlogEntry

EntryService = service(ShiftlogEntry)
_AUTHOR = select(Person.login).where(Person.personId == ShiftlogEntry.personId).scalar_subquery()
_SHAPE = Shape(schemas.ShiftlogEntry, ShiftlogEntry, author=_AUTHOR)


@statement
def _session(scope: Scope) -> Select[Any]:
    return select(BLSession.sessionId).where(
        BLSession.sessionId == bindparam("session_id"), scope.sees(BLSession)
    )


@statement
def _entries(scope: Scope) -> Listing[schemas.ShiftlogEntry]:
    where = [ShiftlogEntry.sessionId == bindparam("session_id"), scope.sees(ShiftlogEntry)]
    return Listing(scope, _SHAPE, ShiftlogEntry, where=where, order_by=[ShiftlogEntry.shiftlogEntryId.desc()])


@statement
def _entry(scope: Scope) -> Select[Any]:
    return select(*_SHAPE.columns(scope)).where(
        ShiftlogEntry.shiftlogEntryId == bindparam("entry_id"), scope.sees(ShiftlogEntry)
    )


async def sees_session(reader: Reader, session_id: int) -> bool:
    """Whether the caller sees this session."""
    return await reader.scalar(_session(), session_id=session_id) is not None


async def entries(reader: Reader, page: Page, session_id: int) -> Paged[schemas.ShiftlogEntry]:
    """A page of a session's log, newest first."""
    return await reader.page(_entries(), page, session_id=session_id)


async def entry(reader: Reader, entry_id: int) -> schemas.ShiftlogEntry | None:
    """One entry, if the caller sees it."""
    return await reader.one(_SHAPE, _entry(), entry_id=entry_id)


async def add(
    session: AsyncSession,
    session_id: int,
    person_id: int,
    new: schemas.ShiftlogEntryCreate,
    now: datetime.datetime,
) -> int:
    """Add an entry and return its key."""
    row = ShiftlogEntry(
        sessionId=session_id,
        personId=person_id,
        text=new.text,
        category=new.category,
        created=now.replace(microsecond=0),
    )
    return (await EntryService(session).create(row)).shiftlogEntryId


async def remove(session: AsyncSession, entry_id: int) -> None:
    """Remove an entry."""
    await EntryService(session).delete(entry_id)
