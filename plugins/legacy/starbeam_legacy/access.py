"""Who sees what in these routes: permissions by name, and who belongs to a proposal or session.

Beamline groups give nothing here, and membership of a proposal does not show its sessions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starbeam.api import ALL_PROPOSALS, Forbidden, Missing
from starbeam.api.database import Reader
from starbeam.api.lists import number_of
from starbeam_legacy.queries import associations

if TYPE_CHECKING:
    from starbeam.api import Principal

OWN_PROPOSALS = "own_proposals"
ALL_SESSIONS = "all_sessions"
OWN_SESSIONS = "own_sessions"


def lists_all_proposals(who: Principal) -> bool:
    """Whether lists hold every proposal, or those of the caller. 403 without either permission."""
    return _lists_all(who, ALL_PROPOSALS, OWN_PROPOSALS)


def lists_all_sessions(who: Principal) -> bool:
    """Whether lists hold every session, or those of the caller. 403 without either permission."""
    return _lists_all(who, ALL_SESSIONS, OWN_SESSIONS)


def _lists_all(who: Principal, everything: str, own: str) -> bool:
    if not {everything, own} & who.permissions:
        raise Forbidden("Not Authorized")
    return everything in who.permissions


async def proposal_key(reader: Reader, proposal_id: str) -> int | None:
    """The key of the proposal that a path names by key or name; None when there is none.

    403 for who may not see it, or cannot know that it is not there; 404 when two have the name.
    """
    _require(reader.who, ALL_PROPOSALS, OWN_PROPOSALS)
    found = await associations.proposals_named(reader, proposal_id)
    if ALL_PROPOSALS not in reader.who.permissions and not any(own for _, own in found):
        raise _refused(reader.who, f"is not authorized to access proposal {proposal_id}.")
    return only([key for key, _ in found])


async def session_key(reader: Reader, session_id: str) -> int | None:
    """The key of the session that a path names; None when it names none. 403 for who may not see it."""
    _require(reader.who, ALL_SESSIONS, OWN_SESSIONS)
    key = number_of(session_id)
    own = ALL_SESSIONS in reader.who.permissions
    if not own and not (key is not None and await associations.is_own_session(reader, key)):
        raise _refused(reader.who, f"is not authorized to access session {session_id}.")
    return key


def only(keys: list[int]) -> int | None:
    """The one key of proposals of a name, or None. 404 when there are several."""
    if len(keys) > 1:
        raise Missing("Proposal not found")
    return keys[0] if keys else None


def _require(who: Principal, everything: str, own: str) -> None:
    if not {everything, own} & who.permissions:
        wanted = [everything, own]
        raise _refused(who, f"has no appropriate permissions ({wanted}) to execute method.")


def _refused(who: Principal, reason: str) -> Forbidden:
    held = sorted(who.permissions)
    return Forbidden(f"User {who.login} (permissions assigned: {held}) {reason}")
