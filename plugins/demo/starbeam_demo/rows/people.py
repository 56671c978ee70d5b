"""Beamlines, laboratories, people, and what they may do."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain, cycle, product
from random import Random
from uuid import UUID

from starbeam.api.demo import Row
from starbeam.api.models import (
    AdminVar,
    Laboratory,
    Permission,
    Person,
    UserGroup,
    UserGroup_has_Permission,
    UserGroup_has_Person,
)
from starbeam_demo import facility
from starbeam_demo.accounts import ACCOUNTS, EMPLOYED
from starbeam_demo.facility import PERMISSIONS
from starbeam_demo.words import WORDS
from starbeam_demo.world import World
from starbeam_ispyb.models import BeamLineSetup

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


STAFF = 18
"""How many people work at the facility, besides those with an account."""
USERS = 130
CONTACTS = 12
"""People without a login: their address is known, and no more."""


async def fill(world: World) -> None:
    """Beamlines and how they are set up, laboratories, people, groups and permissions."""
    rng, now, lines = world.random, world.now, facility.BEAMLINES
    await world.add(AdminVar, facility.options(lines))
    since = now - facility.HISTORY - facility.HALF_YEAR
    setups = chain.from_iterable(facility.setups(rng, line, since, now) for line in lines)
    world.setups = await world.add(BeamLineSetup, setups)
    world.laboratories = await world.add(Laboratory, _laboratories(rng, now))
    world.persons = await world.add(Person, _everybody(world))
    described = ({"type": name, "description": text} for name, text in DESCRIPTIONS.items())
    permissions = {row["type"]: row["permissionId"] for row in await world.add(Permission, described)}
    named = await world.add(UserGroup, ({"name": name} for name in GROUPS))
    groups = {row["name"]: row["userGroupId"] for row in named}
    await world.add(UserGroup_has_Permission, _grants(groups, permissions))
    await world.add(UserGroup_has_Person, _members(groups, world.persons))


def _everybody(world: World) -> Iterator[Row]:
    """Those with an account first, then staff, then users, then contacts without a login."""
    rng, now = world.random, world.now
    own, *others = world.laboratories
    for one in ACCOUNTS:
        home = own if one in EMPLOYED else others[0]
        yield _person(rng, one.given_name, one.family_name, home, now, one.login)
    taken = {one.login for one in ACCOUNTS}
    for number, laboratories in ((STAFF, [own]), (USERS, others)):
        for row in _people(rng, number, laboratories, now, taken):
            taken.add(row["login"])
            yield row
    yield from (row | {"login": None} for row in _people(rng, CONTACTS, others, now))


def _laboratories(rng: Random, now: datetime) -> Iterator[Row]:
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


def _people(
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
        yield _person(rng, given, family, laboratory, now, login)


def _person(rng: Random, given: str, family: str, laboratory: Row, now: datetime, login: str | None) -> Row:
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


def _grants(groups: Mapping[str, int], permissions: Mapping[str, int]) -> Iterator[Row]:
    """Rows of `UserGroup_has_Permission`."""
    for group, names in GROUPS.items():
        for name in names:
            yield {"userGroupId": groups[group], "permissionId": permissions[name]}


def _members(groups: Mapping[str, int], people: Iterable[Row]) -> Iterator[Row]:
    """Rows of `UserGroup_has_Person`: of those with an account."""
    for one, row in zip(ACCOUNTS, people, strict=False):
        for name in one.groups:
            yield {"userGroupId": groups[name], "personId": row["personId"]}


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
