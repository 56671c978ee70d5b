"""`/sessions/{sessionId}/shiftlog` and `/shiftlog`."""

from __future__ import annotations

from typing import Annotated

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from starbeam.api import authenticated, needs
from starbeam.api.database import Reader, Write
from starbeam.api.lists import Page, Paged, path_id
from starbeam_shiftlog import log
from starbeam_shiftlog.queries import ENTRIES, OF_SESSION
from starbeam_shiftlog.schemas import ShiftlogEntry, ShiftlogEntryCreate

SessionId = Annotated[int, path_id()]


@get(
    "/sessions/{sessionId:str}/shiftlog",
    access=authenticated,
    tags=["Shift log"],
    errors={404: log.NO_SESSION},
)
async def get_shiftlog(
    reader: NamedDependency[Reader], page: NamedDependency[Page], sessionId: SessionId
) -> Paged[ShiftlogEntry]:
    """Get the log of a session"""
    await log.must_see(reader, sessionId)
    return await reader.page(OF_SESSION, page, session_id=sessionId)


@post(
    "/sessions/{sessionId:str}/shiftlog",
    access=authenticated,
    tags=["Shift log"],
    errors={403: "The logs are closed", 404: log.NO_SESSION},
)
async def create_shiftlog_entry(
    write: NamedDependency[Write], sessionId: SessionId, data: JSONBody[ShiftlogEntryCreate]
) -> ShiftlogEntry:
    """Add to the log of a session"""
    return await write(log.add, sessionId, data)


@delete(
    "/shiftlog/{shiftlogEntryId:str}",
    access=needs("edit_shiftlog"),
    tags=["Shift log"],
    errors={404: ENTRIES.missing},
)
async def delete_shiftlog_entry(
    write: NamedDependency[Write], shiftlogEntryId: Annotated[int, path_id()]
) -> None:
    """Remove an entry from a log"""
    await write(log.remove, shiftlogEntryId)


handlers = [get_shiftlog, create_shiftlog_entry, delete_shiftlog_entry]
