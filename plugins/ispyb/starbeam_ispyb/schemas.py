"""Forms that several plugins take: one component of the API document, one Struct."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

PortalKey = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]


class LaboratoryCreate(Struct, frozen=True):
    """A laboratory to add. A field that is not sent leaves its column as it is; null empties it."""

    name: Annotated[str, Meta(title="Laboratory Name", max_length=45)]
    address: Annotated[str, Meta(title="Address", max_length=255)]
    city: Annotated[str, Meta(title="City", max_length=45)]
    country: Annotated[str, Meta(title="Country", max_length=45)]
    url: Annotated[Annotated[str, Meta(max_length=255)] | UnsetType | None, Meta(title="URL")] = UNSET
    laboratoryExtPk: Annotated[
        PortalKey | UnsetType | None,
        Meta(title="Laboratory Ext Pk", description="The user portal's own key of the laboratory"),
    ] = UNSET
