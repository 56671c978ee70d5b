"""Logging in: a backend says who it is, the database which person that is."""

from __future__ import annotations

import asyncio
from typing import Any

import jwt
import pytest
from structlog.testing import capture_logs

from starbeam.db.models import (
    AdminVar,
    Permission,
    Person,
    UserGroup,
    UserGroup_has_Permission,
    UserGroup_has_Person,
)
from starbeam.faults import StartupError
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import SECRET, AsUser, MakeApp
from support import probe
from support.answers import NOT_VERIFIED, Said, invalid, refused, said
from support.probe import WITH_PROBE

pytestmark = pytest.mark.anyio

UNKNOWN_PERSON = refused(401, "User does not exist in database.")


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    return await make_app("probe", **WITH_PROBE)


async def log_in(app: TestApp, login: Any, password: Any = "x", plugin: Any = "probe", **more: Any) -> Said:
    body = {"plugin": plugin, "login": login, "password": password, **more}
    return said(await app.client.post("/auth/login", json=body))


async def who(app: TestApp, login: Any, **more: Any) -> tuple[str, list[str], int]:
    """Login, permissions and `personId` of a successful log-in."""
    status, body = await log_in(app, login, **more)
    assert status == 201, body
    claims = jwt.decode(body["token"], SECRET, algorithms=["HS256"])
    assert claims["login"] == body["login"]
    assert claims["permissions"] == body["permissions"]
    assert sorted(body) == ["login", "permissions", "token"]
    return body["login"], body["permissions"], claims["personId"]


@pytest.mark.four_databases
async def test_a_person_logs_in(app: TestApp) -> None:
    await app.database.person("other")
    await app.database.person("abcd", "probe", "all_proposals")
    assert await who(app, "abcd") == ("abcd", ["all_proposals", "probe"], 2)
    assert await who(app, "ABCD ") == ("abcd", ["all_proposals", "probe"], 2)
    assert await who(app, None, token="of:abcd") == ("abcd", ["all_proposals", "probe"], 2)
    assert await log_in(app, "abcd", "wrong") == NOT_VERIFIED
    assert await log_in(app, "stranger") == UNKNOWN_PERSON


@pytest.mark.four_databases
async def test_permissions_are_compared_letter_by_letter_whatever_is_one_to_the_database(
    app: TestApp,
) -> None:
    person = await app.database.person("abcd")
    for key, name in ((50, "Own_sessions"), (51, "own_sessions"), (52, "öwn_sessions")):
        await app.database.add(UserGroup, userGroupId=key, name=f"group {key}")
        await app.database.add(Permission, permissionId=key, type=name)
        await app.database.add(UserGroup_has_Person, userGroupId=key, personId=person)
        await app.database.add(UserGroup_has_Permission, userGroupId=key, permissionId=key)
    _, permissions, _ = await who(app, "abcd")
    assert sorted(permissions) == ["Own_sessions", "own_sessions", "öwn_sessions"]


@pytest.mark.fix(14)
@pytest.mark.four_databases
async def test_a_permission_of_two_groups_is_named_once(app: TestApp) -> None:
    await app.database.person("abcd", "probe")
    await app.database.sql("INSERT INTO UserGroup (userGroupId, name) VALUES (50, 'second')")
    await app.database.sql("INSERT INTO UserGroup_has_Person (userGroupId, personId) VALUES (50, 1)")
    await app.database.sql(
        "INSERT INTO UserGroup_has_Permission (userGroupId, permissionId)"
        " SELECT 50, permissionId FROM Permission WHERE type = 'probe'"
    )
    assert await who(app, "abcd") == ("abcd", ["probe"], 1)


@pytest.mark.on("mariadb-community")
async def test_of_two_persons_with_one_login_the_first(app: TestApp) -> None:
    """Only this flavour lets two persons have one."""
    for person_id, login in ((3, "abcd"), (9, "efgh"), (2, "ABCD")):
        await app.database.add(Person, personId=person_id, login=login)
    assert await who(app, "abcd") == ("ABCD", [], 2)


