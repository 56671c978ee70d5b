"""`starbeam doctor`: what is well with a configuration and a database, and what is not."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from starbeam.app import Starbeam
from starbeam.db.sqlite import Connection
from starbeam.settings import load
from starbeam_doctor import commands, database, error, grants, ok, warning
from starbeam_testing.app import TestDatabase
from starbeam_testing.fixtures import SECRET, AsUser, MakeApp
from support.commands import Site, free_port
from support.portal import PATH, document
from support.schemas import Kind

Findings = dict[str, list[dict[str, Any]]]

CHECK = """
@hookimpl
def register_checks(self, ctx):
    async def fine(): return None
    async def bad(): return "The licence has expired."
    async def broken(): raise RuntimeError("secret inside")
    return [Check("fine", fine), Check("bad", bad), Check("broken", broken, essential=False)]
"""


CHANGES_MORE = """
@hookimpl
def register_routes(self, ctx):
    @post("/notes", access=public)
    async def add_note(write: NamedDependency[Write]) -> None:
        async def add(writer: Writer) -> None:
            await writer.insert(Laboratory, {"name": "L"})
            writer.committed.append(tell)
        async def tell() -> None:
            Path("told").touch()
        await write(add)
        Path("outside").touch()

    @post("/others", access=public)
    async def add_other(write: NamedDependency[Write]) -> None:
        with suppress(PermissionError):
            socket.create_connection(("127.0.0.1", 9))
        with suppress(PermissionError):
            subprocess.run(["touch", "outside"])
        with suppress(PermissionError):
            os.mkdir("outside")

    return [add_note, add_other]
