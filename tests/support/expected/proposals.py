"""Proposals, sessions and people."""

from __future__ import annotations

from support.expected import Cost, Route, found_by, totals

NEAR = ("session_member", "proposal_member", "staff", "administrator")
"""Those who see proposal 1."""

ROUTES = {
    "GET /proposals": Route(
        totals(session_member=1, proposal_member=2, staff=1, administrator=3),
        cost=Cost(statements=3, reads=30),
    ),
    "GET /proposals/{proposal}": Route(found_by(*NEAR), "/proposals/mx23"),
    "GET /sessions": Route(
        totals(session_member=1, proposal_member=2, staff=1, administrator=3),
        cost=Cost(statements=4, reads=30),
    ),
    "GET /sessions/group": Route(
        totals(proposal_member=1, staff=1, administrator=1),
        "/sessions/group?beamLineGroup=near",
        cost=Cost(statements=3, reads=30, one="beamLineGroup=narrow", hundred="beamLineGroup=wide", rows=20),
    ),
    "GET /sessions/{sessionId}": Route(
        found_by("session_member", "proposal_member", "administrator"), "/sessions/1"
    ),
    "PATCH /sessions/{sessionId}": Route(
        found_by("session_member", "proposal_member", "administrator"),
        "/sessions/1",
        body={"comments": "Fast"},
    ),
    "GET /persons": Route(
        totals(session_member=2, proposal_member=3, staff=2, administrator=10),
        also=("/persons?sessionId=1",),
        cost=Cost(statements=2, reads=120),
    ),
}
EMPTY = {
    "diamond": {"Session.nbReimbDewars"},
}
