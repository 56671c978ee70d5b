"""Adding to logs and removing from them, free of HTTP and SQL."""

from __future__ import annotations

from starbeam.api import Forbidden
from starbeam.api.database import Rows, Writer
from starbeam_shiftlog import schemas
from starbeam_shiftlog.models import ShiftlogEntry
from starbeam_shiftlog.queries import ENTRIES, session

NO_SESSION = "Session not found"


async def must_see(reader: Rows, session_id: int) -> None:
    """Raises Missing where the caller does not see this session."""
    await reader.first(session(), NO_SESSION, session_id=session_id)


async def add(writer: Writer, session_id: int, new: schemas.ShiftlogEntryCreate) -> schemas.ShiftlogEntry:
    """Add an entry to the log of a session."""
    await must_see(writer, session_id)
    if writer.options["shiftlog_closed"]:
        raise Forbidden("The logs are closed")
    values = {
        "sessionId": session_id,
        "personId": writer.who.person_id,
        "text": new.text,
        "category": new.category,
        "created": writer.now.replace(microsecond=0),
    }
    return await writer.get(ENTRIES, (await writer.create(ShiftlogEntry, values)).shiftlogEntryId)


async def remove(writer: Writer, entry_id: int) -> None:
    """Remove an entry."""
    await writer.get(ENTRIES, entry_id)
    await writer.delete(ShiftlogEntry, ShiftlogEntry.shiftlogEntryId == entry_id)
