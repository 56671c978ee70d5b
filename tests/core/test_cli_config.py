"""`starbeam config show`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result

from support.commands import SECRET, Site


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.chdir(tmp_path)
    for name in ("STARBEAM_SERVER__PORT", "STARBEAM_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return Site(tmp_path)


def succeeded(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


# show


def test_show_tells_values_and_where_they_come_from(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    key = site.folder / "key"
    key.write_text(SECRET)
    site.secret = ""
    site.url = "mysql+asyncmy://ispyb:pass-word@db.example.org/ispyb"
    site.plugins = ["auth_dummy", "auth_ldap"]
    site.more = (
        '[auth.backends.staff]\nuse = "auth_ldap"\nuser_dn = "uid={login},ou=people,dc=example,dc=org"\n'
        '[plugin.auth_ldap]\nuri = "ldaps://ldap.example.org"\n'
    )
    monkeypatch.setenv("STARBEAM_SERVER__PORT", "8123")
    monkeypatch.setenv("STARBEAM_AUTH__SECRET_KEY_FILE", str(key))
    output = succeeded(site.invoke("config", "show", "--origin", "--json"))
    found = {row["key"]: (row["value"], row["origin"]) for row in json.loads(output)}
    file = str(site.folder / "site.toml")
    assert found["server.port"] == (8123, "environment STARBEAM_SERVER__PORT")
    assert found["server.workers"] == (1, "default")
    assert found["database.url"] == ("mysql+asyncmy://ispyb:********@db.example.org/ispyb", file)
    assert found["auth.secret_key"] == ("********", "environment STARBEAM_AUTH__SECRET_KEY_FILE")
    assert found["plugins.enabled"] == (["auth_dummy", "auth_ldap"], file)
    assert found["auth.backends.dummy.test_system"] == (True, file)
    assert found["auth.backends.staff.uri"] == ("ldaps://ldap.example.org", file)
    assert found["auth.backends.staff.timeout"] == (5, "default")
    assert found["auth.backends.staff.service_password"] == ("", "default")
    assert found["auth.backends.staff.attributes.familyName"] == ("sn", "default")
    shown = succeeded(site.invoke("config", "show", "--origin"))
    assert "pass-word" not in output + shown
    assert SECRET not in output + shown
    (line,) = [line for line in shown.splitlines() if line.startswith("server.port ")]
    assert line.split() == ["server.port", "8123", "environment", "STARBEAM_SERVER__PORT"]
    assert "environment" not in succeeded(site.invoke("config", "show"))
