"""What `[plugin.tokens]` may hold."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, field

from starbeam.api import Section
from starbeam.api.settings import ISPYB, check_tables


class StaticToken(Section, frozen=True):
    """A machine's token in the configuration. `starbeam token new NAME --print-config` makes one."""

    sha256: Annotated[str, Meta(description="SHA-256 of the token", pattern="^[0-9a-f]{64}$")]
    scopes: Annotated[list[str], Meta(description="What it is good for", min_length=1)]
    beamlines: Annotated[list[str], Meta(description='Beamlines that it sees; ["*"]: all', min_length=1)]
    proposals: Annotated[list[str], Meta(description="Names of proposals, with * for any letters")] = field(
        default_factory=list
    )
    networks: Annotated[list[str], Meta(description="Networks that it is taken from. Empty: any")] = field(
        default_factory=list
    )
    expires: Annotated[datetime | None, Meta(description="When it ends, in local time")] = None


class TokensSettings(Section, frozen=True):
    """Tokens of machines and scripts, and log-ins that last."""

    tables: Annotated[
        str,
        Meta(
            description='Where the tables of this plugin are: "ispyb", in the ISPyB database; the URL of a'
            ' second database; or "none": tokens of machines then come from `static`, and refresh tokens'
            " cannot be taken back",
            extra={"check": check_tables},
        ),
    ] = ISPYB
    max_days: Annotated[int, Meta(description="Longest life of a token, in days", ge=1)] = 400
    grantable: Annotated[
        list[str],
        Meta(description="Scopes that whoever may make tokens of machines may give without holding them"),
    ] = field(default_factory=lambda: ["read", "record", "process", "samples", "ship", "em"])
    allow_http: Annotated[bool, Meta(description="Take tokens over plain HTTP from other machines, too")] = (
        False
    )
    require_human: Annotated[
        list[str],
        Meta(
            description="Scopes that open to machines only what they do on behalf of a person, whom the"
            " header Starbeam-For names"
        ),
    ] = field(default_factory=list)
    window_for_tokens: Annotated[
        int,
        Meta(
            description="How many hours before a session begins and after it has ended machines write to it."
            " 0: at any time",
            ge=0,
        ),
    ] = 0
    static: Annotated[
        dict[str, StaticToken], Meta(description="Tokens of machines, by name: their hashes")
    ] = field(default_factory=dict)
    refresh: Annotated[Literal["on", "off"], Meta(description="Whether log-ins get a refresh token")] = "on"
    refresh_idle: Annotated[
        int, Meta(description="Hours without use after which a log-in cannot be renewed", ge=1)
    ] = 12
    refresh_lifetime: Annotated[
        int, Meta(description="Days after which somebody must log in again, however busy", ge=1)
    ] = 7
    refresh_grace: Annotated[
        int, Meta(description="Seconds for which a refresh token that was used is taken again", ge=10)
    ] = 120
    refresh_requires_backend: Annotated[
        bool,
        Meta(
            description="Renew only log-ins whose backend says, each time, that the person may go on: a"
            " directory that it searches. Others get no refresh token"
        ),
    ] = False
    refresh_not_before: Annotated[
        datetime | None,
        Meta(description="Without tables: refresh tokens that were made before, in local time, end"),
    ] = None
