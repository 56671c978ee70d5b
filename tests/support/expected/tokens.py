"""Tokens of machines and scripts, and log-ins that are renewed."""

from __future__ import annotations

from typing import Any

from starbeam_testing.fixtures import SECRET
from starbeam_tokens.refresh import StoredRefresh
from starbeam_tokens.settings import TokensSettings
from support.expected import Cost, Route, allowed, everybody, totals
from support.world import CALLERS
from support.world.tokens import FAMILY, LOG_INS, OTHER, OWN, unwritten

ADMINISTRATOR = allowed("administrator")
_MINE = dict.fromkeys(CALLERS, 404) | {"session_member": 200}
_TOKEN: dict[str, Any] = {"name": "new", "scopes": ["read"], "beamLines": ["*"]}
_REFRESH = {"refreshToken": StoredRefresh(SECRET, TokensSettings(), unwritten).token(FAMILY, 1)}

ROUTES = {
    "GET /tokens": Route(
        {**allowed(), **totals(administrator=3), **dict.fromkeys({*CALLERS} - {"administrator"}, 403)},
        cost=Cost(statements=2, reads=12),
    ),
    "POST /tokens": Route(allowed("administrator", status=201), body=_TOKEN),
    "GET /tokens/own": Route(totals(session_member=1), cost=Cost(statements=2, reads=12)),
    "POST /tokens/own": Route(everybody(201), body={"name": "mine"}, open=True),
    "DELETE /tokens/own/{tokenId}": Route(_MINE, "/tokens/own/cccccccccc"),
    "GET /tokens/refresh": Route(
        {**allowed(), **totals(administrator=5), **dict.fromkeys({*CALLERS} - {"administrator"}, 403)},
        cost=Cost(statements=2, reads=12),
    ),
    "DELETE /tokens/refresh": Route(ADMINISTRATOR, "/tokens/refresh?login=administrator"),
    "DELETE /tokens/refresh/{familyId}": Route(ADMINISTRATOR, f"/tokens/refresh/{OTHER}"),
    "GET /tokens/own/refresh": Route(
        totals(**{login: 1 for login in LOG_INS.values() if login in CALLERS}),
        cost=Cost(statements=2, reads=12),
    ),
    "DELETE /tokens/own/refresh/{familyId}": Route(_MINE, f"/tokens/own/refresh/{OWN}"),
    "GET /tokens/current": Route(everybody(404)),
    "GET /tokens/{tokenId}": Route(ADMINISTRATOR, "/tokens/aaaaaaaaaa"),
    "PATCH /tokens/{tokenId}": Route(ADMINISTRATOR, "/tokens/aaaaaaaaaa", body={"comment": "other"}),
    "POST /tokens/{tokenId}/rotate": Route(
        ADMINISTRATOR, "/tokens/aaaaaaaaaa/rotate", body={"graceHours": 1}
    ),
    "DELETE /tokens/{tokenId}": Route(ADMINISTRATOR, "/tokens/aaaaaaaaaa"),
    "POST /auth/refresh": Route(everybody(), body=_REFRESH),
    "POST /auth/logout": Route(everybody(), body=_REFRESH),
}
_OF_TOKENS = ("name", "scopes", "beamLines", "proposals", "expires")
EMPTY = {"all": {"MadeToken.revokedAt", *(f"CurrentToken.{name}" for name in _OF_TOKENS)}}
"""What no new token is, and what only a token is told."""
