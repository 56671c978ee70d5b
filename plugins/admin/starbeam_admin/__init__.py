"""Groups, permissions and runtime options, and a record of their changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from starbeam.api import Context, NoSettings, Permission, Plugin, hookimpl

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler
    from sqlalchemy.orm import DeclarativeBase

    from starbeam.api.web import Pages


class AdminPlugin(Plugin[NoSettings]):
    """`/admin` and `/options`."""

    name = "admin"
    title = "Groups, permissions and runtime options"

    @hookimpl
    def register_models(self) -> Iterable[type[DeclarativeBase]]:
        """The record of changes."""
        from starbeam.api.models import mapped
        from starbeam_admin import models

        return mapped(models.Base)

    @hookimpl
    def register_permissions(self) -> Iterable[Permission]:
        """What the operations ask for."""
        return [
            Permission("manage_options", "read and change all runtime options"),
            Permission("view_activity", "read the record of changes"),
            Permission(
                "manage_groups", "add and rename groups, and choose the people and permissions in them"
            ),
            Permission("manage_perms", "add and change permissions"),
        ]

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations."""
        from starbeam_admin import record, routes

        recorded = record.Recorded(record.Journal(), ctx.snapshot.changed)
        return [routes.router(ctx.options.declared, recorded)]

    @hookimpl
    def register_pages(self, ctx: Context) -> Iterable[Pages]:
        """What administrators read and change."""
        from starbeam_admin import pages, record

        return [pages.pages(ctx, record.Recorded(record.Journal(), ctx.snapshot.changed))]
