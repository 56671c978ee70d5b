"""The proposal mx1001, whose every number is known: `starbeam_demo` says which."""

from __future__ import annotations

from dataclasses import dataclass

from starbeam.api.demo import Row
from starbeam_demo import accounts

CODE, NUMBER = "mx", 1001
TITLE = "Substrate recognition by bacterial ABC transporters"
MEMBERS = (accounts.INVESTIGATOR.login, accounts.MEMBER.login)


@dataclass(frozen=True)
class Visit:
    """A session of the proposal."""

    number: int
    beamline: str
    days: int | None
    """How many days from today it starts; None: it runs now."""
    participants: tuple[tuple[str, str, bool], ...]
    """Login, role and whether remote, besides the local contact."""
    groups: int
    twice: int
    """How many of the groups have two data collections instead of one."""


_LEADER = (accounts.INVESTIGATOR.login, "Team Leader", False)
VISITS = (
    Visit(1, "ID14-1", -45, (_LEADER, (accounts.REMOTE.login, "Co-Investigator", True)), 12, 3),
    Visit(2, "ID27-1", None, (_LEADER,), 6, 2),
    Visit(3, "ID14-1", 12, (_LEADER,), 0, 0),
)


def visit(session: Row) -> Visit:
    """What is known of one of its sessions."""
    return VISITS[session["visit_number"] - 1]
