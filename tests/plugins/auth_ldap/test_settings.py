"""What is said of a section that cannot work, and that the documented ones can."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from starbeam.app import Starbeam
from starbeam.auth.backends import Identity
from starbeam.db.schema import Schema
from starbeam.faults import StartupError
from starbeam.settings import load
from starbeam_auth_ldap.settings import LdapSettings, Server, servers_of
from starbeam_ddl.facts import FLAVOURS, Flavour, facts

GOOD = {"uri": "ldaps://ldap.example.org", "user_dn": "uid={login},dc=example"}
SEARCH = {"uri": "ldaps://a", "base": "dc=x", "service_dn": "cn=a", "service_password": "hunter2"}


def build(section: dict[str, Any], environ: dict[str, str] | None = None) -> LdapSettings:
    """The settings of a backend `site` with this section, as the plugin gets them."""
    given = {f"auth.backends.site.{key}": value for key, value in {"use": "auth_ldap", **section}.items()}
    loaded = load(None, environ or {}, {"plugins.enabled": ["auth_ldap"], **given})
    settings = Starbeam(loaded, needs_secret=False).plugins.backends["auth_ldap"]["site"]
    assert isinstance(settings, LdapSettings)
    return settings


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"user_dn": "uid={login}"}, "site.uri: is required"),
        ({**GOOD, "uri": ""}, "site.uri: expected ldaps://host or ldap://host, with a :port if need be"),
        ({**GOOD, "uri": "http://a"}, 'a :port if need be, got "http://a"'),
        ({**GOOD, "uri": "ldap://a ldap.example.org"}, 'got "ldap.example.org"'),
        ({**GOOD, "uri": "ldap://a:port"}, 'got "ldap://a:port"'),
        ({**GOOD, "uri": "ldap://[::1"}, 'got "ldap://[::1"'),
        ({**GOOD, "uri": "ldap://a/dc=x??sub"}, 'got "ldap://a/dc=x??sub"'),
        ({**GOOD, "uri": "ldap://me:hunter2@a"}, 'got "ldap://me:********@a"'),
        ({**GOOD, "uri": "ldapi:///run/ldapi"}, 'got "ldapi:///run/ldapi"'),
        ({**GOOD, "user_dn": "uid=login,dc=x"}, "site.user_dn: expected {login} in it"),
        ({**GOOD, "user_dn": "{login}@example.org"}, "site.user_dn: expected a name such as ou=people"),
        ({**GOOD, "ca_file": "/nowhere.pem"}, "site.ca_file: expected a file of PEM certificates"),
        ({**GOOD, "ca_file": __file__}, "site.ca_file: expected a file of PEM certificates"),
        ({**GOOD, "login_attribute": "uid)(x"}, "site.login_attribute: expected the name of an attribute"),
        ({**GOOD, "login_attribute": ""}, "site.login_attribute: expected text that is not empty"),
        ({**GOOD, "attributes.mail": "mail"}, "site.attributes.mail: unknown key"),
        ({**GOOD, "timeout": 0}, "site.timeout: expected an integer from 1 to 60, got 0"),
        ({"uri": "ldaps://a"}, "site: expected user_dn (how entries are named) or base"),
        ({**GOOD, **SEARCH}, "site: expected user_dn (how entries are named) or base"),
        ({**SEARCH, "service_password": ""}, "site: base, service_dn and service_password go together"),
        ({**GOOD, "service_dn": "cn=a"}, "site: base, service_dn and service_password go together"),
    ],
)
def test_every_mistake_is_named(section: dict[str, Any], said: str) -> None:
    with pytest.raises(StartupError) as stopped:
        build(section)
    causes = [fault.cause for fault in stopped.value.faults]
    assert any(said in cause for cause in causes), causes
    assert "hunter2" not in str(causes)


def test_without_a_section_the_plugins_own_must_be_complete() -> None:
    settings = {"plugins.enabled": ["auth_ldap"], "plugin.auth_ldap.timeout": 2}
    with pytest.raises(StartupError) as stopped:
        Starbeam(load(None, {}, settings), needs_secret=False)
    assert [fault.cause for fault in stopped.value.faults] == ["plugin.auth_ldap.uri: is required"]


def test_without_any_setting_there_is_no_backend() -> None:
    starbeam = Starbeam(load(None, {}, {"plugins.enabled": ["auth_ldap"]}), needs_secret=False)
    assert starbeam.registry.backends == {}


def test_servers_are_taken_in_order() -> None:
    assert servers_of(" ldaps://a  ldap://b:1389/ LDAP://[::1] ") == [
        Server("a", 636, True),
        Server("b", 1389, False),
        Server("::1", 389, False),
    ]


def test_the_service_password_comes_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("hunter2\n")
    section = {key: value for key, value in SEARCH.items() if key != "service_password"}
    settings = build(section, {"STARBEAM_AUTH__BACKENDS__SITE__SERVICE_PASSWORD_FILE": str(secret)})
    assert settings.service_password == "hunter2"
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_persons_are_fitted_to_the_columns_of_both_schemas(flavour: Flavour) -> None:
    names = {field.name for field in msgspec.structs.fields(Identity)} - {"login", "siteId"}
    table = facts(flavour)["Person"]
    columns = {name: column for name in (*names, "login", "siteId") if (column := table.column(name))}
    schema = Schema("mysql", {"person": {name.lower(): column for name, column in columns.items()}})
    longest = Identity(login="a", **dict.fromkeys(names, "x" * 300)).fitting(schema)
    kept = {name: len(getattr(longest, name) or "") for name in names}
    short = {name: 60 if name == "emailAddress" else 45 for name in ("emailAddress", "phoneNumber")}
    widths = {name: int(columns[name].type[8:-1]) for name in names if name in columns}
    assert widths == {**kept, **short}
    fits = Identity(login="a", emailAddress="x" * 60, phoneNumber="x" * 45, siteId=-(2**31) + 1)
    assert fits.fitting(schema) == fits
