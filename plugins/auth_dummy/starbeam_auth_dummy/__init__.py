"""A log-in backend for test systems: lets everybody in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from starbeam.api import Context, Plugin, hookimpl
from starbeam_auth_dummy.settings import DummySettings

if TYPE_CHECKING:
    from starbeam.api.auth import AuthBackend


class AuthDummyPlugin(Plugin[DummySettings]):
    """Log-in without proof, for tests and demonstrations."""

    name = "auth_dummy"
    title = "Log-in without proof (test systems only)"
    Settings = DummySettings
    backend_name = "dummy"

    @hookimpl
    def register_auth_backends(self, ctx: Context) -> Iterable[AuthBackend]:
        """One backend for each section that uses this plugin."""
        from starbeam.api.settings import Problem, SettingsError
        from starbeam_auth_dummy.backend import DummyBackend

        for name, settings in ctx.backends.items():
            if not settings.test_system:
                says = "this log-in lets everybody in: it starts only with true"
                hint = "set it if this is a test system, or use another log-in"
                raise SettingsError([Problem("", f"auth.backends.{name}.test_system", says, hint)])
            yield DummyBackend(name)
