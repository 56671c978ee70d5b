"""What `[plugin.tokens]` may hold."""

from __future__ import annotations

import re
from datetime import datetime
from ipaddress import ip_network
from typing import Annotated, Literal, get_args

from msgspec import Meta, field

from starbeam.api import Section
from starbeam.api.settings import ISPYB, InvalidValue, check_https, check_tables


def _check_networks(values: list[str]) -> None:
    """Require addresses and networks."""
    for value in values:
        try:
            ip_network(value, strict=False)
        except ValueError:
            raise InvalidValue("expected addresses or networks such as 10.3.0.0/16", got=value) from None


class Machine(Section, frozen=True):
    """What a machine may do whose token no table holds."""

    scopes: Annotated[list[str], Meta(description="What it is good for", min_length=1)]
    beamlines: Annotated[list[str], Meta(description='Beamlines that it sees; ["*"]: all', min_length=1)]
    proposals: Annotated[list[str], Meta(description="Names of proposals, with * for any letters")] = field(
        default_factory=list
    )
    networks: Annotated[
        list[str],
        Meta(description="Networks that it is taken from. Empty: any", extra={"check": _check_networks}),
    ] = field(default_factory=list)
    expires: Annotated[datetime | None, Meta(description="When it ends, in local time")] = None


class StaticToken(Machine, frozen=True, kw_only=True):
    """A machine's token in the configuration. `starbeam token new NAME --print-config` makes one."""

    sha256: Annotated[str, Meta(description="SHA-256 of the token", pattern="^[0-9a-f]{64}$")]


_Text = Annotated[str, Meta(min_length=1)]
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]


class IssuerSettings(Section, frozen=True):
    """An identity provider whose access tokens are taken as they are."""

    issuer: Annotated[
        _Text,
        Meta(
            description="Exactly what its tokens and its discovery document name as issuer",
            examples=["https://keycloak.example.org/realms/facility"],
            extra={"check": check_https},
        ),
    ]
    audiences: Annotated[
        list[_Text],
        Meta(
            description="Names of this API at the provider: a token is taken where `aud` has one of them",
            examples=[["starbeam"]],
            min_length=1,
        ),
    ]
    jwks_uri: Annotated[
        str,
        Meta(
            description="Where its keys are. Empty: where its discovery document says",
            extra={"check": check_https},
        ),
    ] = ""
    algorithms: Annotated[
        list[Algorithm], Meta(description="How tokens may be signed: with public keys only", min_length=1)
    ] = field(default_factory=lambda: [*get_args(Algorithm)])
    clients: Annotated[
        dict[str, Machine],
        Meta(description="Machines, by the id of their client at the provider (`azp`, or `client_id`)"),
    ] = field(default_factory=dict)
    persons: Annotated[
        bool,
        Meta(description="Take people's tokens too: `preferred_username` is who it is, as in Person.login"),
    ] = False

    def __post_init__(self) -> None:
        """Require somebody whose tokens are taken."""
        if not (self.clients or self.persons):
            raise ValueError("takes nobody's tokens: list clients, or set persons = true")


_ISSUER = re.compile("[a-z0-9_-]{1,20}")
LONGEST_CLIENT = 39
"""Letters, so that name and client are no longer than the names of other tokens."""


def _check_issuers(issuers: dict[str, IssuerSettings]) -> None:
    """Require names that can be told in logs, and each provider once."""
    for name, one in issuers.items():
        if not _ISSUER.fullmatch(name):
            raise InvalidValue("names of issuers have up to 20 of a-z, 0-9, _ and -", got=name)
        for client in one.clients:
            if not 0 < len(client) <= LONGEST_CLIENT:
                raise InvalidValue(f"clients have names of up to {LONGEST_CLIENT} letters", got=client)
    known = [one.issuer for one in issuers.values()]
    if twice := [issuer for issuer in known if known.count(issuer) > 1]:
        raise InvalidValue("each issuer has one section", got=twice[0])


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
    issuers: Annotated[
        dict[str, IssuerSettings],
        Meta(
            description="Identity providers whose access tokens are taken, by a name for the log",
            extra={"check": _check_issuers},
        ),
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

    @property
    def machines(self) -> dict[str, Machine]:
        """Those that no table holds, by the names of their tokens."""
        of_clients = {
            f"{name}:{client}": said
            for name, issuer in self.issuers.items()
            for client, said in issuer.clients.items()
        }
        return {**self.static, **of_clients}
