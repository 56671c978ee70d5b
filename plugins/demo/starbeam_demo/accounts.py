"""Whom to log in as, to see the facility through different eyes."""

from __future__ import annotations

from dataclasses import dataclass

from starbeam_demo.facility import Technique


@dataclass(frozen=True)
class Account:
    """A person of the demo that is always there."""

    login: str
    given_name: str
    family_name: str
    description: str
    groups: tuple[str, ...] = ()
    """User groups that the person is in."""
    shown: bool = True
    """Listed for whoever tries the demo."""


ADMIN = Account(
    "admin",
    "Ada",
    "Lindholm",
    "administrator: every proposal, options, groups and people",
    ("administrators",),
)
MX_STAFF = Account(
    "mxstaff", "Mathieu", "Rousselot", "beamline scientist: everything on the MX beamlines", ("mx staff",)
)
EM_STAFF = Account(
    "emstaff", "Ewa", "Sikorska", "beamline scientist: everything on the electron microscopes", ("em staff",)
)
INVESTIGATOR = Account(
    "emarin", "Elena", "Marín", "principal investigator of mx1001, and in many other sessions", ("users",)
)
MEMBER = Account("jweiss", "Jonas", "Weiß", "member of the proposal mx1001 and of nothing else", ("users",))
REMOTE = Account(
    *("tnovak", "Tomáš", "Novák", "remote participant of the session mx1001-1 and of nothing else"),
    ("users",),
)
NEWCOMER = Account("newcomer", "Nora", "Nygård", "a newcomer: sees nothing yet", ("users",))
MAPPING_STAFF = Account(
    "spstaff",
    "Séverine",
    "Aubert",
    "beamline scientist: everything on the spectroscopy beamlines",
    ("spectroscopy staff",),
    shown=False,
)
USER_OFFICE = Account("office", "Ulla", "Hagström", "the user office", ("user office",), shown=False)
PORTAL = Account("portal", "Robot", "User portal", "the user portal", ("user portal",), shown=False)

ACCOUNTS = (
    *(ADMIN, MX_STAFF, EM_STAFF, INVESTIGATOR, MEMBER, REMOTE, NEWCOMER),
    *(MAPPING_STAFF, USER_OFFICE, PORTAL),
)
BEAMLINE_STAFF: dict[Technique, Account] = {
    "mx": MX_STAFF,
    "spectroscopy": MAPPING_STAFF,
    "em": EM_STAFF,
}
EMPLOYED = (ADMIN, *BEAMLINE_STAFF.values(), USER_OFFICE, PORTAL)
"""Those who work at the facility."""
