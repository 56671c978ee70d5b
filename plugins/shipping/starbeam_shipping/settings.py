"""Settings of this plugin."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from starbeam.api import Section


class ShippingSettings(Section, frozen=True):
    """What labels say."""

    facility: Annotated[
        list[str], Meta(description="Lines of the facility's address, to which dewars are sent")
    ] = field(default_factory=list)
    notice: Annotated[
        str, Meta(description='A line on every label, such as "Cryogenic dry shipper, not hazardous"')
    ] = ""
