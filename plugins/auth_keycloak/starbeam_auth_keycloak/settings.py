"""What `[auth.backends.<name>]` of a Keycloak realm, or of another provider, holds."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit

from msgspec import Meta

from starbeam.settings import InvalidValue, Section


def check_url(value: str) -> None:
    """Require https, or http on this machine: who can change the provider's keys on their way can log in as
    anybody."""
    if not value:
        return
    try:
        parts = urlsplit(value)
        safe = parts.scheme == "https" or (parts.scheme == "http" and _is_local(parts.hostname or ""))
        plain = bool(parts.hostname) and not (parts.query or parts.fragment or parts.username)
    except ValueError:
        safe = plain = False
    if not (safe and plain):
        raise InvalidValue("expected an https:// address (http:// on this machine only)", got=value)


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _url(description: str, *examples: Any) -> Meta:
    return Meta(description=description, examples=list(examples), extra={"check": check_url})


class KeycloakSettings(Section, frozen=True):
    """Settings of one provider: a Keycloak realm (`server_url`, `realm`), or any other by its `issuer`."""

    client_id: Annotated[
        str,
        Meta(
            min_length=1,
            description="The client that people log in with. Tokens of other clients are refused.",
            examples=["ispyb-ui"],
        ),
    ]
    server_url: Annotated[
        str, _url("Address of the Keycloak server, as browsers use it.", "https://keycloak.example.org")
    ] = ""
    realm: Annotated[str, Meta(description="The Keycloak realm.", examples=["facility"])] = ""
    issuer: Annotated[
        str,
        _url(
            "For a provider other than Keycloak: its issuer, exactly as its discovery document has it.",
            "https://login.example.org",
        ),
    ] = ""
    mode: Annotated[
        Literal["token", "userinfo"],
        Meta(
            description="Where names come from. token: the token itself. userinfo: the provider is asked at "
            "every log-in, and thereby whether it has withdrawn the token."
        ),
    ] = "token"
    login_claim: Annotated[
        str, Meta(min_length=1, description="The claim that holds the login, as in Person.login.")
    ] = "preferred_username"
    timeout: Annotated[
        float, Meta(gt=0, le=60, description="Longest time to wait for the provider at a log-in, in seconds.")
    ] = 5.0

    def __post_init__(self) -> None:
        """Require one way to name the provider."""
        if self.issuer and (self.server_url or self.realm):
            raise ValueError("issuer takes the place of server_url and realm: set one or the other")
        if not self.issuer and not (self.server_url and self.realm):
            raise ValueError("set server_url and realm (Keycloak), or issuer (any other provider)")

    @property
    def expected_issuer(self) -> str:
        """The issuer that discovery document and tokens must name."""
        return self.issuer or f"{self.server_url.rstrip('/')}/realms/{quote(self.realm, safe='')}"
