"""Log-in and the current user."""

from __future__ import annotations

from support.expected import Route, everybody

ROUTES = {
    "GET /auth/config": Route(everybody()),
    "POST /auth/login": Route(everybody(201), body={"plugin": "dummy", "login": "staff", "password": "x"}),
    "GET /openapi.json": Route(everybody()),
    "GET /user/current": Route(everybody(), open=True),
    "POST /user/sign": Route(everybody(), body={"validity": "/sessions"}, open=True),
}
EMPTY = {
    "all": {
        "PluginConfig.config"  # the dummy backend has nothing to tell
    },
}
