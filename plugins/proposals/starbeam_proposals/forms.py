"""The form of a session: its comments."""

from __future__ import annotations

from starbeam.api.database import Reader
from starbeam.api.web import About, EditOf
from starbeam_ispyb.models import BLSession
from starbeam_proposals import changes
from starbeam_proposals.queries.sessions import SESSIONS
from starbeam_proposals.schemas import Session, SessionChange


async def _session(reader: Reader, row: Session) -> About:
    return About([(_name(row), f"/sessions/{row.sessionId}")])


def _name(row: Session) -> str:
    return row.session or row.proposal or "session"


SESSION = EditOf(
    title="session",
    path="/sessions",
    rows=SESSIONS,
    change=SessionChange,
    update=changes.update_session,
    models={"": BLSession},
    of_row=_session,
    called=_name,
)
