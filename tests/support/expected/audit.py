"""Who wrote what."""

from __future__ import annotations

from support.expected import Cost, Route, allowed

ROUTES = {
    "GET /admin/audit": Route(allowed("administrator"), cost=Cost(statements=3, reads=14)),
}
