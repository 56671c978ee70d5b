"""A directory for the whole run, and apps that log people in with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.slapd import PEOPLE, SERVICE_DN, SERVICE_PASSWORD, Slapd

ENTRIES = """
dn: uid=abcd,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
objectClass: extensibleObject
uid: abcd
cn: Anna
givenName: Zoë
sn: Müller-Dvořák
mail: zoe@example.org
mail: second@example.org
telephoneNumber: +33 4 76 00 00 00
uidNumber: 4711
userPassword: pässwörd ½

dn: uid=locked,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: locked
cn: Locked
sn: Locked
userPassword: right
pwdAccountLockedTime: 000001010000Z

dn: uid=keyless,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: keyless
cn: Keyless
sn: Keyless

dn: uid=hermit,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: hermit
cn: Hermit
sn: Hermit
userPassword: right

dn: uid=w*e\\5Ci\\2Cr\\2Bd)(\\3D,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: w*e\\i,r+d)(=
cn: Weird
sn: Weird
userPassword: right

dn: uid=bär,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: bär
cn: Bär
sn: Bär
userPassword: right

dn: uid=second,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: first
uid: second
cn: Two names
sn: Two names
userPassword: right

dn: cn=nameless,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
cn: nameless
sn: Nameless
userPassword: right

dn: uid=odd,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
objectClass: extensibleObject
uid: odd
cn: Odd
givenName: {long}
sn: {long}
mail: {long}@example.org
telephoneNumber: {digits}
uidNumber: 4294967296
userPassword: right

dn: ou=staff,ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: staff

dn: uid=deep,ou=staff,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: deep
cn: Deep
sn: Deep
userPassword: right

dn: cn=Twin 1,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: twin
cn: Twin 1
sn: Twin
userPassword: right

dn: cn=Twin 2,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: twin
cn: Twin 2
sn: Twin
userPassword: right
""".format(long="x" * 120, digits="0" * 50)


@pytest.fixture(scope="session")
def slapd() -> Iterator[Slapd]:
    """The directory of the run; nobody changes it."""
    server = Slapd(ENTRIES)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def named() -> dict[str, Any]:
    """Settings by which entries are named."""
    return {"user_dn": f"uid={{login}},{PEOPLE}"}


@pytest.fixture
def searched() -> dict[str, Any]:
    """Settings by which entries are searched."""
    return {"base": PEOPLE, "service_dn": SERVICE_DN, "service_password": SERVICE_PASSWORD}


@pytest.fixture
def ldap_app(make_app: MakeApp, slapd: Slapd, named: dict[str, Any]) -> Any:
    """Start an app with one backend `ldap`: ``await ldap_app(uri=…)``. By default with StartTLS and names."""

    async def make(**settings: Any) -> TestApp:
        how = {} if "base" in settings else named
        given = {"uri": slapd.uri, "ca_file": slapd.ca_file, "timeout": 30, **how, **settings}
        section = {f"auth.backends.ldap.{key}": value for key, value in given.items()}
        return await make_app("auth_ldap", **{"auth.backends.ldap.use": "auth_ldap", **section})

    return make