@pytest.mark.four_databases
async def test_accents_tell_people_apart(app: TestApp) -> None:
    """The databases take `rené` and `rene` for one, latin1_swedish_ci `müller` and `myller`; a directory does
    not."""
    await app.database.add(AdminVar, name="create_person_on_missing", value="true")
    await app.refresh()
    for login, other in (("rene", "rené"), ("müller", "myller"), ("muller", "müller")):
        await app.database.sql("DELETE FROM Person")
        await app.database.person(login)
        assert (await who(app, login.upper() + " "))[0] == login
        status, said = await log_in(app, other)
        assert status == 401 or said["login"] == other


async def test_plugins_that_are_not_there(app: TestApp) -> None:
    await app.database.person("abcd")
    for plugin in ("ldap", "dummy", "", "PROBE", None):
        assert await log_in(app, "abcd", plugin=plugin) == NOT_VERIFIED
    assert said(await app.client.post("/auth/login", json={})) == NOT_VERIFIED
    answer = await app.client.post("/auth/login", json={"login": "abcd", "password": "x"})
    assert said(answer) == NOT_VERIFIED


@pytest.mark.fix(33)
@pytest.mark.four_databases
async def test_no_login_finds_nobody(make_app: MakeApp) -> None:
    """Lab contacts are persons without a login."""
    app = await make_app(
        "probe",
        "auth_dummy",
        **WITH_PROBE,
        **{"auth.backends": {"probe": {"use": "probe"}, "dummy": {"use": "auth_dummy", "test_system": True}}},
    )
    await app.database.add(Person, login=None, familyName="Contact")
    for login in (None, "", "   "):
        assert await log_in(app, login, plugin="dummy") == NOT_VERIFIED
        assert await log_in(app, login) == NOT_VERIFIED
    assert await log_in(app, "unnamed") == NOT_VERIFIED
    assert await log_in(app, "long") == NOT_VERIFIED


@pytest.mark.fix(34)
async def test_a_backend_that_breaks_lets_nobody_in_and_shows_nothing(app: TestApp) -> None:
    """The log has what broke and where, without what was sent in secret."""
    await app.database.person("broken")
    with capture_logs() as logs:
        assert await log_in(app, "broken", "vault", token="srv/starbeam") == NOT_VERIFIED
    failed, refusal = (line for line in logs if line["event"] != "request")
    place = failed.pop("place")
    assert place.split(" > ")[0].rpartition(":")[0] == probe.__file__
    assert failed == {
        "event": "log-in backend failed",
        "backend": "probe",
        "error": "RuntimeError: SELECT secret FROM ******** -- /********/********.py",
        "log_level": "error",
    }
    assert refusal["reason"] == "the backend failed"


REASONS: dict[str, dict[str, Any]] = {
    "no such backend": {"plugin": "other"},
    "no such person in the database": {"login": "stranger"},
    "wrong password": {"password": "wrong"},
    "the backend does not verify them": {"login": ""},
    "the backend names no login": {"login": "unnamed"},
    "the database cannot hold the login": {"login": "long"},
    "the login is too long": {"login": "x" * 257},
    "the password or token is too long": {"token": "x" * 16_385},
}


async def test_the_log_says_why_and_the_answer_does_not(app: TestApp) -> None:
    with capture_logs() as logs:
        answers = {
            why: await log_in(app, **{"login": "abcd", **sent})  # who is in no database
            for why, sent in REASONS.items()
        }
    assert [line["reason"] for line in logs if line["event"] == "log-in refused"] == list(REASONS)
    assert answers.pop("no such person in the database") == UNKNOWN_PERSON
    assert answers == dict.fromkeys(answers, NOT_VERIFIED)


@pytest.mark.fix(34)
async def test_a_backend_that_does_not_answer(app: TestApp) -> None:
    answer = await app.client.post("/auth/login", json={"plugin": "probe", "login": "away", "password": "x"})
    assert said(answer) == refused(503, "The directory does not answer.")
    assert answer.headers["Retry-After"] == "5"


