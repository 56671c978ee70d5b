"""The demo's facility: believable, the same for the same seed, on every kind of database."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sqlite3
from collections import Counter
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec
import pytest
from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncSession

from starbeam.db import sqlite
from starbeam.options import BeamLineGroup
from starbeam_ddl import facts
from starbeam_demo import accounts, facility, showcase
from starbeam_demo.rows import FACILITY, MEASURED, people
from starbeam_demo.world import World
from starbeam_testing.app import TestApp, TestDatabase
from starbeam_testing.fixtures import MakeApp
from support import walk
from support.schemas import SQLITE, Kind, fresh_database

pytestmark = pytest.mark.anyio

PLUGINS = ("ispyb", "proposals")
NOW = datetime.now().replace(minute=0, second=0, microsecond=0)
TODAY = NOW.replace(hour=0)
ALL = {"limit": 10_000}


async def fill(url: str, seed: int = 1) -> World:
    """Make the facility in an empty database."""
    database = TestDatabase(url)
    async with AsyncSession(database.engine) as session, session.begin():
        world = World(session, Random(seed), NOW, Path("/data"))
        for _, part in (*FACILITY, *MEASURED[:4]):
            await part(world)
            world.with_files.clear()  # rows are enough here
            world.pictured.clear()
    await database.engine.dispose()
    return world


class Filled(NamedTuple):
    """An SQLite file with the facility, and what was made of it."""

    file: Path
    world: World


async def fill_new(folder: Path, seed: int = 1) -> Filled:
    """The facility in a new file."""
    url = await fresh_database(SQLITE, folder)
    world = await fill(url, seed)
    return Filled(Path(url.removeprefix("sqlite+aiosqlite:///")), world)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """The facility, to copy or to read."""
    return asyncio.run(fill_new(tmp_path_factory.mktemp("demo")))


@pytest.fixture
async def database_url(kind: Kind, filled: Filled, tmp_path: Path) -> str:
    """A database with the facility."""
    if kind == SQLITE:
        return f"sqlite+aiosqlite:///{shutil.copy(filled.file, tmp_path)}"
    url: str = await fresh_database(kind, tmp_path)
    await fill(url)
    return url


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    """A server of the facility."""
    return await make_app(*PLUGINS)


async def ask(app: TestApp, login: str, path: str, **parameters: Any) -> Any:
    """The answer to one of the facility's people."""
    found = await app.database.sql("SELECT personId FROM Person WHERE login = :login", login=login)
    answer = await app.client.get(path, params=parameters, headers=app.token(login, found[0][0]))
    assert answer.status_code == 200, answer.text
    return answer.json()


def contents(file: Path) -> str:
    """A digest of all rows of all tables."""
    connection = sqlite3.connect(file, factory=sqlite.Connection)
    digest = hashlib.sha256()
    for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"):
        for row in connection.execute(f'SELECT * FROM "{table}" ORDER BY rowid'):
            digest.update(repr((table, row)).encode())
    connection.close()
    return digest.hexdigest()


async def counts(database: TestDatabase) -> dict[str, int]:
    """The number of rows of each table that has any."""
    async with database.engine.connect() as connection:
        tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    numbers = {table: (await database.sql(f"SELECT COUNT(*) FROM `{table}`"))[0][0] for table in tables}
    return {table.lower(): number for table, number in numbers.items() if number}


@pytest.mark.long
async def test_the_same_seed_gives_the_same_rows(filled: Filled, tmp_path: Path) -> None:
    folders = tmp_path / "again", tmp_path / "other"
    for folder in folders:
        folder.mkdir()
    again, other = await fill_new(folders[0]), await fill_new(folders[1], seed=2)
    assert contents(again.file) == contents(filled.file) != contents(other.file)


@pytest.mark.four_databases
async def test_every_database_holds_the_same_rows(db: TestDatabase, kind: Kind, filled: Filled) -> None:
    reference = TestDatabase(f"sqlite+aiosqlite:///{filled.file}")
    tables = {name.lower() for name in facts.facts(kind.flavour)}
    expected = {name: number for name, number in (await counts(reference)).items() if name in tables}
    await reference.engine.dispose()
    assert await counts(db) == expected
    for table in facts.facts(kind.flavour).values():
        for key in table.foreign_keys:
            orphans = (
                f"SELECT COUNT(*) FROM `{table.name}` c LEFT JOIN `{key.references_table}` p"
                f" ON p.`{key.references_column}` = c.`{key.column}`"
                f" WHERE c.`{key.column}` IS NOT NULL AND p.`{key.references_column}` IS NULL"
            )
            assert (await db.sql(orphans))[0][0] == 0, (table.name, key.column)


