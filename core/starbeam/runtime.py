"""What one running app consists of. Everything that handlers and commands share hangs here, nothing on a
module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from starbeam.addresses import ClientAddress
from starbeam.auth.login import LoginService
from starbeam.auth.ratelimit import Tries
from starbeam.auth.tokens import Tokens
from starbeam.cache import make_room
from starbeam.db.engine import Database
from starbeam.db.scope import Scope
from starbeam.files import Files
from starbeam.options import LiveOptions
from starbeam.visibility import Visibility

if TYPE_CHECKING:
    from starbeam.access import Kind, Principal
    from starbeam.auth.backends import AuthBackend
    from starbeam.checks import Check
    from starbeam.clock import Clock
    from starbeam.http.metrics import Metrics
    from starbeam.loader import Plugins
    from starbeam.settings import Settings

_MOST_SCOPES = 200
"""Kinds of caller whose statements are kept; there are as many as sets of permissions in use."""


class Runtime:
    """The parts of one app: settings, database, options, log-in, rules."""

    def __init__(
        self,
        settings: Settings,
        plugins: Plugins,
        database: Database,
        options: LiveOptions,
        backends: Mapping[str, AuthBackend],
        visibility: Visibility,
        checks: list[Check],
        clock: Clock,
        metrics: Metrics | None = None,
    ) -> None:
        self.settings = settings
        self.plugins = plugins
        self.database = database
        self.options = options
        self.backends = backends
        self.visibility = visibility
        self.checks = checks
        self.clock = clock
        self.files = Files(settings.files)
        self.metrics = metrics
        self.tokens = Tokens(settings.auth)
        self.client_address = ClientAddress(settings.server.trusted_proxies)
        self.tries = Tries()
        self.login = LoginService(backends, self.tokens, self.tries, options, database)
        self._scopes: dict[Kind, Scope] = {}

    @property
    def is_test_system(self) -> bool:
        """Whether somebody can log in without proof."""
        return any(backend.test_only for backend in self.backends.values())

    async def scope(self, who: Principal) -> Scope:
        """What statements for this caller are built for. Raises what the database raises while it is away."""
        schema = await self.database.ready()
        kind = who.kind
        if kind not in self._scopes or self._scopes[kind].schema is not schema:
            make_room(self._scopes, _MOST_SCOPES)
            self._scopes[kind] = Scope(schema, self.visibility, kind)
        return self._scopes[kind]
