"""The settings of one directory, and what is checked of them when the server starts."""

from __future__ import annotations

import re
import ssl
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

from msgspec import Meta, field

from starbeam.api import Section
from starbeam.api.settings import InvalidValue

LOGIN = "{login}"
"""What stands for the escaped login in `user_dn`."""
_EXPECTED = "expected ldaps://host or ldap://host, with a :port if need be"
_PORTS = {"ldap": 389, "ldaps": 636}
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]*|\d+(\.\d+)+")


class Server(NamedTuple):
    """Where one server of a directory listens."""

    host: str
    port: int
    ldaps: bool


def servers_of(uris: str) -> list[Server]:
    """The servers of URIs that blanks separate, in their order. Raises `InvalidValue`."""
    return [_server(uri) for uri in uris.split()]


def _server(uri: str) -> Server:
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:  # a port that is no number, brackets without an address, a name that cannot be one
        raise InvalidValue(_EXPECTED, got=uri) from None
    more = parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None
    if not host or more or parts.scheme not in _PORTS:
        raise InvalidValue(_EXPECTED, got=uri)
    return Server(host, port or _PORTS[parts.scheme], parts.scheme == "ldaps")


def _check_uri(value: str) -> None:
    if not servers_of(value):
        raise InvalidValue(_EXPECTED)


def _check_ca_file(value: str) -> None:
    try:
        ssl.create_default_context(cafile=value or None)
    except OSError as error:  # of which ssl.SSLError is one
        raise InvalidValue("expected a file of PEM certificates", error.strerror or "", value) from None


def _check_dn(value: str) -> None:
    from ldap3.core.exceptions import LDAPInvalidDnError
    from ldap3.utils.dn import parse_dn

    try:
        parse_dn(value.replace(LOGIN, "login"))
    except LDAPInvalidDnError:
        raise InvalidValue("expected a name such as ou=people,dc=example,dc=org", got=value) from None


def _check_user_dn(value: str) -> None:
    _check_dn(value)
    if value and LOGIN not in value:
        raise InvalidValue(f"expected {LOGIN} in it", "For example uid={login},ou=people,dc=example,dc=org")


def _check_attribute(value: str) -> None:
    if value and not _ATTRIBUTE.fullmatch(value):
        raise InvalidValue("expected the name of an attribute", got=value)


_Attribute = Annotated[str, Meta(extra={"check": _check_attribute})]


class PersonAttributes(Section, frozen=True):
    """Which attribute of an entry becomes which column of `Person`; empty: none."""

    familyName: Annotated[_Attribute, Meta(description="Attribute with the family name.")] = "sn"
    givenName: Annotated[_Attribute, Meta(description="Attribute with the given name.")] = "givenName"
    emailAddress: Annotated[_Attribute, Meta(description="Attribute with the e-mail address.")] = "mail"
    phoneNumber: Annotated[_Attribute, Meta(description="Attribute with the telephone number.")] = (
        "telephoneNumber"
    )
    siteId: Annotated[_Attribute, Meta(description="Attribute with the person's number at the site.")] = (
        "uidNumber"
    )


class LdapSettings(Section, frozen=True):
    """Settings of one directory."""

    uri: Annotated[
        str,
        Meta(
            description="Where the directory is. Several servers of it, separated by blanks, are asked in "
            "this order until one answers.",
            examples=["ldaps://ldap.example.org", "ldap://ldap1.example.org ldap://ldap2.example.org:1389"],
            extra={"check": _check_uri},
        ),
    ]
    start_tls: Annotated[
        bool,
        Meta(description="Demand TLS (StartTLS) on ldap:// too. false: passwords can be read on the way."),
    ] = True
    ca_file: Annotated[
        str,
        Meta(
            description="File with the certificates that sign the directory's. Empty: the system's.",
            examples=["/etc/ssl/certs/facility-ca.pem"],
            extra={"check": _check_ca_file},
        ),
    ] = ""
    user_dn: Annotated[
        str,
        Meta(
            description="How a person's entry is named, with {login} for the login. Empty: it is searched.",
            examples=["uid={login},ou=people,dc=example,dc=org"],
            extra={"check": _check_user_dn},
        ),
    ] = ""
    base: Annotated[
        str,
        Meta(
            description="Where a person's entry is searched, at any depth, instead of user_dn.",
            examples=["ou=people,dc=example,dc=org"],
            extra={"check": _check_dn},
        ),
    ] = ""
    service_dn: Annotated[
        str,
        Meta(
            description="Name of the account that searches below base.",
            examples=["cn=starbeam,ou=services,dc=example,dc=org"],
            extra={"check": _check_dn},
        ),
    ] = ""
    service_password: Annotated[
        str, Meta(description="Password of the account that searches. Keep it out of this file.")
    ] = ""
    login_attribute: Annotated[
        _Attribute,
        Meta(
            description="Attribute that holds the login.",
            min_length=1,
            examples=["uid", "sAMAccountName"],
        ),
    ] = "uid"
    attributes: Annotated[
        PersonAttributes, Meta(description="What is kept of a person who logs in for the first time.")
    ] = field(default_factory=PersonAttributes)
    timeout: Annotated[
        int,
        Meta(description="Seconds after which a server that does not answer is given up.", ge=1, le=60),
    ] = 5

    def __post_init__(self) -> None:
        if bool(self.user_dn) == bool(self.base):
            raise ValueError("expected user_dn (how entries are named) or base (where they are searched)")
        if bool(self.base) != bool(self.service_dn) or bool(self.base) != bool(self.service_password):
            raise ValueError("base, service_dn and service_password go together")

    @property
    def servers(self) -> list[Server]:
        """The directory's servers, in the order in which they are asked."""
        return servers_of(self.uri)