async def test_sqlite_finds_every_foreign_key_kept(db: TestDatabase) -> None:
    assert await db.sql("PRAGMA foreign_key_check") == []


async def test_size(db: TestDatabase) -> None:
    number = await counts(db)
    assert number["person"] >= 150
    assert number["proposal"] >= 60
    assert number["blsession"] >= 400
    assert number["beamlinesetup"] >= number["adminvar"] * len(facility.BEAMLINES)
    assert sum(number.values()) < 60_000


async def test_proposals_of_all_kinds(app: TestApp) -> None:
    rows = (await ask(app, "admin", "/proposals", **ALL))["results"]
    assert {row["state"] for row in rows} == {"Open", "Closed", "Cancelled"}
    assert {row["proposalCode"] for row in rows} == {"mx", "bi", "em", "ev", "hg", "in", "cm"}
    assert len({(row["proposalCode"], row["title"]) for row in rows}) == len(rows)


async def test_sessions_of_all_kinds(app: TestApp) -> None:
    rows = (await ask(app, "admin", "/sessions", **ALL))["results"]
    assert {row["beamLineName"] for row in rows} == {line.name for line in facility.BEAMLINES}
    running = [row for row in rows if row["_metadata"]["active"]]
    assert {row["beamLineName"] for row in running} == {
        line.name for line in facility.BEAMLINES if not line.archived
    }
    upcoming = [row for row in rows if row["startDate"] > NOW.isoformat()]
    assert len(upcoming) > 10
    assert not any(row["_metadata"]["datacollections"] for row in upcoming)
    past = [row for row in rows if row["endDate"] < NOW.isoformat()]
    assert all(row["_metadata"]["datacollections"] for row in past)
    assert 0 < sum(row["visit_number"] is None for row in rows) < 30
    assert {row["scheduled"] for row in rows} == {True, False}
    assert {kind for row in rows for kind in row["_metadata"]["sessionTypes"]} >= {"commissioning", "remote"}


async def test_no_two_sessions_share_a_beamline(db: TestDatabase) -> None:
    overlapping = await db.sql(
        "SELECT a.sessionId, b.sessionId FROM BLSession a JOIN BLSession b ON a.beamLineName = b.beamLineName"
        " AND a.sessionId < b.sessionId AND a.startDate < b.endDate AND b.startDate < a.endDate"
    )
    assert overlapping == []


async def test_measurements_lie_in_their_sessions_and_follow_each_other(db: TestDatabase) -> None:
    outside = await db.sql(
        "SELECT g.dataCollectionGroupId FROM DataCollectionGroup g JOIN BLSession s USING (sessionId)"
        " JOIN DataCollection c USING (dataCollectionGroupId)"
        " WHERE g.startTime < s.startDate OR g.endTime > s.endDate OR g.endTime > :now"
        " OR c.startTime < g.startTime OR c.endTime > g.endTime OR c.startTime >= c.endTime",
        now=NOW.isoformat(" "),
    )
    overlapping = await db.sql(
        "SELECT a.dataCollectionGroupId"
        " FROM DataCollectionGroup a JOIN DataCollectionGroup b USING (sessionId)"
        " WHERE a.dataCollectionGroupId < b.dataCollectionGroupId AND a.endTime > b.startTime"
    )
    assert (outside, overlapping) == ([], [])


async def test_groups_per_session(db: TestDatabase) -> None:
    groups = await db.sql("SELECT COUNT(*) FROM DataCollectionGroup GROUP BY sessionId")
    numbers = {number for (number,) in groups}
    assert {1, 30} <= numbers & {*range(1, 31)}
    assert {number % 55 for number in numbers if number > 30} == {0}  # busy days
    collections = await db.sql("SELECT COUNT(*) FROM DataCollection GROUP BY dataCollectionGroupId")
    assert {number for (number,) in collections} == {1, 2}


