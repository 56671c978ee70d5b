"""A running app with the plugin, and a portal that sends documents to it."""

from __future__ import annotations

from datetime import datetime

import pytest

from starbeam_testing.fixtures import AsUser, MakeApp
from support.portal import Portal

NOW = datetime(2026, 3, 10, 12)


@pytest.fixture
async def portal(make_app: MakeApp, as_user: AsUser) -> Portal:
    """A portal, before anything was sent. It is 2026-03-10, noon, in Paris."""
    app = await make_app("ispyb", "userportal", **{"server.timezone": "Europe/Paris"})
    app.set_time(NOW)
    return Portal(app, await as_user(app, "portal", "uportal_sync"))
