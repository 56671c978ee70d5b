"""Whom the directory lets go on without logging in again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from starbeam.api import Unavailable
from starbeam_auth_ldap.directory import Entry, _is_locked
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.answers import refused, said
from support.processes import free_port
from support.slapd import Slapd

pytestmark = pytest.mark.anyio

AGAIN = refused(401, "Please log in again")
LOGIN = {"plugin": "ldap", "login": "abcd", "password": "pässwörd ½"}


@pytest.fixture
def lasting(make_app: MakeApp, slapd: Slapd) -> Callable[..., Any]:
    """Start an app whose log-ins last."""

    async def make(requires: bool, **settings: Any) -> TestApp:
        given = {"use": "auth_ldap", "uri": slapd.uri, "ca_file": slapd.ca_file, "timeout": 30, **settings}
        section = {f"auth.backends.ldap.{key}": value for key, value in given.items()}
        section["plugin.tokens.refresh_requires_backend"] = requires
        app = await make_app("auth_ldap", "ispyb", "tokens", **section)
        await app.database.person("abcd")
        return app

    return make


async def test_who_was_locked_or_is_gone_goes_on_no_more(
    lasting: Any, searched: dict[str, Any], named: dict[str, Any]
) -> None:
    backend = (await lasting(True, **searched)).starbeam.logins.backends["ldap"]
    logins = ("abcd", "ABCD", "locked", "nobody", "twin", "*")
    assert [await backend.still_valid(login) for login in logins] == [True, True, *(False,) * 4]


@pytest.mark.parametrize("requires", [True, False])
async def test_a_directory_that_is_searched_renews(
    lasting: Any, searched: dict[str, Any], requires: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = await lasting(requires, **searched)
    log_in = (await app.client.post("/auth/login", json=LOGIN)).json()
    renewed = await app.client.post("/auth/refresh", json={"refreshToken": log_in["refreshToken"]})
    assert renewed.status_code == 200
    backend = app.starbeam.logins.backends["ldap"]
    monkeypatch.setattr(backend._directory, "lets_on", lambda login: False)
    token = {"refreshToken": renewed.json()["refreshToken"]}
    assert said(await app.client.post("/auth/refresh", json=token)) == AGAIN
    monkeypatch.undo()
    assert said(await app.client.post("/auth/refresh", json=token)) == AGAIN, "it was ended"


async def test_one_that_is_not_gives_no_refresh_token_where_it_must_be_asked(
    lasting: Any, named: dict[str, Any]
) -> None:
    for requires, names in (
        (True, {"login", "token", "permissions", "expiresIn"}),
        (False, {"login", "token", "permissions", "expiresIn", "refreshToken"}),
    ):
        app = await lasting(requires, **named)
        answer = await app.client.post("/auth/login", json=LOGIN)
        assert answer.json().keys() == names


async def test_one_that_must_be_asked_and_is_away_is_no_end(lasting: Any, searched: dict[str, Any]) -> None:
    uri = f"ldap://127.0.0.1:{free_port()}"
    app = await lasting(True, **searched, uri=uri)
    person = await app.database.person("abcd")
    with pytest.raises(Unavailable):
        await app.starbeam.logins.again(person, "abcd", "ldap")
    app = await lasting(False, **searched, uri=uri)
    person = await app.database.person("abcd")
    assert (await app.starbeam.logins.again(person, "abcd", "ldap")).login == "abcd"


@pytest.mark.parametrize(
    ("attributes", "locked"),
    [
        ({}, False),
        ({"pwdaccountlockedtime": [b"000001010000Z"]}, True),
        ({"pwdaccountlockedtime": [b"20260310120000Z"]}, False),  # for wrong passwords, which anybody types
        ({"nsaccountlock": [b"TRUE"]}, True),
        ({"nsaccountlock": [b"false"]}, False),
        ({"useraccountcontrol": [b"512"]}, False),
        ({"useraccountcontrol": [b"514"]}, True),
        ({"useraccountcontrol": [b"odd"]}, False),
    ],
)
def test_what_directories_say_of_locks(attributes: dict[str, list[bytes]], locked: bool) -> None:
    assert _is_locked(Entry("cn=a", attributes)) is locked
