"""Lists of proposals and sessions."""

from __future__ import annotations

from benchmarks.databases import MEMBER, SESSIONS, STAFF
from benchmarks.suite import Case, Suite

SUITES = (
    Suite(
        "25 rows of 100,000 sessions",
        plugins=("ispyb", "proposals"),
        fill=SESSIONS,
        cases=(
            Case("proposals, member of 300 sessions", "/proposals", MEMBER),
            Case("proposals, staff", "/proposals", STAFF),
            Case("sessions, member of 300 sessions", "/sessions", MEMBER),
            Case("sessions, staff", "/sessions", STAFF),
            Case("sessions of one proposal, staff", "/sessions?proposal=mx77", STAFF),
            Case("one session, staff", "/sessions/50000", STAFF),
        ),
    ),
)
