"""`/skeleton`."""

from __future__ import annotations

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from starbeam.api import authenticated
from starbeam.api.database import Reader, Write
from starbeam.api.http import always, asked
from starbeam.api.lists import Page, Paged
from starbeam_skeleton import notes
from starbeam_skeleton.queries import NOTES, NoteFilters
from starbeam_skeleton.schemas import SkeletonNote, SkeletonNoteCreate


@get("/skeleton", access=authenticated, tags=["Skeleton"], dependencies=asked(NoteFilters))
async def get_skeleton_notes(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[NoteFilters]
) -> Paged[SkeletonNote]:
    """Get the caller's notes"""
    return await reader.page(NOTES, page, filters)


@post("/skeleton", access=authenticated, tags=["Skeleton"])
async def create_skeleton_note(
    data: JSONBody[SkeletonNoteCreate], write: NamedDependency[Write], longest: NamedDependency[int]
) -> SkeletonNote:
    """Add a note"""
    return await write(notes.add, longest, data)


handlers = [get_skeleton_notes, create_skeleton_note]


def router(longest: int) -> Router:
    """The operations, which are given this setting."""
    return Router("/", route_handlers=handlers, dependencies=always(longest=longest))
