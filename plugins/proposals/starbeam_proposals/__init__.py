"""Proposals, sessions and people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from starbeam.api import Context, NoSettings, Permission, Plugin, hookimpl

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler
    from sqlalchemy.orm import DeclarativeBase

    from starbeam.api.web import Pages


class ProposalsPlugin(Plugin[NoSettings]):
    """`/proposals`, `/sessions` and `/persons`."""

    name = "proposals"
    title = "Proposals, sessions and people"
    requires = ("ispyb",)

    @hookimpl
    def register_models(self) -> Iterable[type[DeclarativeBase]]:
        """The types of sessions."""
        from starbeam.api.models import mapped
        from starbeam_proposals import models

        return mapped(models.Base)

    @hookimpl
    def register_permissions(self) -> Iterable[Permission]:
        """Who may list everybody."""
        return [Permission("manage_persons", "list everybody in /persons (showAll)")]

    @hookimpl
    def register_pages(self, ctx: Context) -> Iterable[Pages]:
        """The pages."""
        from starbeam_proposals import pages

        return [pages.pages()]

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations."""
        from starbeam_proposals import routes

        return routes.handlers
