"""Statistics."""

from __future__ import annotations

from support.expected import Cost, Route, everybody, found_by

MEMBERS = ("session_member", "proposal_member", "administrator")
"""Those who see session 1."""
RUN = "runId=1&beamLineName=id01"

ROUTES = {
    "GET /stats/breakdown": Route(
        found_by(*MEMBERS),
        "/stats/breakdown?sessionId=1",
        also=(f"/stats/breakdown?{RUN}", "/stats/breakdown?sessionId=2"),
    ),
    "GET /stats/times": Route(
        found_by(*MEMBERS), "/stats/times?session=mx23-1", also=("/stats/times?sessionId=3",)
    ),
    "GET /stats/errors": Route(
        found_by(*MEMBERS),
        "/stats/errors?sessionId=1",
        also=("/stats/errors?sessionId=2", "/stats/errors?sessionId=3"),
    ),
    "GET /stats/hourlies": Route(found_by(*MEMBERS), "/stats/hourlies?sessionId=1"),
    "GET /stats/parameters/histogram": Route(found_by(*MEMBERS), "/stats/parameters/histogram?sessionId=1"),
    "GET /stats/runs": Route(everybody(), cost=Cost(statements=2, reads=5), open=True),
}
EMPTY = {
    "all": {"BreakdownPlottable.unit"},  # always null
    "community": {
        *(f"BreakdownOverviewRun.{name}" for name in ("startDate", "endDate", "duration", "run", "counts")),
        "BreakdownPoint.session",  # shown for runs
        "BreakdownPoint.sessionId",
        "Paginated_VRun_.total",
        "Paginated_VRun_.results",
        *(f"VRun.{name}" for name in ("runId", "run", "startDate", "endDate")),
    },
}
