"""The routes of the older Java service: sessions, proposals, data collection groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from starbeam.api import Context, Permission, Plugin, hookimpl
from starbeam_legacy.settings import LegacySettings

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler
    from sqlalchemy.orm import DeclarativeBase

    from starbeam.api.settings import Option


class LegacyPlugin(Plugin[LegacySettings]):
    """`/legacy` sessions, proposals and data collection groups, and all that its routes share."""

    name = "legacy"
    title = "The routes of the Java server: sessions, proposals, data collections"
    requires = ("ispyb",)
    Settings = LegacySettings

    @hookimpl
    def register_models(self) -> Iterable[type[DeclarativeBase]]:
        """What only the wide rows of the old views show."""
        from starbeam.api.models import mapped
        from starbeam_legacy import models

        return mapped(models.Base)

    @hookimpl
    def register_permissions(self) -> Iterable[Permission]:
        """What counts in these routes only."""
        from starbeam_legacy import access

        return [
            Permission(access.OWN_PROPOSALS, "own proposals, in the routes of the Java server"),
            Permission(access.OWN_SESSIONS, "own sessions, in the routes of the Java server"),
            Permission(access.ALL_SESSIONS, "every session, in the routes of the Java server"),
        ]

    @hookimpl
    def register_options(self) -> Iterable[Option]:
        """The switch of the operations."""
        from starbeam.api.settings import Option
        from starbeam_legacy.routes.forms import SWITCH

        return [
            Option(
                SWITCH, bool, True, "Enable Legacy Routes", "Serve the operations of the older Java service"
            )
        ]

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations, with the counts of sessions that they keep."""
        from starbeam_legacy import routes
        from starbeam_legacy.queries.summaries import Summaries

        return [routes.router(Summaries(self.settings.summary_age))]
