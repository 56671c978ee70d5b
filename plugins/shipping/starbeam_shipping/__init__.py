"""Lab contacts, shipments, dewars and containers."""

from __future__ import annotations

from collections.abc import Iterable

from litestar.types import ControllerRouterHandler

from starbeam.api import Context, NoSettings, Plugin, hookimpl
from starbeam_shipping import routes


class ShippingPlugin(Plugin[NoSettings]):
    """`/labcontacts`, `/shippings`, `/dewars` and `/containers`."""

    name = "shipping"
    title = "Lab contacts, shipments, dewars and containers"
    requires = ("ispyb",)

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations."""
        return routes.handlers
