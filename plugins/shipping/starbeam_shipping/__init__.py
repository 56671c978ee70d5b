"""Lab contacts, shipments, dewars and containers."""

from __future__ import annotations

from starbeam import NoSettings, Plugin


class ShippingPlugin(Plugin[NoSettings]):
    """Lab contacts, shipments, dewars and containers."""

    name = "shipping"
    title = "Lab contacts, shipments, dewars and containers"
    requires = ("ispyb",)
