"""Synchronisation with a user portal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from starbeam.api import Context, NoSettings, Permission, Plugin, hookimpl

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler

    from starbeam.api.settings import Option


class UserPortalPlugin(Plugin[NoSettings]):
    """`/webservices/userportalsync`."""

    name = "userportal"
    title = "Synchronisation with a user portal"
    requires = ("ispyb",)

    @hookimpl
    def register_permissions(self) -> Iterable[Permission]:
        """Who may synchronise."""
        from starbeam_userportal import routes

        return [Permission(routes.SYNC, "synchronize proposals from the user portal", scope=True)]

    @hookimpl
    def register_options(self) -> Iterable[Option]:
        """The switch of the operations."""
        from starbeam.api.settings import Option
        from starbeam_userportal import routes

        return [
            Option(
                routes.SWITCH,
                bool,
                True,
                "Enable Webservice Routes",
                "Serve the operations that external applications use",
            )
        ]

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operation."""
        from starbeam_userportal import routes

        return routes.handlers
