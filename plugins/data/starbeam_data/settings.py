"""The plugin's settings."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from starbeam.api import Section


class DataSettings(Section, frozen=True):
    """How much is read at once, by how many and for how long, and the form of metadata."""

    max_answer: Annotated[int, Meta(description="Largest answer, in bytes.", ge=1)] = 536_870_912
    readers: Annotated[
        int,
        Meta(
            description="Processes that read files, for each worker of the server. One stays for others.",
            ge=1,
            le=64,
        ),
    ] = 3
    time_limit: Annotated[
        float, Meta(description="Longest time that reading one answer may take, in seconds.", gt=0, le=3600)
    ] = 30.0
    meta_form: Annotated[
        Literal["old", "new"],
        Meta(description="Form of `/data/h5grove/meta/`: `old` for h5web up to 10, `new` for later ones."),
    ] = "old"
    h5web: Annotated[
        str,
        Meta(
            description="Address of a page of your own with h5web, `{dataCollectionId}` where that number "
            "goes: pages of files have a link to it. Empty: none.",
            pattern=r"^(https?://[^\s{}]*\{dataCollectionId\}[^\s{}]*)?$",
        ),
    ] = ""
