"""What `[auth.backends.<name>]` of a Keycloak realm, or of another provider, holds."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import quote

from msgspec import Meta

from starbeam.api import Section
from starbeam.api.settings import LEEWAY, InvalidValue, check_https, web_address

_Text = Annotated[str, Meta(min_length=1)]


def check_inside_url(value: str) -> None:
    """Require an address; http too, for networks that nobody else is on."""
    if value and not web_address(value):
        raise InvalidValue("expected an https:// or http:// address", got=value)


def _url(description: str, *examples: Any) -> Meta:
    return Meta(description=description, examples=list(examples), extra={"check": check_https})


class KeycloakSettings(Section, frozen=True):
    """Settings of one provider: a Keycloak realm (`server_url`, `realm`), or any other by its `issuer`."""

    client_id: Annotated[
        _Text | Annotated[list[_Text], Meta(min_length=1)],
        Meta(
            description="The client that people log in with, or several of them, that of the web page first. "
            "Tokens of other clients are refused.",
            examples=["ispyb-ui", ["ispyb-ui", "mxcube"]],
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
    inside_url: Annotated[
        str,
        Meta(
            description="Where this server reaches the provider, when that is not where browsers do: it "
            "takes the place of server_url (or issuer) in what is asked. With http:// nobody else may be on "
            "the network between.",
            examples=["http://keycloak:8080"],
            extra={"check": check_inside_url},
        ),
    ] = ""
    client_secret: Annotated[
        str,
        Meta(
            description="The secret of the first client, when the provider demands one of it. Web pages of "
            "this server send it, nobody else is told."
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
    leeway: Annotated[
        float,
        Meta(
            ge=0,
            le=300,
            description="Seconds by which the clocks of the provider and of this server may differ.",
        ),
    ] = LEEWAY

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

    @property
    def clients(self) -> list[str]:
        """The clients whose tokens are taken, that of the web page first."""
        return [self.client_id] if isinstance(self.client_id, str) else self.client_id

    def inside(self, url: str) -> str:
        """Where this server finds what browsers find at `url`."""
        return _moved(url, self.issuer or self.server_url, self.inside_url)

    def outside(self, url: str) -> str:
        """Where browsers find what this server finds at `url`."""
        return _moved(url, self.inside_url, self.issuer or self.server_url)


def _moved(url: str, old: str, new: str) -> str:
    """The address with another beginning, if it has the old one."""
    old, new = old.rstrip("/"), new.rstrip("/")
    return new + url.removeprefix(old) if old and new and f"{url}/".startswith(f"{old}/") else url