async def test_attempts_are_logged_without_what_was_sent_in_secret(app: TestApp) -> None:
    await app.database.person("abcd")
    with capture_logs() as logs:
        await log_in(app, "abcd", "correct horse")
        await log_in(app, "abcd", "wrong", token="battery staple")
    about = {"login": "abcd", "backend": "probe", "address": "127.0.0.1"}
    assert [line for line in logs if line["event"] != "request"] == [
        {"event": "logged in", "log_level": "info", **about},
        {"event": "log-in refused", "log_level": "warning", "reason": "wrong password", **about},
    ]
    assert "horse" not in str(logs)
    assert "staple" not in str(logs)


@pytest.mark.four_databases
async def test_a_missing_person_is_created_when_the_option_says_so(app: TestApp) -> None:
    assert await log_in(app, "newcomer") == UNKNOWN_PERSON
    await app.database.add(AdminVar, name="create_person_on_missing", value="true")
    await app.refresh()
    assert await who(app, "newcomer") == ("newcomer", [], 1)
    assert await who(app, "Newcomer") == ("newcomer", [], 1)
    columns = "login, givenName, familyName, emailAddress, siteId, laboratoryId"
    rows = await app.database.sql(f"SELECT {columns} FROM Person")
    assert [tuple(row) for row in rows] == [("newcomer", "Ada", "Byron", "ada@example.org", 7, None)]
    tables = ("UserGroup_has_Person", "ProposalHasPerson", "AdminActivity")
    assert [len(await app.database.sql(f"SELECT * FROM {table}")) for table in tables] == [0, 0, 0]


@pytest.mark.four_databases
async def test_simultaneous_first_log_ins_create_one_person(app: TestApp) -> None:
    await app.database.add(AdminVar, name="create_person_on_missing", value="true")
    await app.refresh()
    found = await asyncio.gather(*(log_in(app, "newcomer") for _ in range(10)))
    assert [status for status, _ in found] == [201] * 10
    assert [tuple(row) for row in await app.database.sql("SELECT login FROM Person")] == [("newcomer",)]


async def test_a_body_that_is_none(app: TestApp) -> None:
    post = app.client.post
    assert said(await post("/auth/login", json={"login": [5]})) == invalid(
        ["body", "login"], "Expected `str | null`, got `array`"
    )
    assert said(await post("/auth/login", content=b"{")) == invalid(
        ["body"], "JSON decode error", "json_invalid"
    )
    status, body = await log_in(app, "\x00", "\x00")
    assert (status, body) == UNKNOWN_PERSON


@pytest.mark.fix(32)
async def test_the_configuration_shows_what_a_client_needs(make_app: MakeApp) -> None:
    """In the order of the configuration; without settings that have no value, and without secrets."""
    backends = {
        "second": {"use": "probe", "realm": "isa"},
        "first": {"use": "probe", "client_secret": "never"},
        "dummy": {"use": "auth_dummy", "test_system": True},
    }
    app = await make_app("auth_dummy", "probe", **WITH_PROBE, **{"auth.backends": backends})
    assert said(await app.client.get("/auth/config")) == (
        200,
        {
            "plugins": [
                {"name": "second", "config": {"REALM": "isa"}},
                {"name": "first", "config": {}},
                {"name": "dummy", "config": {}},
            ]
        },
    )
    await app.database.person("abcd")
    assert (await who(app, "abcd", plugin="second"))[0] == "abcd"
    assert await log_in(app, "abcd", plugin="probe") == NOT_VERIFIED


@pytest.mark.fix(173)
async def test_the_backend_without_proof_starts_on_test_systems_only(make_app: MakeApp) -> None:
    with pytest.raises(StartupError) as raised:
        await make_app("auth_dummy", **{"auth.backends": {"dummy": {"use": "auth_dummy"}}})
    (fault,) = raised.value.faults
    assert (fault.plugin, fault.stage, fault.cause) == (
        "auth_dummy",
        "settings",
        "auth.backends.dummy.test_system: this log-in lets everybody in: it starts only with true",
    )


async def test_a_new_token_serves_the_next_request(app: TestApp, as_user: AsUser) -> None:
    await app.database.person("abcd", "probe")
    await app.refresh()
    _, body = await log_in(app, "abcd")
    headers = {"Authorization": f"Bearer {body['token']}"}
    assert said(await app.client.get("/probe/held", headers=headers)) == (200, 0)
