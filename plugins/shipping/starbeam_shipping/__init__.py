"""Lab contacts, shipments, dewars and containers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from starbeam.api import Context, Plugin, hookimpl
from starbeam_shipping.settings import ShippingSettings

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler

    from starbeam.api.web import Pages


class ShippingPlugin(Plugin[ShippingSettings]):
    """`/labcontacts`, `/shippings`, `/dewars` and `/containers`."""

    name = "shipping"
    title = "Lab contacts, shipments, dewars and containers"
    requires = ("ispyb",)
    Settings = ShippingSettings

    @hookimpl
    def register_pages(self, ctx: Context) -> Iterable[Pages]:
        """The pages."""
        from starbeam_shipping import pages

        return [pages.pages(self.settings)]

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations."""
        from starbeam_shipping import routes

        return routes.handlers
