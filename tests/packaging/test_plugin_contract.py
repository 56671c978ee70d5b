"""Every bundled plugin keeps what Starbeam demands of every plugin."""

from __future__ import annotations

from typing import Any

import pytest

from starbeam_testing import PluginContract
from support import workspace

SETTINGS: dict[str, dict[str, Any]] = {
    "auth_dummy": {"auth.backends": {"dummy": {"use": "auth_dummy", "test_system": True}}}
}
"""What plugins need to start."""


PUBLIC = {"tokens": ["refresh", "log_out"]}
"""Operations that everybody may call."""
OPEN = {"admin": ["get_ui_options"], "stats": ["get_runs"]}
"""Operations that show something to everybody who is logged in."""


class TestBundled(PluginContract):
    """The checks, for each plugin of the manifest."""

    @pytest.fixture(autouse=True, params=sorted(workspace.manifest()))
    def _chosen(self, request: pytest.FixtureRequest) -> None:
        self.plugin = request.param
        self.settings = SETTINGS.get(self.plugin, {})
        self.public = frozenset(PUBLIC.get(self.plugin, ()))
        self.open = frozenset(OPEN.get(self.plugin, ()))
