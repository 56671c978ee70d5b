"""From an entry of the directory to a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from starbeam.api.auth import Identity, NotVerified

if TYPE_CHECKING:
    from starbeam_auth_ldap.directory import Entry
    from starbeam_auth_ldap.settings import LdapSettings


def identity(entry: Entry, typed: str, settings: LdapSettings) -> Identity:
    """Who the entry is, by the login that the directory holds.

    Raises `NotVerified` when that differs from the login that was typed by more than case and outer blanks:
    directories compare more loosely than that, and a person must not be taken for another.
    """
    login = next((name for name in _texts(entry, settings.login_attribute) if _alike(name, typed)), None)
    if login is None:
        raise NotVerified(f"{entry.dn} has another {settings.login_attribute} than what was typed")
    of = settings.attributes
    return Identity(
        login=login.strip(),
        givenName=_first(entry, of.givenName),
        familyName=_first(entry, of.familyName),
        emailAddress=_first(entry, of.emailAddress),
        phoneNumber=_first(entry, of.phoneNumber),
        siteId=_number(_first(entry, of.siteId)),
    )


def _alike(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()


def _texts(entry: Entry, attribute: str) -> Iterator[str]:
    """The values of an attribute that are text."""
    for value in entry.attributes.get(attribute.lower(), ()):
        try:
            yield value.decode()
        except UnicodeDecodeError:
            continue


def _first(entry: Entry, attribute: str) -> str | None:
    return next((text for value in _texts(entry, attribute) if (text := value.strip())), None)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 20 else None
