"""`/skeleton`."""

from __future__ import annotations

from litestar import Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from starbeam import Principal, authenticated
from starbeam.clock import Clock
from starbeam.db.reader import Reader
from starbeam.paging import Page, Paged
from starbeam.refusals import Invalid
from starbeam_skeleton import queries
from starbeam_skeleton.schemas import SkeletonNote, SkeletonNoteCreate


@get("/skeleton", access=authenticated, tags=["Skeleton"])
async def get_skeleton_notes(
    reader: NamedDependency[Reader], page: NamedDependency[Page]
) -> Paged[SkeletonNote]:
    """Get the caller's notes"""
    return await queries.notes(reader, page)


@post("/skeleton", access=authenticated, tags=["Skeleton"])
async def create_skeleton_note(
    data: JSONBody[SkeletonNoteCreate],
    who: NamedDependency[Principal],
    transaction: NamedDependency[AsyncSession],
    longest: NamedDependency[int],
    clock: NamedDependency[Clock],
) -> SkeletonNote:
    """Add a note"""
    if len(data.text) > longest:
        raise Invalid(f"A note may have {longest} characters", ["body", "text"])
    return await queries.add(transaction, who.person_id, data.text, clock.now())


def router(longest: int, clock: Clock) -> Router:
    """The operations, with this setting."""

    def its_longest() -> int:
        return longest

    def its_clock() -> Clock:
        return clock

    return Router(
        "/",
        route_handlers=[get_skeleton_notes, create_skeleton_note],
        dependencies={
            "longest": Provide(its_longest, sync_to_thread=False),
            "clock": Provide(its_clock, sync_to_thread=False),
        },
    )
