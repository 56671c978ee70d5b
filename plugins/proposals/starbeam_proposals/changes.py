"""Changing sessions."""

from __future__ import annotations

from starbeam.api.database import Patch, Writer, refusing, sent
from starbeam_ispyb.models import BLSession
from starbeam_proposals.queries.sessions import SESSIONS
from starbeam_proposals.schemas import Session, SessionChange


async def update_session(writer: Writer, key: int, patch: Patch[SessionChange]) -> Session:
    """Change what was sent of a session."""
    if values := sent(patch.of(await writer.get(SESSIONS, key))):
        with refusing("Could not update session"):
            await writer.update(BLSession, key, values)
    return await writer.get(SESSIONS, key)