async def test_samples_are_measured_in_the_session_they_were_sent_to(db: TestDatabase) -> None:
    measured = await db.sql("SELECT COUNT(*) FROM DataCollectionGroup WHERE blSampleId IS NOT NULL")
    assert measured[0][0] > 1000
    elsewhere = await db.sql(
        "SELECT COUNT(*) FROM DataCollectionGroup g JOIN BLSample USING (blSampleId)"
        " JOIN Container c USING (containerId)"
        " JOIN Crystal USING (crystalId) JOIN Protein p USING (proteinId)"
        " JOIN BLSession s ON s.sessionId = g.sessionId"
        " WHERE c.sessionId <> g.sessionId OR p.proposalId <> s.proposalId"
    )
    assert elsewhere == [(0,)]


async def test_a_sample_changer_holds_each_container_in_a_place_of_its_own(db: TestDatabase) -> None:
    rows = await db.sql(
        "SELECT beamlineLocation, sampleChangerLocation FROM Container JOIN Dewar USING (dewarId)"
        " WHERE dewarStatus = 'processing' AND sampleChangerLocation IS NOT NULL"
    )
    assert max(Counter(map(tuple, rows)).values()) == 1
    capacities = {line.name: line.sample_changer[1] for line in facility.BEAMLINES if line.sample_changer}
    assert all(int(place) <= capacities[beamline] for beamline, place in rows)


async def test_the_showcase_proposal(app: TestApp) -> None:
    proposal = await ask(app, "emarin", "/proposals/mx1001")
    assert proposal == {
        "proposalId": 1,
        "proposal": "mx1001",
        "proposalCode": "mx",
        "proposalNumber": "1001",
        "title": "Substrate recognition by bacterial ABC transporters",
        "state": "Open",
        "_metadata": {"persons": 2, "sessions": 3, "beamLines": ["ID14-1", "ID27-1"], "uiGroups": ["mx"]},
    }


async def test_the_showcase_sessions(app: TestApp) -> None:
    found = await ask(app, "jweiss", "/sessions", proposal="mx1001")
    known = {
        row["session"]: (
            row["beamLineName"],
            datetime.fromisoformat(row["startDate"]),
            datetime.fromisoformat(row["endDate"]),
            row["beamLineOperator"],
            row["_metadata"]["persons"],
            row["_metadata"]["datacollections"],
            row["_metadata"]["active"],
        )
        for row in found["results"]
    }
    operator = "Mathieu Rousselot"
    morning, evening = TODAY + timedelta(hours=9, minutes=30), TODAY + timedelta(days=2, hours=8)
    past, ahead = timedelta(days=-45), timedelta(days=12)
    now = NOW - timedelta(hours=14), NOW + timedelta(hours=10)
    assert known == {
        "mx1001-1": ("ID14-1", morning + past, evening + past, operator, 3, 15, False),
        "mx1001-2": ("ID27-1", *now, operator, 2, 8, True),
        "mx1001-3": ("ID14-1", morning + ahead, evening + ahead, operator, 2, 0, False),
    }


async def test_the_people_of_a_showcase_session(app: TestApp) -> None:
    sessions = (await ask(app, "tnovak", "/sessions", proposal="mx1001"))["results"]
    assert [row["session"] for row in sessions] == ["mx1001-1"]
    found = await ask(app, "tnovak", "/persons", sessionId=sessions[0]["sessionId"])
    roles = {
        row["familyName"]: (row["_metadata"]["role"], row["_metadata"]["remote"]) for row in found["results"]
    }
    assert roles == {
        "Rousselot": ("Local Contact", False),
        "Marín": ("Team Leader", False),
        "Novák": ("Co-Investigator", True),
    }


async def test_the_groups_of_the_showcase_sessions(db: TestDatabase) -> None:
    rows = await db.sql(
        "SELECT visit_number, COUNT(*) FROM DataCollectionGroup JOIN BLSession USING (sessionId)"
        " WHERE proposalId = 1 GROUP BY visit_number ORDER BY visit_number"
    )
    assert [tuple(row) for row in rows] == [(1, 12), (2, 6)]
    assert [visit.groups for visit in showcase.VISITS] == [12, 6, 0]


