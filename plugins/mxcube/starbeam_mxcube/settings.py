"""What `[plugin.mxcube]` may hold."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from starbeam.api import Section

MEMBERS, STAFF = "members", "staff"


class MxcubeSettings(Section, frozen=True):
    """How MXCuBE is served."""

    prefix: Annotated[
        str,
        Meta(
            description="Below which path of the API MXCuBE finds all that it asks, as `/mxcube`. What this"
            " plugin serves is there alone; what others serve, at its own place too. Empty: at the API root",
            pattern=r"^((/[A-Za-z0-9_-]+)+)?$",
        ),
    ] = ""
    unpaged_limit: Annotated[
        int,
        Meta(description="How many proposals, sessions or samples a program gets without a page", ge=1),
    ] = 1000
    create_sessions: Annotated[
        str,
        Meta(
            description='Who makes sessions: "members" of proposals too, or "staff" and machines alone.'
            " MXCuBE makes one at each log-in for every proposal without one, or lets nobody in",
            pattern="^(members|staff)$",
        ),
    ] = MEMBERS
    session_days: Annotated[int, Meta(description="How many days a session may have that is made", ge=1)] = 7
    experiment_types: Annotated[
        dict[str, str],
        Meta(description="Experiment types of MXCuBE that the database calls otherwise, and how"),
    ] = msgspec.field(default_factory=dict)
    synchrotron_name: Annotated[
        str, Meta(description="The synchrotron's name in set-ups that do not say it")
    ] = ""
    rotation_axis: Annotated[
        str,
        Meta(
            description='The axis of all data collections, "Omega" or "Phi". Empty: Omega where kappa is not'
            " 0, else Phi",
            pattern="^(Omega|Phi)?$",
        ),
    ] = ""
