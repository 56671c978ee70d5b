"""Tokens of machines and of people's scripts, and log-ins that last.

The parts are imported when a hook asks for them: lists of plugins and of commands import this, and no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from starbeam.api import Check, Context, Lifespan, Permission, Plugin, hookimpl
from starbeam.api.settings import ISPYB, NONE
from starbeam_tokens.settings import TokensSettings

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler
    from sqlalchemy.orm import DeclarativeBase

    from starbeam.api.auth import Refresher
    from starbeam.api.database import Repeats, Rule
    from starbeam.api.web import Authenticator
    from starbeam_tokens.parts import Parts


IN_TABLES = "tokens, log-ins and answers to requests with a key are in tables of the ISPyB database"
BESIDE = "tokens, log-ins and answers to requests with a key are in a second database"
IN_CONFIGURATION = (
    "tokens are those of the configuration; log-ins are renewed by signed tokens, and nobody looks at"
    " Idempotency-Key"
)


class TokensPlugin(Plugin[TokensSettings]):
    """`/tokens`, `/auth/refresh` and `/auth/logout`."""

    name = "tokens"
    title = "Tokens of machines and scripts, log-ins that last"
    requires = ("ispyb",)
    Settings = TokensSettings

    def __init__(self, settings: TokensSettings) -> None:
        super().__init__(settings)
        self._made: Parts | None = None

    def parts(self, ctx: Context) -> Parts:
        """What the hooks share."""
        from starbeam_tokens.parts import Parts

        if self._made is None:
            self._made = Parts(ctx, self.settings)
        return self._made

    @property
    def _has_tables(self) -> bool:
        return self.settings.tables != NONE

    @hookimpl
    def register_database(self) -> Iterable[str]:
        """The second database, where the tables are in one."""
        return [self.settings.tables] if self.settings.tables not in (ISPYB, NONE) else []

    @hookimpl
    def register_models(self) -> Iterable[type[DeclarativeBase]]:
        """The tables of tokens and log-ins."""
        from starbeam.api.models import mapped
        from starbeam_tokens import models

        return mapped(models.Base) if self._has_tables else []

    @hookimpl
    def register_migrations(self) -> Iterable[Path]:
        """The revisions that make them."""
        return [Path(__file__).parent / "migrations"] if self._has_tables else []

    @hookimpl
    def register_permissions(self) -> Iterable[Permission]:
        """Who may make tokens of machines."""
        return [
            Permission("manage_tokens", "make and end tokens of machines, end those of people's scripts"),
            Permission("beamline_tokens", "make and end tokens of machines of the own beamlines"),
        ]

    @hookimpl
    def register_visibility(self, ctx: Context) -> Iterable[Rule]:
        """People see their own tokens."""
        from starbeam_tokens import queries

        return queries.RULES if self._has_tables else []

    @hookimpl
    def register_authenticators(self, ctx: Context) -> Iterable[Authenticator]:
        """Tokens, as requests bring them."""
        return [self.parts(ctx).authenticator]

    @hookimpl
    def register_refresher(self, ctx: Context) -> Iterable[Refresher]:
        """What log-ins are renewed with."""
        from starbeam_tokens.renewal import Unrenewed

        return [self.parts(ctx).refresher or Unrenewed()]

    @hookimpl
    def register_repeats(self, ctx: Context) -> Iterable[Repeats]:
        """What remembers requests with an `Idempotency-Key`."""
        repeats = self.parts(ctx).repeats
        return [repeats] if repeats else []

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations."""
        from starbeam_tokens import routes
        from starbeam_tokens.logins import LogIns

        parts, log_ins = self.parts(ctx), LogIns(ctx.clock, self.settings.refresh_idle)
        return [routes.router(parts.held, parts.terms(ctx), parts.refresher, log_ins, parts.tables)]

    @hookimpl
    def register_lifespan(self, ctx: Context) -> Iterable[Lifespan]:
        """Reading tokens again, counting their uses, forgetting old log-ins."""
        return [self.parts(ctx).running]

    @hookimpl
    def register_checks(self, ctx: Context) -> Iterable[Check]:
        """Whether a token of a machine ends soon, and where tokens are; whether issuers' keys are known."""
        parts, says = self.parts(ctx), {ISPYB: IN_TABLES, NONE: IN_CONFIGURATION}
        expiry = Check("expiry", parts.expiry, essential=False, says=says.get(self.settings.tables, BESIDE))
        issuers = parts.issuers.each if parts.issuers else []
        return [
            expiry,
            *(Check(f"issuer_{one.name}", one.check, essential=False, says=one.about) for one in issuers),
        ]
