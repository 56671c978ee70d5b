"""Log-in with the login and password of an LDAP directory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from starbeam.api import Check, Context, Plugin, hookimpl
from starbeam_auth_ldap.settings import LdapSettings

if TYPE_CHECKING:
    from starbeam.api.auth import AuthBackend
    from starbeam_auth_ldap.backend import LdapBackend


class AuthLdapPlugin(Plugin[LdapSettings]):
    """One log-in backend for each directory, and a check that the directory can be reached."""

    name = "auth_ldap"
    title = "Log-in with an LDAP directory"
    Settings = LdapSettings
    backend_name = "ldap"

    def __init__(self, settings: LdapSettings) -> None:
        super().__init__(settings)
        self._backends: list[LdapBackend] = []

    @hookimpl
    def register_auth_backends(self, ctx: Context) -> Iterable[AuthBackend]:
        """One backend for each section that uses this plugin."""
        from starbeam_auth_ldap.backend import LdapBackend

        self._backends = [LdapBackend(name, settings) for name, settings in ctx.backends.items()]
        return self._backends

    @hookimpl
    def register_checks(self, ctx: Context) -> Iterable[Check]:
        """For each backend: a server of its directory can be reached."""
        return [Check(backend.name, backend.check, essential=False) for backend in self._backends]
