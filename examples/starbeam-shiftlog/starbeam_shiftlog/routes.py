"""`/sessions/{sessionId}/shiftlog` and `/shiftlog`."""

from __future__ import annotations

from typing import Annotated

from litestar import Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from starbeam import Principal, authenticated, needs
from starbeam.clock import Clock
from starbeam.db.reader import Reader
from starbeam.paging import Page, Paged
from starbeam.params import path_id
from starbeam.refusals import Forbidden, Missing
from starbeam.runtime import Runtime
from starbeam_shiftlog import queries
from starbeam_shiftlog.schemas import ShiftlogEntry, ShiftlogEntryCreate

SessionId = Annotated[int, path_id()]
NO_SESSION = "Session not found"


@get(
    "/sessions/{sessionId:str}/shiftlog",
    access=authenticated,
    tags=["Shift log"],
    errors={404: NO_SESSION},
)
async def get_shiftlog(
    reader: NamedDependency[Reader], page: NamedDependency[Page], sessionId: SessionId
) -> Paged[ShiftlogEntry]:
    """Get the log of a session"""
    if not await queries.sees_session(reader, sessionId):
        raise Missing(NO_SESSION)
    return await queries.entries(reader, page, sessionId)


@post(
    "/sessions/{sessionId:str}/shiftlog",
    access=authenticated,
    tags=["Shift log"],
    errors={403: "The logs are closed", 404: NO_SESSION},
)
async def create_shiftlog_entry(
    reader: NamedDependency[Reader],
    runtime: NamedDependency[Runtime],
    who: NamedDependency[Principal],
    transaction: NamedDependency[AsyncSession],
    clock: NamedDependency[Clock],
    sessionId: SessionId,
    data: JSONBody[ShiftlogEntryCreate],
) -> ShiftlogEntry:
    """Add to the log of a session"""
    if not await queries.sees_session(reader, sessionId):
        raise Missing(NO_SESSION)
    if runtime.options["shiftlog_closed"]:
        raise Forbidden("The logs are closed")
    now = clock.now()
    added = await queries.add(transaction, sessionId, who.person_id, data, now)
    return ShiftlogEntry(added, sessionId, who.login, data.text, data.category, now.replace(microsecond=0))


@delete(
    "/shiftlog/{shiftlogEntryId:str}",
    access=needs("edit_shiftlog"),
    tags=["Shift log"],
    errors={404: "Entry not found"},
)
async def delete_shiftlog_entry(
    reader: NamedDependency[Reader],
    transaction: NamedDependency[AsyncSession],
    shiftlogEntryId: Annotated[int, path_id()],
) -> None:
    """Remove an entry from a log"""
    if await queries.entry(reader, shiftlogEntryId) is None:
        raise Missing("Entry not found")
    await queries.remove(transaction, shiftlogEntryId)


def router(clock: Clock) -> Router:
    """The operations."""

    def its_clock() -> Clock:
        return clock

    return Router(
        "/",
        route_handlers=[get_shiftlog, create_shiftlog_entry, delete_shiftlog_entry],
        dependencies={"clock": Provide(its_clock, sync_to_thread=False)},
    )
