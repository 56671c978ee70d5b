"""What the hooks of this plugin share, put together once for an app."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from starbeam.api import ALL_PROPOSALS, READ, every
from starbeam.api.settings import NONE
from starbeam_tokens.authenticator import TokenAuthenticator
from starbeam_tokens.behalf import Behalves
from starbeam_tokens.changes import Terms
from starbeam_tokens.figures import Figures
from starbeam_tokens.held import HeldTokens, of_settings
from starbeam_tokens.refresh import StoredRefresh
from starbeam_tokens.repeats import StoredRepeats
from starbeam_tokens.stateless import StatelessRefresh
from starbeam_tokens.uses import SECONDS, Uses

if TYPE_CHECKING:
    from starbeam.api import Context
    from starbeam_tokens.held import Held
    from starbeam_tokens.issuers import Issuers
    from starbeam_tokens.settings import TokensSettings

log = structlog.get_logger("starbeam.tokens")

RELOAD_SECONDS = 3.0
"""How often tokens are read again: one that was revoked elsewhere is dead within five seconds."""
CLEAN_SECONDS = 3600.0
TELL_SECONDS = 86_400.0
SOON = timedelta(days=30)
"""How long before its end a token of a machine is told of."""


class Parts:
    """The tokens, who counts them, and what renews log-ins."""

    def __init__(self, ctx: Context, settings: TokensSettings) -> None:
        self._ctx = ctx
        self._settings = settings
        self.tables = ctx.own if settings.tables != NONE else None
        machines = {name: of_settings(name, said, settings) for name, said in settings.machines.items()}
        database = self.tables.database if self.tables else None
        self.held = HeldTokens(ctx, settings, machines.values(), database)
        behalves = Behalves(ctx)
        self.issuers = self._issuers(machines, behalves)
        self.uses = Uses(ctx, machines.keys())
        self.figures = Figures(ctx.figures)
        self.authenticator = TokenAuthenticator(
            self.held,
            self.issuers,
            self.uses,
            behalves,
            self.figures,
            trusted_proxies=ctx.settings.server.trusted_proxies,
            allow_http=settings.allow_http,
        )
        self.refresher = self._refresher()
        self.repeats = StoredRepeats(self.tables) if self.tables else None

    def _issuers(self, machines: Mapping[str, Held], people: Behalves) -> Issuers | None:
        if not self._settings.issuers:
            return None
        from starbeam_tokens.issuers import Issuer, Issuers  # what it imports, others need not

        return Issuers(
            Issuer(
                name,
                said,
                {client: machines[f"{name}:{client}"] for client in said.clients},
                people,
                self._ctx.clock,
            )
            for name, said in self._settings.issuers.items()
        )

    def _refresher(self) -> StoredRefresh | StatelessRefresh | None:
        secret = self._ctx.settings.auth.secret_key
        if self._settings.refresh == "off":
            return None
        if self.tables:
            return StoredRefresh(secret, self._settings, self.tables.write)
        return StatelessRefresh(secret, self._settings)

    def terms(self, ctx: Context) -> Terms:
        """What tokens may be. Raises ValueError for one of the configuration with a scope that nobody
        declares."""
        known = {READ, *(name for name, one in ctx.permissions.items() if one.scope)}
        for name, said in self._settings.machines.items():
            if unknown := {*said.scopes} - known - {ALL_PROPOSALS}:
                raise ValueError(f"the token {name} of the configuration has no scope {unknown.pop()}")
        if unknown := {*self._settings.require_human} - known:
            raise ValueError(f"require_human: there is no scope {unknown.pop()}")
        taken = frozenset(self._settings.static)
        return Terms(known, self._settings.grantable, self._settings.max_days, ctx.clock, taken)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep what is held fresh, and what is counted."""
        if not self.tables:
            yield
            return
        await self.held.refresh()
        self.held.check_names()
        await self._count()
        await self._tell_ends()
        self._ctx.shared.listeners.append(self.held.refresh)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(every(RELOAD_SECONDS, self.held.refresh))
            await stack.enter_async_context(every(SECONDS, self._count))
            await stack.enter_async_context(every(CLEAN_SECONDS, self._clean))
            await stack.enter_async_context(every(TELL_SECONDS, self._tell_ends))
            yield
        await self.uses.write()

    async def _clean(self) -> None:
        try:
            if isinstance(self.refresher, StoredRefresh):
                await self.refresher.clean()
            if self.repeats:
                await self.repeats.clean()
        except Exception as error:  # whatever fails here must not end the background task
            self._ctx.database.outage.note(error, "forgetting log-ins and requests")

    async def _count(self) -> None:
        """Write how often tokens were used, and for how long one was not."""
        await self.uses.write()
        if self.tables and self.figures.counts:
            self.figures.rested(await self.uses.longest_rest(self.tables.database))

    async def _tell_ends(self) -> None:
        """Let the log name the tokens of machines that end soon."""
        if soon := self.held.ending(self._ctx.clock.now() + SOON):
            log.warning("tokens of machines end soon", tokens=soon, days=SOON.days)

    async def expiry(self) -> str | None:
        """How many tokens of machines end soon."""
        soon = len(self.held.ending(self._ctx.clock.now() + SOON))
        return f"{soon} tokens of machines end within {SOON.days} days" if soon else None
