"""The routes of the Java server, each with the token in the header and in the path."""

from __future__ import annotations

from support.expected import Route, allowed

BY_SESSION = allowed("session_member", "administrator")
"""Those who may list sessions, and see session 1."""
BY_PROPOSAL = allowed("proposal_member", "administrator")
"""Those who may list proposals, and see proposal 1."""

_DATES = "date/20260101/20261231"

ROUTES = {
    "GET /legacy/sessions": Route(BY_SESSION),
    "GET /legacy/{token}/session/list": Route(BY_SESSION),
    "GET /legacy/sessions/date/{start_date}/{end_date}": Route(BY_SESSION, f"/legacy/sessions/{_DATES}"),
    "GET /legacy/{token}/proposal/session/date/{start_date}/{end_date}/list": Route(
        BY_SESSION, f"/legacy/{{token}}/proposal/session/{_DATES}/list"
    ),
    "GET /legacy/sessions/proposal/{proposal_id}": Route(BY_SESSION, "/legacy/sessions/proposal/1"),
    "GET /legacy/{token}/proposal/{proposal_id}/session/list": Route(
        BY_SESSION, "/legacy/{token}/proposal/mx23/session/list"
    ),
    "GET /legacy/proposals": Route(BY_PROPOSAL),
    "GET /legacy/{token}/proposal/list": Route(BY_PROPOSAL),
    "GET /legacy/proposals/{proposal_id}": Route(BY_PROPOSAL, "/legacy/proposals/1"),
    "GET /legacy/{token}/proposal/{proposal_id}/info/get": Route(
        BY_PROPOSAL, "/legacy/{token}/proposal/MX23/info/get"
    ),
    "GET /legacy/data_collections/groups/session/{session_id}": Route(
        BY_SESSION, "/legacy/data_collections/groups/session/1"
    ),
    "GET /legacy/{token}/proposal/session/{session_id}/list": Route(
        BY_SESSION, "/legacy/{token}/proposal/session/1/list"
    ),
}
