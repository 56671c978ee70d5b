"""Laboratories, people, and what they may do."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import cycle, product
from random import Random
from uuid import UUID

from starbeam.demo import Row
from starbeam_demo.facility import PERMISSIONS
from starbeam_demo.words import WORDS

GROUPS = {
    "administrators": (
        *("manage_options", "manage_groups", "manage_perms", "manage_persons", "view_activity"),
        *("uportal_sync", "all_proposals", "all_sessions"),
    ),
    "user portal": ("uportal_sync",),
    "user office": ("manage_persons", "all_proposals", "all_sessions"),
    "users": ("own_proposals", "own_sessions"),
    **{f"{technique} staff": (permission,) for technique, permission in PERMISSIONS.items()},
}
"""The permissions of each user group."""

DESCRIPTIONS = {
    "manage_options": "Read and change all options",
    "manage_groups": "Change groups and who is in them",
    "manage_perms": "Change permissions",
    "manage_persons": "List everybody",
    "view_activity": "Read the administration log",
    "uportal_sync": "Synchronise with the user portal",
    "all_proposals": "See every proposal",
    "all_sessions": "See every session in legacy routes",
    "own_proposals": "See one's own proposals in legacy routes",
    "own_sessions": "See one's own sessions in legacy routes",
    "mx_admin": "See everything on the MX beamlines",
    "mapping_admin": "See everything on the spectroscopy beamlines",
    "em_admin": "See everything on the electron microscopes",
}


def laboratories(rng: Random, now: datetime) -> Iterator[Row]:
    """Rows of `Laboratory`: the facility's own first, then those of its users."""
    for number, known in enumerate((WORDS.facility, *WORDS.laboratories), 1):
        yield {
            "laboratoryUUID": _uuid(rng),
            "name": known.name,
            "organization": known.organization,
            "address": known.address,
            "city": known.city,
            "postcode": known.postcode,
            "country": known.country,
            "url": f"https://lab{number}.example.org",
            "laboratoryExtPk": 5000 + number,
            "recordTimeStamp": now - timedelta(days=2000 - 7 * number),
        }


def people(
    rng: Random, count: int, laboratories: Sequence[Row], now: datetime, taken: Iterable[str] = ()
) -> Iterator[Row]:
    """Rows of `Person`, each of one of the laboratories and with a login that is not yet `taken`."""
    logins = {*taken}
    names = {country: _names(rng, country) for country in WORDS.countries}
    for _ in range(count):
        laboratory = rng.choice(laboratories)
        given, family = next(names[laboratory["country"]])
        login = _free(_login(given, family), logins)
        logins.add(login)
        yield person(rng, given, family, laboratory, now, login)


def person(rng: Random, given: str, family: str, laboratory: Row, now: datetime, login: str | None) -> Row:
    """A row of `Person`; without a login it is somebody whose address is known, and no more."""
    mailbox = login or _login(given, family)
    code = WORDS.countries[laboratory["country"]].dialling_code
    return {
        "laboratoryId": laboratory["laboratoryId"],
        "personUUID": _uuid(rng),
        "externalId": rng.randbytes(16),
        "siteId": rng.randrange(10_000, 99_999),
        "familyName": family,
        "givenName": given,
        "title": rng.choice(("Dr", "Dr", "Prof", "Ms", "Mr")),
        "emailAddress": f"{mailbox}@{laboratory['url'].removeprefix('https://')}",
        "phoneNumber": f"+{code} {rng.randrange(10, 99)} {rng.randrange(1_000_000, 9_999_999)}",
        "faxNumber": None,
        "login": login,
        "recordTimeStamp": now - timedelta(days=rng.randrange(30, 1500)),
    }


def permissions() -> Iterator[Row]:
    """Rows of `Permission`: every one that a group has."""
    for name, description in DESCRIPTIONS.items():
        yield {"type": name, "description": description}


def groups() -> Iterator[Row]:
    """Rows of `UserGroup`."""
    for name in GROUPS:
        yield {"name": name}


def grants(groups: Iterable[Row], permissions: Iterable[Row]) -> Iterator[Row]:
    """Rows of `UserGroup_has_Permission`."""
    ids = {row["type"]: row["permissionId"] for row in permissions}
    for group in groups:
        for name in GROUPS[group["name"]]:
            yield {"userGroupId": group["userGroupId"], "permissionId": ids[name]}


def members(groups: Iterable[Row], logins: dict[str, list[str]], people: Iterable[Row]) -> Iterator[Row]:
    """Rows of `UserGroup_has_Person`: the people whose logins are listed for a group's name."""
    ids = {row["login"]: row["personId"] for row in people}
    for group in groups:
        for login in logins.get(group["name"], []):
            yield {"userGroupId": group["userGroupId"], "personId": ids[login]}


_SPELLED: dict[int, str | int | None] = dict(
    zip(map(ord, "ßøØæłŁ"), ("ss", "o", "O", "ae", "l", "L"), strict=True)
)
"""Letters that are no ASCII letter with an accent."""


def _names(rng: Random, country: str) -> Iterator[tuple[str, str]]:
    """Given and family names of a country; each pair once before any comes again."""
    known = WORDS.countries[country]
    pairs = list(product(known.given_names, known.family_names))
    rng.shuffle(pairs)
    return cycle(pairs)


def _login(given: str, family: str) -> str:
    """The first letter and the family name, in ASCII."""
    text = (given[:1] + family).translate(_SPELLED)
    letters = unicodedata.normalize("NFD", text)
    return "".join(letter for letter in letters if letter.isascii() and letter.isalpha()).lower()[:12]


def _free(login: str, taken: set[str]) -> str:
    number = 1
    free = login
    while free in taken:
        number += 1
        free = f"{login}{number}"
    return free


def _uuid(rng: Random) -> str:
    return str(UUID(bytes=rng.randbytes(16), version=4))
