"""The SQL, and who sees which rows."""

from __future__ import annotations

from typing import Annotated, Any

from sqlalchemy import ColumnElement

from starbeam.api.database import CALLER_ID, Allow, Scope, Shape
from starbeam.api.lists import Filters, List, Search, text_in
from starbeam_skeleton import schemas
from starbeam_skeleton.models import SkeletonNote


def _own(scope: Scope, note: Any) -> ColumnElement[bool]:
    """The rule for a note (the model or an alias of it)."""
    found: ColumnElement[bool] = note.personId == CALLER_ID
    return found


RULES = [Allow(SkeletonNote, _own)]


class NoteFilters(Filters, frozen=True):
    """What `/skeleton` is asked for: each field is a parameter, with its condition beside it."""

    search: Annotated[Search, text_in(SkeletonNote.text)] = None


NOTES = List(Shape(schemas.SkeletonNote, SkeletonNote), SkeletonNote, NoteFilters)
