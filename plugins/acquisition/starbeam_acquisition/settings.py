"""What `[plugin.acquisition]` may hold."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from starbeam.api import Section

Hours = Annotated[int, Meta(ge=0, le=24 * 365)]


class AcquisitionSettings(Section, frozen=True):
    """When members of a session may record in it, and where files may be."""

    before_hours: Annotated[
        Hours, Meta(description="How long before a session begins its members may record in it")
    ] = 24
    after_hours: Annotated[
        Hours, Meta(description="How long after a session has ended its members may record in it")
    ] = 24
    paths: Annotated[
        list[str],
        Meta(
            description="Where files of a session may be, as in `/data/visitor/{proposal}/**`: `{proposal}`,"
            " `{number}`, `{session}` and `{beamline}` stand for its names, `*` for any letters but `/`, `**`"
            " for any. None: wherever a folder is called as the proposal or the session"
        ),
    ] = msgspec.field(default_factory=list)
