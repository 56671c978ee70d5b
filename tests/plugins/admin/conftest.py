"""A running app with the plugin, and its administrator."""

from __future__ import annotations

import pytest

from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import AsUser, MakeApp
from support.probe import WITH_PROBE

PERMISSIONS = ("manage_options", "view_activity", "manage_groups", "manage_perms")

Headers = dict[str, str]


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    """The app, with a plugin that has an option of its own."""
    return await make_app("admin", "probe", **WITH_PROBE)


@pytest.fixture
async def boss(app: TestApp, as_user: AsUser) -> Headers:
    """Person 1, `boss`, in groups 1 to 4 with permissions 1 to 4: those of this plugin."""
    return await as_user(app, "boss", *PERMISSIONS)