async def test_what_the_accounts_see(app: TestApp) -> None:
    everything = (await ask(app, "admin", "/sessions"))["total"]
    own = {one.login: (await ask(app, one.login, "/sessions"))["total"] for one in accounts.ACCOUNTS}
    assert everything == (await counts(app.database))["blsession"]
    assert everything > own["mxstaff"] > own["emstaff"] > own["emarin"] > 20
    assert (own["jweiss"], own["tnovak"], own["newcomer"], own["portal"]) == (3, 1, 0, 0)
    lines = {row["beamLineName"] for row in (await ask(app, "emstaff", "/sessions", **ALL))["results"]}
    assert lines == {"CM01", "CM02"}


async def test_what_is_left_for_what_is_made_later(filled: Filled, db: TestDatabase) -> None:
    number = await counts(db)
    tables = {
        "persons": "person",
        "proposals": "proposal",
        "sessions": "blsession",
        "samples": "blsample",
        "groups": "datacollectiongroup",
        "collections": "datacollection",
    }
    assert {name: len(getattr(filled.world, name)) for name in tables} == {
        name: number[table] for name, table in tables.items()
    }
    last = filled.world.collections[-1]
    stored = await db.sql("SELECT MAX(dataCollectionId), MAX(dataCollectionGroupId) FROM DataCollection")
    assert tuple(stored[0]) == (last["dataCollectionId"], last["dataCollectionGroupId"])


def test_the_accounts_to_show() -> None:
    shown = [one for one in accounts.ACCOUNTS if one.shown]
    assert [one.login for one in shown] == [
        *("admin", "mxstaff", "emstaff", "emarin", "jweiss", "tnovak", "newcomer")
    ]
    assert all(one.description for one in shown)


async def test_permissions_of_the_administrator(app: TestApp) -> None:
    held = set((await ask(app, "admin", "/user/current"))["Permissions"])
    assert held == set(people.GROUPS["administrators"])
    assert set(people.DESCRIPTIONS) == {name for names in people.GROUPS.values() for name in names}
    assert max(map(len, people.DESCRIPTIONS)) <= 15


async def test_options_fit_their_column(app: TestApp) -> None:
    values = dict(map(tuple, await app.database.sql("SELECT name, value FROM AdminVar")))
    assert max(map(len, values.values())) <= 1024
    groups = msgspec.json.decode(values["beamLineGroups"], type=list[BeamLineGroup])
    assert [group.uiGroup for group in groups] == ["mx", "mapping", "em"]
    assert app.starbeam.options.values.beamline_groups == groups
    assert [line.name for line in facility.BEAMLINES if line.archived] == [
        line.beamLineName for group in groups for line in group.beamLines if line.archived
    ]


async def test_people_have_names_of_their_countries_and_logins_of_their_own(db: TestDatabase) -> None:
    rows = await db.sql("SELECT familyName, login, country FROM Person JOIN Laboratory USING (laboratoryId)")
    logins = [login for _, login, _ in rows if login]
    assert len(set(logins)) == len(logins)
    assert all(login.isascii() and login.isalnum() and login == login.lower() for login in logins)
    assert sum(login is None for _, login, _ in rows) >= 10
    assert any(not name.isascii() for name, _, _ in rows)
    assert len({country for _, _, country in rows}) > 8


async def test_every_field_of_every_answer_has_a_value_somewhere(app: TestApp) -> None:
    document = (await app.client.get("/openapi.json")).json()
    first = (await ask(app, "admin", "/sessions", proposal="mx1001"))["results"][-1]
    keys = {"proposal": "mx1001", "sessionId": first["sessionId"]}
    queries: dict[str, list[dict[str, Any]]] = {
        "/persons": [{}, {"sessionId": first["sessionId"]}],
        "/sessions/group": [{"beamLineGroup": group} for group in ("MX", "CryoEM")],
    }
    wanted, found = set(), set()
    for full_path, operations in document["paths"].items():
        _, below_root, path = full_path.rpartition(app.starbeam.settings.server.api_root)
        schema = walk.answer_schema(operations["get"]) if "get" in operations else None
        if schema is None or not below_root or path == "/auth/config":
            continue
        wanted |= walk.fields(document, schema)
        for login, query in product(("admin", "mxstaff"), queries.get(path, [{}])):
            answer = await ask(app, login, path.format(**keys), **(ALL | query))
            found |= walk.filled(document, schema, answer)
    assert "BeamLineSetup.CS" in wanted
    assert wanted - found == set()
