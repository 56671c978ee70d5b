"""What is measured: a request, and as whom."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.databases import MEMBER, STAFF


@dataclass(frozen=True)
class Case:
    """One line of the report. `path` is below the API root."""

    title: str
    path: str
    person: int


CASES = (
    Case("proposals, member of 300 sessions", "/proposals", MEMBER),
    Case("proposals, staff", "/proposals", STAFF),
    Case("sessions, member of 300 sessions", "/sessions", MEMBER),
    Case("sessions, staff", "/sessions", STAFF),
    Case("sessions of one proposal, staff", "/sessions?proposal=mx77", STAFF),
    Case("one session, staff", "/sessions/50000", STAFF),
)