"""
NEEDS = """
import os, socket, subprocess
from contextlib import suppress
from pathlib import Path
from litestar import post
from litestar.di import NamedDependency
from starbeam.api.database import Write, Writer
from starbeam.api.models import Laboratory
"""


def test_of_each_kind_of_warning_one_is_printed() -> None:
    """Errors all, the first; the other warnings are counted."""
    names = ("one", "two", "three")
    lacking = [warning("tables of stats", f"{name} is missing", "empty in GET /stats") for name in names]
    found = [ok("plugins", "stats"), *lacking, warning("clock", "late"), *(error("grants", n) for n in names)]
    kept = list(commands.one_of_each(found))
    first = lacking[0].says
    assert [(one.about, one.says) for one in kept] == [
        ("plugins", "stats"),
        ("tables of stats", f"{first}, and 2 more such warnings: -v prints them"),
        ("clock", "late"),
        *(("grants", name) for name in names),
    ]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.chdir(tmp_path)
    return Site(tmp_path)


def findings(result: Result) -> Findings:
    """What was found, by what it is about."""
    found: Findings = {}
    for one in json.loads(result.stdout):
        found.setdefault(one["about"], []).append(one)
    return found


def levels(found: Findings) -> dict[str, str]:
    return {about: one[0]["level"] for about, one in found.items() if len(one) == 1}


def test_a_site_in_order(site: Site) -> None:
    data = site.folder / "data"
    data.mkdir()
    site.more = f'[server]\ntimezone = "Europe/Paris"\n[files]\nroots = ["{data}"]\npath_map = "{data}/old"\n'
    site.config.chmod(0o600)
    site.make_database()
    result = site.invoke("doctor", "--json", "--db")
    found = findings(result)
    assert result.exit_code == 0
    assert levels(found) == {
        "plugins": "ok",
        "log-in dummy": "warning",
        "secrets": "ok",
        "server.timezone": "ok",
        "files.roots": "ok",
        "database": "ok",
        "tables": "ok",
    }
    assert found["database"][0]["says"].startswith("answers: SQLite 3.")
    assert found["tables"][0]["says"] == "the database has everything that the enabled plugins know"
    assert found["log-in dummy"][0]["says"] == "lets everybody in as anybody"


def test_what_is_wrong_is_told_with_what_to_do(site: Site) -> None:
    site.add_plugin("licensed", CHECK, "from starbeam.checks import Check\n")
    site.plugins = ["auth_dummy", "auth_ldap"]
    site.more = (
        '[files]\nroots = ["/nowhere/data"]\npath_map = "/mnt/x"\n[auth.backends.more]\nuse = "auth_dummy"\n'
        "test_system = true\n"
    )
    site.config.chmod(0o644)
    result = site.invoke("doctor", "--json")
    found = findings(result)
    assert result.exit_code == 1
    assert levels(found) == {
        "plugins": "ok",
        "log-in by auth_ldap": "warning",
        "log-in dummy": "warning",
        "log-in more": "warning",
        "secrets": "warning",
        "server.timezone": "warning",
        "files.roots": "error",
        "files.path_map": "error",
        "check licensed.fine": "ok",
        "check licensed.bad": "error",
        "check licensed.broken": "warning",
    }
    assert found["secrets"][0]["remedy"] == f"chmod go= {site.folder / 'site.toml'}"
    assert found["check licensed.bad"][0]["says"] == "The licence has expired."
    assert "secret inside" not in result.output
    assert site.secret not in result.output
    shown = site.invoke("doctor").stdout
    assert "/nowhere/data is no folder" in shown
    assert "mount it, or leave it out" in shown


def test_a_server_that_cannot_start_is_told_too(site: Site) -> None:
    site.plugins = ["auth_dummy", "nobodys"]
    site.secret = ""
    result = site.invoke("doctor", "--json", "--db")
    found = findings(result)
    assert result.exit_code == 2
    assert found["nobodys (discover)"][0]["says"] == "is not installed"
    assert "auth.secret_key is empty" in found["server (settings)"][0]["says"]
    assert "database" not in found


def test_a_database_that_is_away_is_a_finding(site: Site) -> None:
    site.url = f"mysql+asyncmy://root:pass-word@127.0.0.1:{free_port()}/ispyb"
    result = site.invoke("doctor", "--json", "--db")
    assert result.exit_code == 3
    assert findings(result)["database"][0]["says"].startswith("does not answer: ")
    assert "pass-word" not in result.output


def test_an_empty_database_is_one_finding(site: Site) -> None:
    sqlite3.connect(site.folder / "union.db").close()
    result = site.invoke("doctor", "--json", "--db")
    assert result.exit_code == 1
    (tables,) = (one for about, one in findings(result).items() if about.startswith("tables"))
    assert [one["remedy"] for one in tables] == ["starbeam db create makes them; or see database.url"]


def test_what_a_database_lacks_and_which_routes_it_costs(site: Site) -> None:
    site.make_database()
    with sqlite3.connect("union.db", factory=Connection) as connection:
        connection.execute("DROP TABLE SessionType")
        connection.execute("ALTER TABLE BLSession DROP COLUMN nbReimbDewars")
        connection.execute("ALTER TABLE Proposal RENAME COLUMN proposalCode TO code")
    result = site.invoke("doctor", "--json", "--db")
    assert result.exit_code == 1
    found = findings(result)
    told = {one["says"]: one for about in ("tables of ispyb", "tables of proposals") for one in found[about]}
    code, session_type = told["Proposal.proposalCode is missing"], told["SessionType is missing"]
    assert (code["level"], code["remedy"]) == ("error", "the server cannot start without it")
    assert (session_type["about"], session_type["level"]) == ("tables of proposals", "warning")
    dewars = told["BLSession.nbReimbDewars is missing"]
    assert "GET /ispyb/api/v1/sessions/{sessionId}" in dewars["remedy"]
    assert "/proposals" not in dewars["remedy"]
    assert "tables" not in found


def test_operations_are_tried_and_nothing_changes(site: Site) -> None:
    site.add_plugin("notes", CHANGES_MORE, NEEDS)
    site.make_database()
    with sqlite3.connect("union.db", factory=Connection) as connection:
        connection.execute("ALTER TABLE Laboratory DROP COLUMN name")
    found = findings(site.invoke("doctor", "--json", "--db"))
    assert found["tables of core"][0]["remedy"] == "empty or null in: POST /ispyb/api/v1/notes"
    (operations,) = found["operations"]
    assert operations["says"] == "cannot be tried without a database: POST /ispyb/api/v1/notes"
    assert not list(site.folder.glob("told")) + list(site.folder.glob("outside"))
    with sqlite3.connect("union.db", factory=Connection) as connection:
        assert connection.execute("SELECT count(*) FROM Laboratory").fetchone() == (0,)


@pytest.mark.parametrize(
    ("roots", "path_map", "good"),
    [
        (["{0}/data"], "", True),
        (["{0}/data"], "{0}", True),  # paths of the database begin with /data
        (["{0}/data"], "{0}/data/old", True),
        (["{0}/data"], "{0}/dat", True),  # which ends in the middle of a name
        (["{0}/data"], "{0}/data2/x", False),
    ],
)
def test_a_path_map_leads_into_a_root(site: Site, roots: list[str], path_map: str, good: bool) -> None:
    for name in ("data", "data2"):
        (site.folder / name).mkdir()
    written = json.dumps([one.format(site.folder) for one in roots])
    site.more = f'[files]\nroots = {written}\npath_map = "{path_map.format(site.folder)}"\n'
    assert ("files.path_map" not in findings(site.invoke("doctor", "--json"))) == good


# MariaDB


def starbeam(url: str, *plugins: str) -> Starbeam:
    given = {"database.url": url, "auth.secret_key": SECRET, "plugins.enabled": list(plugins)}
    return Starbeam(load(None, {}, given))


@pytest.mark.anyio
@pytest.mark.on("mariadb-union")
async def test_the_grants_that_are_printed_are_enough(
    db: TestDatabase, kind: Kind, make_app: MakeApp, as_user: AsUser
) -> None:
    plugins = ("ispyb", "proposals", "shipping", "admin", "userportal", "tokens", "audit", "auth_dummy")
    restricted = db.url.replace("root@", "narrow@")
    backends = {"auth.backends": {"dummy": {"use": "auth_dummy", "test_system": True}}}
    await db.sql("CREATE USER 'narrow'@'127.0.0.1'")
    await db.sql(f"GRANT SELECT ON `{kind.flavour}`.* TO 'narrow'@'127.0.0.1'")
    await db.upgrade(starbeam(db.url, *plugins[:-1]))
    try:
        (before,) = [one for one in await database.examine(starbeam(restricted, *plugins[:-1])) if one.sql]
        assert (before.level, before.about) == ("error", "grants")
        assert "lacks INSERT on AdminActivity" in before.says
        for statement in before.sql:
            await db.sql(statement)
        (after,) = [one for one in await database.examine(starbeam(restricted, *plugins[:-1])) if one.sql]
        assert (after.level, after.says) == ("ok", "narrow@127.0.0.1 has all that is needed")
        assert not any("`BLSession_has_SCPosition`" in one for one in after.sql)
        (dewars,) = [one for one in after.sql if "`Dewar`" in one]
        assert dewars.startswith("GRANT INSERT, UPDATE ON"), "no operation deletes one"
        deleting = {one.split("`")[3] for one in after.sql if "DELETE" in one}
        theirs = {"SW_onceToken", "UserGroup_has_Permission", "UserGroup_has_Person"}
        own = {f"Starbeam{name}" for name in ("Audit", "Idempotency", "Refresh", "Token", "TokenUse")}
        assert deleting == theirs | own

        app = await make_app(*plugins, **{"database.url": restricted, **backends})
        permissions = (
            "manage_groups",
            "manage_options",
            "manage_perms",
            "uportal_sync",
            "all_proposals",
            "view_audit",
        )
        boss = await as_user(app, "boss", *permissions)

        async def succeeds(method: str, path: str, body: Any = None) -> Any:
            answer = await app.client.request(method, path, json=body, headers=boss)
            assert answer.status_code < 300, (path, answer.text)
            return answer.json() if answer.content else None

        await succeeds("PATCH", "/options", {"create_person_on_missing": True})
        await app.refresh()
        entered = await succeeds("POST", "/auth/login", {"plugin": "dummy", "login": "new", "password": "x"})
        refreshed = await succeeds("POST", "/auth/refresh", {"refreshToken": entered["refreshToken"]})
        await succeeds("POST", "/auth/logout", {"refreshToken": refreshed["refreshToken"]})
        own = (await succeeds("POST", "/tokens/own", {"name": "script"}))["tokenId"]
        await succeeds("DELETE", f"/tokens/own/{own}")
        await succeeds("POST", "/user/sign", {"validity": "/options"})
        group = (await succeeds("POST", "/admin/groups", {"name": "readers"}))["userGroupId"]
        await succeeds("PATCH", f"/admin/groups/{group}", {"name": "writers"})
        person = await db.person("new")
        await succeeds("POST", f"/admin/groups/{group}/person", {"personId": person})
        await succeeds("DELETE", f"/admin/groups/{group}/person/{person}")
        await succeeds("POST", "/admin/permissions", {"type": "see_all", "description": "x"})
        await succeeds("POST", PATH, document())
        laboratory = {"name": "L", "address": "A", "city": "C", "country": "F"}
        person = {"givenName": "G", "familyName": "F", "Laboratory": laboratory}
        card = {"proposalId": 1, "cardName": "card", "Person": person}
        contact = (await succeeds("POST", "/labcontacts", card))["labContactId"]
        changes = {"cardName": "other", "Person": {"familyName": "H", "Laboratory": {"city": "D"}}}
        await succeeds("PATCH", f"/labcontacts/{contact}", changes)
        contacts = {"sendingLabContactId": contact, "returnLabContactId": contact}
        shipment = await succeeds("POST", "/shippings", {"proposalId": 1, "shippingName": "S", **contacts})
        await succeeds("PATCH", f"/shippings/{shipment['shippingId']}", {"shippingName": "T"})
        dewar = await succeeds("POST", "/dewars", {"shippingId": shipment["shippingId"], "code": "D"})
        await succeeds("PATCH", f"/dewars/{dewar['dewarId']}", {"code": "E"})
        puck = {"dewarId": dewar["dewarId"], "code": "C", "containerType": "Puck", "capacity": 16}
        container = await succeeds("POST", "/containers", puck)
        await succeeds("PATCH", f"/containers/{container['containerId']}", {"code": "B"})
        assert (await succeeds("GET", "/admin/audit?operation=/containers"))["total"] == 2
    finally:
        await db.sql("DROP USER 'narrow'@'127.0.0.1'")


@pytest.mark.anyio
@pytest.mark.on("mariadb-community")
async def test_what_the_community_schema_lacks(db: TestDatabase) -> None:
    found = await database.examine(starbeam(db.url, "ispyb", "proposals", "processing"))
    (job,) = [one for one in found if one.about == "tables of ispyb" and "ProcessingJob" in one.says]
    assert job.level == "warning"
    assert "GET /ispyb/api/v1/processings" in job.remedy
    assert len(found) < 30, "what costs the same is told together, and what costs nothing not at all"
    assert [one.level for one in found if one.level == "error"] == []
    (unread,) = [one for one in found if one.about == "tables"]
    number, says = unread.says.split(" ", 1)
    assert (unread.level, says) == ("ok", "tables and columns are missing that no enabled route reads")
    assert int(number) > 0
    (about_grants,) = [one for one in found if one.about == "grants"]
    assert about_grants.level == "warning"  # root may do anything
    assert "may also CREATE, ALTER, DROP" in about_grants.says


def test_how_grants_are_read() -> None:
    held = grants.Held("ispyb_dev")
    held.read(
        [
            "GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*AB'",
            "GRANT SELECT, INSERT ON `ispyb\\_dev`.* TO `u`@`%`",
            "GRANT DELETE ON `ispyb_dev`.`SW_onceToken` TO `u`@`%`",
            "GRANT UPDATE ON `ispyb\\_other`.* TO `u`@`%`",
            "GRANT UPDATE ON `other`.`Person` TO `u`@`%`",
        ]
    )
    assert held.has("SELECT", "Anything")
    assert held.has("DELETE", "sw_oncetoken")
    assert not held.has("DELETE", "Person")
    assert not held.has("UPDATE", "Person")
    assert held.altering == []
    held.read(["GRANT ALL PRIVILEGES ON `ispyb%`.* TO `u`@`%` WITH GRANT OPTION"])
    assert held.has("UPDATE", "Person")
    assert held.altering == ["CREATE", "ALTER", "DROP"]


def test_statements_name_the_account_and_only_what_is_written() -> None:
    assert grants.statements("web@10.0.%", "ispyb", {"Person": {"UPDATE", "INSERT"}}) == [
        "GRANT SELECT ON `ispyb`.* TO 'web'@'10.0.%';",
        "GRANT INSERT, UPDATE ON `ispyb`.`Person` TO 'web'@'10.0.%';",
    ]
