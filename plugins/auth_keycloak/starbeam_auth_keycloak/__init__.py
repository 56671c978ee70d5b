"""A log-in backend for Keycloak and every other OpenID Connect provider."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from starbeam.api import Check, Context, Plugin, hookimpl
from starbeam_auth_keycloak.settings import KeycloakSettings

if TYPE_CHECKING:
    from starbeam.api.auth import AuthBackend
    from starbeam_auth_keycloak.backend import KeycloakBackend


class AuthKeycloakPlugin(Plugin[KeycloakSettings]):
    """Log-in with an access token of an identity provider."""

    name = "auth_keycloak"
    title = "Log-in through Keycloak or another OpenID Connect provider"
    Settings = KeycloakSettings
    backend_name = "keycloak"

    def __init__(self, settings: KeycloakSettings) -> None:
        super().__init__(settings)
        self._backends: list[KeycloakBackend] = []

    @hookimpl
    def register_auth_backends(self, ctx: Context) -> Iterable[AuthBackend]:
        """One backend for each section that uses this plugin."""
        from starbeam_auth_keycloak.backend import KeycloakBackend

        self._backends = [KeycloakBackend(name, settings) for name, settings in ctx.backends.items()]
        return self._backends

    @hookimpl
    def register_checks(self, ctx: Context) -> Iterable[Check]:
        """For each backend: the provider's keys are known."""
        return [Check(backend.name, backend.check, essential=False) for backend in self._backends]
