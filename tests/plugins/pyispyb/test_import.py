"""`starbeam config import`: py-ispyb's settings as a configuration."""

from __future__ import annotations

import json
import stat
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import make_url

from starbeam.cli.group import cli
from starbeam.settings.checks import check_database_url
from support.commands import Site

ENV = """
# a comment
API_ROOT=/api/
export SQLALCHEMY_DATABASE_URI="mysql+mysqlconnector://ispyb:p%40ss@db.example.org:3307/pydb?charset=utf8"
isPyB_database_pool = 15
ISPYB_DATABASE_OVERFLOW=many
SECRET_KEY='a key # with a hash' # not of it
JWT_CODING_ALGORITHM=HS512
TOKEN_EXP_TIME=600
CORS=True
PATH_MAP=/mnt
QUERY_DEBUG=true
SERVICE_NAME=core
SIMULATION_CONFIG=simulation.yml
AUTH_CONFIG=auth.yml
FAVOURITE=blue
"""
AUTH = """
AUTH:
  - dummy:
      ENABLED: true
      AUTH_MODULE: pyispyb.core.modules.auth.DummyAuth
      AUTH_CLASS: DummyAuth
  - ldap:
      ENABLED: true
      AUTH_MODULE: somewhere
      AUTH_CLASS: LdapAuth
      CONFIG:
        LDAP_URI: ldap://ldap.example.org
        LDAP_BASE_INTERNAL: ou=people,dc=example,dc=org
        LDAP_BASE_GROUPS: ou=groups
  - keycloak:
      ENABLED: true
      AUTH_MODULE: somewhere
      AUTH_CLASS: KeycloakAuth
      CONFIG:
        KEYCLOAK_SERVER_URL: https://keycloak.example.org/auth/
        KEYCLOAK_CLIENT_ID: ispyb
        KEYCLOAK_REALM_NAME: facility
        KEYCLOAK_CLIENT_SECRET_KEY: hush
  - spare:
      ENABLED: false
      AUTH_CLASS: DummyAuth
  - own:
      ENABLED: true
      AUTH_CLASS: FacilityAuth
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STARBEAM_CONFIG", raising=False)
    return Site(tmp_path)


def succeeded(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["config", "import", *words])


@pytest.fixture
def old(site: Site) -> Site:
    """A site with the files of a py-ispyb installation."""
    Path("old.env").write_text(ENV)
    Path("auth.yml").write_text(AUTH)
    return site


def test_import_carries_over_what_has_a_meaning_here(old: Site) -> None:
    result = run("old.env", "auth.yml")
    found = tomllib.loads(succeeded(result))
    enabled = found["plugins"].pop("enabled")
    assert {"ispyb", "legacy", "auth_dummy", "auth_ldap", "auth_keycloak"} <= set(enabled)
    assert found.pop("plugin") == {"simulator": {"simulation_config": "simulation.yml"}}
    assert found == {
        "server": {"api_root": "/api", "cors_origins": ["*"]},
        "database": {"url": "mysql+asyncmy://ispyb:p%40ss@db.example.org:3307/pydb", "pool_size": 15},
        "auth": {
            "secret_key": "a key # with a hash",
            "algorithm": "HS512",
            "token_lifetime": 600,
            "backends": {
                "dummy": {"use": "auth_dummy"},
                "ldap": {
                    "use": "auth_ldap",
                    "uri": "ldap://ldap.example.org",
                    "user_dn": "uid={login},ou=people,dc=example,dc=org",
                },
                "keycloak": {
                    "use": "auth_keycloak",
                    "server_url": "https://keycloak.example.org/auth/",
                    "realm": "facility",
                    "client_id": "ispyb",
                    "mode": "userinfo",
                },
            },
        },
        "files": {"path_map": "/mnt"},
        "plugins": {},
    }
    left = result.stderr.splitlines()
    assert all(line.startswith("not carried over: ") for line in left)
    for word in (
        "ISPYB_DATABASE_OVERFLOW is no whole number",
        "QUERY_DEBUG is the runtime option",
        "SERVICE_NAME has no meaning here",
        "FAVOURITE is not known",
        "files.roots",
        "test_system = true",
        "start_tls = false",
        "LDAP_BASE_GROUPS of ldap",
        "KEYCLOAK_CLIENT_SECRET_KEY of keycloak",
        "the log-in spare, which is not enabled",
        "write a plugin for FacilityAuth",
    ):
        assert [word in line for line in left].count(True) == 1, word
    assert "hush" not in result.output


def test_folders_are_asked_for_whatever_was_set(old: Site) -> None:
    Path("old.env").write_text("SECRET_KEY=5")
    assert "files.roots" in run("old.env").stderr


def test_what_was_imported_is_a_configuration(old: Site) -> None:
    Path("auth.yml").write_text(AUTH.replace("DummyAuth", "NobodysAuth"))
    succeeded(run("old.env", "auth.yml", "-o", "new.toml"))
    assert stat.S_IMODE(Path("new.toml").stat().st_mode) == 0o600
    result = CliRunner().invoke(cli, ["config", "check", "--json", "--config", "new.toml"])
    (fault,) = json.loads(result.stdout)["faults"]  # the key above is not good enough, and nothing else
    assert "auth.secret_key" in fault["cause"]
    again = run("old.env", "auth.yml", "-o", "new.toml")
    assert again.exit_code == 1
    assert "new.toml cannot be written: File exists" in again.stderr


def test_import_without_the_second_file_names_it(old: Site) -> None:
    result = run("old.env")
    assert "AUTH_CONFIG: give the file auth.yml as second argument" in result.stderr
    assert "auth_ldap" not in succeeded(result)


@pytest.mark.parametrize(
    ("env", "auth", "said"),
    [
        ("SECRET_KEY\n", AUTH, "line 1 is not NAME=value"),
        ("A B=c\n", AUTH, "line 1 is not NAME=value"),
        (ENV, "AUTH: [", "auth.yml is no YAML with a list AUTH"),
        (ENV, "OTHER: []", "auth.yml is no YAML with a list AUTH"),
        (ENV, "AUTH:\n  - dummy", "auth.yml is no YAML with a list AUTH"),
        (ENV, None, "auth.yml cannot be read: No such file or directory"),
    ],
)
def test_files_that_cannot_be_read_are_one_line(site: Site, env: str, auth: str | None, said: str) -> None:
    Path("old.env").write_text(env)
    if auth is not None:
        Path("auth.yml").write_text(auth)
    result = run("old.env", "auth.yml")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    {
        "mysql+mysqlconnector://u:p%40s%2Fs@db:3307/pydb?charset=utf8": "mysql+asyncmy://u:p%40s%2Fs@db:3307/pydb",
        "mysql://u:a/b?c:d@db/pydb?a=1&b=x@y": "mysql+asyncmy://u:a/b?c:d@db/pydb",
        "mariadb+pymysql://[2001:db8::1]:3306/pydb": "mysql+asyncmy://[2001:db8::1]:3306/pydb",
        "sqlite:////var/lib/old.db": "sqlite+aiosqlite:////var/lib/old.db",
    }.items(),
)
def test_database_urls_keep_all_but_the_driver_and_its_options(site: Site, old: str, new: str) -> None:
    """What is left is the same for SQLAlchemy, and a setting of this server."""
    Path("old.env").write_text(f"SQLALCHEMY_DATABASE_URI={old}\n")
    assert tomllib.loads(succeeded(run("old.env")))["database"]["url"] == new
    before, after = make_url(old), make_url(new)
    assert before.set(drivername=after.drivername, query={}) == after
    check_database_url(new)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("postgresql://a/b", "neither MariaDB nor SQLite"),
        ("nonsense", "no database URL"),
        ("mysql://u:p@db:port/pydb", "no database URL"),
    ],
)
def test_databases_of_other_kinds_are_not_carried_over(site: Site, value: str, said: str) -> None:
    Path("old.env").write_text(f"SQLALCHEMY_DATABASE_URI={value}\n")
    result = run("old.env")
    assert "database" not in tomllib.loads(succeeded(result))
    assert said in result.stderr
