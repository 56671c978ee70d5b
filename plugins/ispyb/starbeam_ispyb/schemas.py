"""Forms that several plugins take: one component of the API document, one Struct."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

PortalKey = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]


class LaboratoryCreate(Struct, frozen=True):
    """A laboratory to add. A field that is not sent leaves its column as it is; null empties it."""

    name: Annotated[str, Meta(title="Laboratory Name")]
    address: Annotated[str, Meta(title="Address")]
    city: Annotated[str, Meta(title="City")]
    country: Annotated[str, Meta(title="Country")]
    url: Annotated[str | UnsetType | None, Meta(title="URL")] = UNSET
    laboratoryExtPk: Annotated[
        PortalKey | UnsetType | None,
        Meta(title="Laboratory Ext Pk", description="The user portal's own key of the laboratory"),
    ] = UNSET
