"""The SQL, and who sees which rows."""

from __future__ import annotations

import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from starbeam.db.lists import Listing
from starbeam.db.reader import Reader
from starbeam.db.scope import CALLER_ID, Scope, statement
from starbeam.db.services import service
from starbeam.db.shape import Shape
from starbeam.paging import Page, Paged
from starbeam.visibility import Allow
from starbeam_skeleton import models, schemas

NoteService = service(models.SkeletonNote)
_SHAPE = Shape(schemas.SkeletonNote, models.SkeletonNote)


def _own(scope: Scope, note: Any) -> ColumnElement[bool]:
    """The rule for a note (the model or an alias of it)."""
    found: ColumnElement[bool] = note.personId == CALLER_ID
    return found


RULES = [Allow(models.SkeletonNote, _own)]


@statement
def _notes(scope: Scope) -> Listing[schemas.SkeletonNote]:
    note = models.SkeletonNote
    return Listing(scope, _SHAPE, note, where=[scope.sees(note)], order_by=[note.skeletonNoteId])


async def notes(reader: Reader, page: Page) -> Paged[schemas.SkeletonNote]:
    """A page of the notes that the caller sees."""
    return await reader.page(_notes(), page)


async def add(
    session: AsyncSession, person_id: int, text: str, now: datetime.datetime
) -> schemas.SkeletonNote:
    """The new note."""
    note = models.SkeletonNote(personId=person_id, text=text, created=now.replace(microsecond=0))
    added = await NoteService(session).create(note)
    return schemas.SkeletonNote(added.skeletonNoteId, added.text, added.created)
