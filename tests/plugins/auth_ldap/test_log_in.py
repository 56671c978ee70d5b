"""Who gets in with a directory's login and password, and as whom."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from starbeam.db.models import AdminVar
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.answers import NOT_VERIFIED, Said, refused, said
from support.schemas import Kind
from support.slapd import PEOPLE, Slapd

pytestmark = pytest.mark.anyio

PASSWORD = "pässwörd ½"
COLUMNS = "login, givenName, familyName, emailAddress, phoneNumber, siteId, laboratoryId"

LdapApp = Callable[..., Awaitable[TestApp]]


@pytest.fixture(params=["named", "searched"])
async def app(ldap_app: LdapApp, request: pytest.FixtureRequest) -> TestApp:
    """An app that finds entries by their names, and one that searches them."""
    app = await ldap_app(**request.getfixturevalue(request.param))
    for login in ("abcd", "locked", "keyless", "nobody", "bär", "w*e\\i,r+d)(=", "first", "second"):
        await app.database.person(login)
    return app


async def log_in(app: TestApp, login: Any, password: Any, plugin: str = "ldap") -> Said:
    body = {"plugin": plugin, "login": login, "password": password}
    return said(await app.client.post("/auth/login", json=body))


async def name_of(app: TestApp, login: str, password: str, plugin: str = "ldap") -> str:
    """The login that a successful log-in answers."""
    status, body = await log_in(app, login, password, plugin)
    assert status == 201, body
    return str(body["login"])


async def test_the_right_password_opens(app: TestApp) -> None:
    await app.database.person("abcd", "all_proposals")
    status, body = await log_in(app, "abcd", PASSWORD)
    assert (status, body["login"], body["permissions"]) == (201, "abcd", ["all_proposals"])
    headers = {"Authorization": f"Bearer {body['token']}"}
    assert (await app.client.get("/user/current", headers=headers)).json()["login"] == "abcd"


@pytest.mark.fix(34)
async def test_who_is_refused_gets_one_answer(app: TestApp) -> None:
    for login, password in (
        *(("abcd", "wrong"), ("nobody", PASSWORD), ("locked", "right")),
        *(("keyless", "right"), ("keyless", "")),
    ):
        assert await log_in(app, login, password) == NOT_VERIFIED, login


async def test_the_log_says_why(app: TestApp, request: pytest.FixtureRequest) -> None:
    searched = request.node.callspec.params["app"] == "searched"
    tries = (("abcd", "wrong"), ("stranger", PASSWORD), ("locked", "right"), ("abcd", ""), ("a" * 257, "x"))
    with capture_logs() as lines:
        for login, password in tries:
            assert await log_in(app, login, password) == NOT_VERIFIED
    unsure = "wrong password or no such person"
    sent = "the login or password is empty, too long, or no text"
    assert [line["reason"] for line in lines if line["event"] == "log-in refused"] == [
        *(("wrong password", "no such person") if searched else (unsure, unsure)),
        "wrong password" if searched else unsure,  # slapd does not tell that an account is locked
        *(sent, "the login is too long"),
    ]


@pytest.mark.fix(166)
async def test_an_empty_login_or_password_never_reaches_the_directory(app: TestApp, slapd: Slapd) -> None:
    connections = slapd.log.count("ACCEPT")
    for nothing in (None, "", " ", "\t\n", "\0", "\0 ", "\u2003"):
        assert await log_in(app, "abcd", nothing) == NOT_VERIFIED
        assert await log_in(app, nothing, PASSWORD) == NOT_VERIFIED
    assert slapd.log.count("ACCEPT") == connections


INJECTIONS = (
    *("*", "abc*", "*)(uid=*", "abcd)(|(uid=*", "abcd,ou=people", "abcd,", "abcd+cn=Anna", "abcd\\2a"),
    *("abcd\0", "\0abcd", "abcd)", "(abcd", "uid=abcd", '"abcd"', "#abcd", "abcd\\", "abcd;", "ab\ncd"),
    *(
        "a" * 45,
        "a" * 10_000,
        "é" * 45,
        "\uff41\uff42\uff43\uff44",
        "ab cd",
        "abcd\u200b",
        "\U0001f52c",
        "abcd@example.org",
    ),
)


@pytest.mark.fix(167)
async def test_a_login_is_only_ever_a_login(app: TestApp) -> None:
    for login in INJECTIONS:
        assert await log_in(app, login, PASSWORD) == NOT_VERIFIED, login[:50]


async def test_odd_passwords_are_refused(app: TestApp) -> None:
    for password in ("x" * 1025, "x" * 1_000_000, f"{PASSWORD}\0", PASSWORD.upper(), PASSWORD + " "):
        assert await log_in(app, "abcd", password) == NOT_VERIFIED, password[:50]
    assert await name_of(app, "abcd", PASSWORD) == "abcd", "nothing was given up"


@pytest.mark.fix(167)
async def test_special_characters_of_a_login_mean_themselves(app: TestApp) -> None:
    assert await name_of(app, "w*e\\i,r+d)(=", "right") == "w*e\\i,r+d)(="
    assert await name_of(app, "bär", "right") == "bär"


async def test_a_person_has_one_login_however_it_is_typed(app: TestApp) -> None:
    for typed in ("ABCD", " abcd", "abcd ", "  aBcD  "):
        assert await name_of(app, typed, PASSWORD) == "abcd"


async def test_a_person_with_two_logins_is_who_was_typed(app: TestApp) -> None:
    assert await name_of(app, "second", "right") == "second"


@pytest.mark.fix(34)
async def test_an_entry_without_a_login_is_nobody(ldap_app: LdapApp) -> None:
    app = await ldap_app(user_dn=f"cn={{login}},{PEOPLE}")
    await app.database.person("nameless")
    assert await log_in(app, "nameless", "right") == NOT_VERIFIED


@pytest.mark.fix(34)
async def test_who_may_not_read_the_own_entry_is_nobody(ldap_app: LdapApp) -> None:
    app = await ldap_app()
    await app.database.person("hermit")
    assert await log_in(app, "hermit", "right") == NOT_VERIFIED


async def test_a_search_looks_at_any_depth_and_wants_one_entry(
    ldap_app: LdapApp, searched: dict[str, Any]
) -> None:
    app = await ldap_app(**searched)
    for login in ("deep", "twin"):
        await app.database.person(login)
    assert await name_of(app, "deep", "right") == "deep"
    assert await log_in(app, "twin", "right") == NOT_VERIFIED


async def test_another_attribute_may_hold_the_login(ldap_app: LdapApp, searched: dict[str, Any]) -> None:
    app = await ldap_app(**searched, login_attribute="cn")
    await app.database.person("twin 1")
    assert await name_of(app, "Twin 1", "right") == "twin 1"


@pytest.mark.fix(171)
async def test_each_log_in_is_one_connection_that_is_closed(app: TestApp, slapd: Slapd) -> None:
    before = len(slapd.log)
    passwords = [PASSWORD, "wrong"] * 4
    answers = await asyncio.gather(*(log_in(app, "abcd", password) for password in passwords))
    assert [status for status, _ in answers] == [201, 401] * 4
    log = slapd.log_with(8, "closed", before)
    assert log.count("ACCEPT") == 8
    assert len(re.findall(r"op=\d+ UNBIND", log)) == 8


async def test_nothing_secret_is_logged(app: TestApp, slapd: Slapd) -> None:
    with capture_logs() as lines:
        await log_in(app, "abcd", PASSWORD)
        await log_in(app, "abcd", "wrong-password")
    assert "pässwörd" not in repr(lines)
    assert "wrong-password" not in repr(lines)
    assert {line["event"] for line in lines} == {"logged in", "log-in refused", "request"}


async def allow_new_persons(app: TestApp) -> None:
    await app.database.add(AdminVar, name="create_person_on_missing", value="true")
    await app.refresh()


@pytest.mark.four_databases
@pytest.mark.fix(168)
async def test_a_new_person_is_filled_from_the_directory_once(ldap_app: LdapApp, kind: Kind) -> None:
    app = await ldap_app()
    assert await log_in(app, "abcd", PASSWORD) == refused(401, "User does not exist in database.")
    await allow_new_persons(app)
    answers = await asyncio.gather(*(log_in(app, login, PASSWORD) for login in ("abcd", "ABCD ", "abcd")))
    assert [(status, body["login"], body["permissions"]) for status, body in answers] == [
        (201, "abcd", [])
    ] * 3
    rows = await app.database.sql(f"SELECT {COLUMNS} FROM Person")
    family = "Müller-Dvo?ák" if str(kind) == "mariadb-diamond" else "Müller-Dvořák"  # latin1 has no ř
    assert {tuple(row) for row in rows} == {
        ("abcd", "Zoë", family, "zoe@example.org", "+33 4 76 00 00 00", 4711, None)
    }
    tokens = app.starbeam.tokens
    assert len({tokens.read(body["token"]).personId for _, body in answers}) == 1


@pytest.mark.four_databases
async def test_what_does_not_fit_is_cut_or_left_out(ldap_app: LdapApp) -> None:
    app = await ldap_app()
    await allow_new_persons(app)
    assert await name_of(app, "odd", "right") == "odd"
    (row,) = await app.database.sql(f"SELECT {COLUMNS} FROM Person")
    assert tuple(row) == ("odd", "x" * 45, "x" * 100, None, None, None, None)


async def test_attributes_are_mapped_as_configured(ldap_app: LdapApp) -> None:
    mapped = {"familyName": "cn", "emailAddress": "", "siteId": "telephoneNumber", "phoneNumber": "UIDNUMBER"}
    app = await ldap_app(**{f"attributes.{name}": attribute for name, attribute in mapped.items()})
    await allow_new_persons(app)
    await log_in(app, "abcd", PASSWORD)
    (row,) = await app.database.sql(f"SELECT {COLUMNS} FROM Person")
    assert tuple(row) == ("abcd", "Zoë", "Anna", None, "4711", None, None)


async def test_backends_stand_side_by_side(make_app: MakeApp, slapd: Slapd, named: dict[str, Any]) -> None:
    directory = {"use": "auth_ldap", "uri": slapd.uri, "ca_file": slapd.ca_file, **named}
    sections = {
        "site": directory,
        "dummy": {"use": "auth_dummy", "test_system": True},
        "guests": {**directory, "user_dn": f"uid={{login}},ou=staff,{PEOPLE}"},
    }
    settings = {
        f"auth.backends.{name}.{key}": value
        for name, section in sections.items()
        for key, value in section.items()
    }
    app = await make_app("auth_ldap", "auth_dummy", **settings)
    for login in ("abcd", "deep"):
        await app.database.person(login)
    shown = (await app.client.get("/auth/config")).json()
    assert shown == {"plugins": [{"name": name, "config": {}} for name in ("site", "dummy", "guests")]}
    assert await name_of(app, "abcd", PASSWORD, "site") == "abcd"
    assert await name_of(app, "deep", "right", "guests") == "deep"
    assert await name_of(app, "deep", "anything", "dummy") == "deep"
    assert await log_in(app, "deep", "right", "site") == NOT_VERIFIED
    assert await log_in(app, "abcd", PASSWORD, "ldap") == NOT_VERIFIED
