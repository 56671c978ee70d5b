"""The read path: statements built once, what the caller may see, stale connections; and transactions."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import false, inspect, select, text, true

from starbeam.access import Kind as CallerKind
from starbeam.app import Starbeam
from starbeam.db.columns import Column
from starbeam.db.connection import ReadConnection
from starbeam.db.models import AdminVar, Laboratory, Person
from starbeam.db.reader import Reader
from starbeam.db.schema import Schema
from starbeam.db.scope import Scope, statement
from starbeam.settings import load
from starbeam.visibility import Allow, Restrict, Visibility, through
from starbeam_ispyb import models as m
from starbeam_testing.app import Statements, TestApp, TestDatabase
from starbeam_testing.fixtures import SECRET, MakeApp
from support.answers import Said, refused, said
from support.probe import FILES, WITH_PROBE, people_listing

pytestmark = pytest.mark.anyio


def scope_for(*rules: Allow | Restrict) -> Scope:
    names = {"person": ("personid", "login"), "laboratory": ("laboratoryid",)}
    tables = {table: {name: Column(name, "text", True, None, "") for name in names[table]} for table in names}
    return Scope(Schema("sqlite", tables), Visibility(rules), CallerKind(frozenset(), False))


# statements


async def test_a_statement_is_built_once_for_each_scope_and_its_arguments() -> None:
    built = []

    @statement
    def find(scope: Scope, searching: bool, order: str = "asc") -> object:
        built.append((searching, order))
        return object()

    first, second = scope_for(), scope_for()
    assert first.build(find(True)) is first.build(find(True))
    assert first.build(find(True, order="desc")) is first.build(find(True, order="desc"))
    assert first.build(find(True)) is not first.build(find(False))
    assert first.build(find(True)) is not second.build(find(True))
    assert built == [(True, "asc"), (True, "desc"), (False, "asc"), (True, "asc")]


@pytest.mark.four_databases
async def test_callers_of_one_kind_share_statements(make_app: MakeApp) -> None:
    """Nothing is compiled for the second of them."""
    app = await make_app("probe", **WITH_PROBE)
    ada, bob, root = [
        await app.as_user(*who) for who in (("ada", "x"), ("bob", "x"), ("root", "all_proposals"))
    ]
    kinds, principal = app.starbeam.scopes, app.starbeam.snapshot.people.principal
    scopes = [await kinds.of(principal(number, "")) for number in (1, 2, 3)]
    assert scopes[0] is scopes[1]
    assert scopes[0] is not scopes[2]
    assert scopes[0].build(people_listing(False, False)) is scopes[1].build(people_listing(False, False))
    await app.client.get("/probe/people?limit=1", headers=ada)
    known = len(app.starbeam.database._prepared)
    with Statements(app) as statements:
        await app.client.get("/probe/people?limit=1", headers=bob)
    assert (len(statements), len(app.starbeam.database._prepared)) == (2, known)
    assert (await app.client.get("/probe/people", headers=root)).json()["total"] == 3


async def test_kinds_of_caller_are_forgotten_before_there_are_too_many(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE)
    scopes, principal = app.starbeam.scopes, app.starbeam.snapshot.people.principal
    for number in range(450):
        await scopes.of(principal(1, "abcd", [f"p{number}"]))
    assert len(scopes._scopes) <= 200


# visibility


def test_any_allow_and_every_restrict() -> None:
    def has(login: str) -> Any:
        return lambda scope, person: person.login == login

    def shown(*rules: Allow | Restrict) -> str:
        found = scope_for(*rules).sees(Person)
        return str(found.compile(compile_kwargs={"literal_binds": True})).replace('"Person".', "")

    assert shown() == "false"
    assert shown(Restrict(Person, has("a"))) == "false"
    assert shown(Allow(Person, has("a"))) == "login = 'a'"
    assert shown(Allow(Person, has("a")), Allow(Person, has("b"))) == "login = 'a' OR login = 'b'"
    assert shown(Allow(Person, has("a")), Restrict(Person, has("b")), Restrict(Person, has("c"))) == (
        "login = 'a' AND login = 'b' AND login = 'c'"
    )
    assert shown(Allow(Laboratory, has("a"))) == "false"


def test_rows_that_are_known_to_be_visible_cost_no_condition() -> None:
    scope = scope_for(Allow(Person, lambda scope, person: person.login == "a"))
    assert str(scope.below(Person).sees(Person)) == "true"
    assert str(scope.below(Laboratory).sees(Person)) != "true"


def test_a_rule_through_what_the_database_lacks_shows_nothing() -> None:
    scope = scope_for(Allow(Laboratory, lambda scope, laboratory: true()))
    through_laboratory = through(Laboratory, "laboratoryId")  # this database's Person has no such column
    assert str(through_laboratory(scope, Person)) == str(false())


@pytest.fixture
async def embargoed(make_app: MakeApp) -> TestApp:
    """One proposal with an open session and one under embargo, each with two data collections."""
    app = await make_app("ispyb", "proposals", "probe", "embargo", **WITH_PROBE)
    db, owner = app.database, await app.database.person("owner")
    await db.add(m.Proposal, proposalId=1, personId=owner, proposalCode="mx", proposalNumber="1")
    await db.add(m.ProposalHasPerson, proposalHasPersonId=1, proposalId=1, personId=owner)
    for session, beamline in ((1, "id30a"), (2, "closed")):
        await db.add(
            m.BLSession, sessionId=session, proposalId=1, visit_number=session, beamLineName=beamline
        )
        await db.add(m.DataCollectionGroup, dataCollectionGroupId=session, sessionId=session)
        for number in (1, 2):
            await db.add(
                m.DataCollection, dataCollectionId=10 * session + number, dataCollectionGroupId=session
            )
    return app


@pytest.mark.four_databases
async def test_a_restriction_reaches_lists_totals_counters_and_what_hangs_below(embargoed: TestApp) -> None:
    app = embargoed
    for headers in (await app.as_user("owner"), await app.as_user("root", "all_proposals")):
        sessions = (await app.client.get("/sessions?limit=1", headers=headers)).json()
        assert ([one["session"] for one in sessions["results"]], sessions["total"]) == (["mx1-1"], 1)
        assert said(await app.client.get("/sessions/2", headers=headers)) == refused(404, "Session not found")
        assert said(await app.client.get("/sessions/99", headers=headers)) == refused(
            404, "Session not found"
        )
        (proposal,) = (await app.client.get("/proposals", headers=headers)).json()["results"]
        assert proposal["_metadata"]["sessions"] == 1
        assert proposal["_metadata"]["beamLines"] == ["id30a"]
    assert await collections(app, "owner", 1) == [11, 12]
    assert await collections(app, "root", 2, "all_proposals") == [11, 12]


async def collections(app: TestApp, login: str, person_id: int, *permissions: str) -> list[int]:
    """The data collections that a person sees."""
    starbeam = app.starbeam
    who = starbeam.snapshot.people.principal(person_id, login, permissions)
    scope = await starbeam.scopes.of(who)
    connection = ReadConnection(starbeam.database)
    try:
        reader = Reader(connection, scope, who, starbeam.clock.now(), starbeam.options.values)
        key = inspect(m.DataCollection).primary_key[0]
        query = select(key).where(scope.sees(m.DataCollection)).order_by(key)
        return [row[0] for row in await reader.rows(query)]
    finally:
        await connection.close()


# connections

ONE = {"database.pool_size": 1, "database.max_overflow": 0}


async def kill(db: TestDatabase, connection: int) -> None:
    """End a connection to the server, and wait until it has ended."""
    await db.sql(f"KILL {connection}")
    alive = f"SELECT 1 FROM information_schema.processlist WHERE id = {connection}"
    while await db.sql(alive):  # noqa: ASYNC110 - nothing tells when it has ended
        await asyncio.sleep(0.02)


@pytest.mark.on("mariadb-union")
async def test_a_connection_that_the_server_dropped_is_replaced(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE, **ONE)
    headers = await app.as_user("abcd")

    async def number() -> Said:
        return said(await app.client.get("/probe/connection", headers=headers))

    status, first = await number()
    assert (status, await number()) == (200, (200, first))
    await kill(app.database, int(first))
    status, second = await number()
    assert (status, second != first) == (200, True)
    await kill(app.database, int(second))
    assert (await app.client.get("/probe/people", headers=headers)).json()["total"] == 1


@pytest.mark.on("mariadb-union")
async def test_a_connection_for_writes_that_the_server_dropped_is_replaced(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE)
    headers = await app.as_user("abcd")
    post = app.client.post
    assert (await post("/user/sign", headers=headers, json={"validity": "/a"})).status_code == 200
    ids = await app.database.sql("SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID()")
    for (number,) in ids:
        await kill(app.database, int(number))
    assert (await post("/user/sign", headers=headers, json={"validity": "/b"})).status_code == 200


@pytest.mark.four_databases
async def test_more_requests_than_connections(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE, **ONE)
    headers = await app.as_user("abcd")
    answers = await asyncio.gather(*(app.client.get("/probe/people", headers=headers) for _ in range(30)))
    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.four_databases
async def test_connections_for_reads_refuse_to_write(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE)
    async with app.starbeam.database.read() as connection:
        with pytest.raises(Exception, match=r"(?i)read.?only|READ ONLY"):
            await connection.exec_driver_sql("INSERT INTO AdminVar (name) VALUES ('x')")
    assert await app.database.sql("SELECT * FROM AdminVar") == []


async def test_a_request_that_reads_nothing_opens_no_connection(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE)
    headers = await app.as_user("abcd")
    reading = app.starbeam.database.engines[0].sync_engine
    before = reading.pool.checkedout()
    with Statements(app) as statements:
        assert said(await app.client.get("/probe/items/5", headers=headers)) == (200, 5)
    assert (statements.texts, reading.pool.checkedout()) == ([], before)


# transactions


@pytest.mark.four_databases
async def test_a_request_is_one_transaction(make_app: MakeApp) -> None:
    """Committed when it ends, rolled back on an error."""
    app = await make_app("probe", **WITH_PROBE)
    headers = await app.as_user("abcd")

    async def add(login: str, query: str = "") -> int:
        answer = await app.client.post(f"/probe/people{query}", headers=headers, json={"name": login})
        return answer.status_code

    assert await add("kept") == 201
    assert await add("lost", "?fails=true") == 500
    assert await add("refused", "?fails=maybe") == 422
    rows = await app.database.sql("SELECT login FROM Person ORDER BY personId")
    assert [login for (login,) in rows] == ["abcd", "kept"]


@pytest.mark.fix(165)
@pytest.mark.on("mariadb-union")
async def test_nothing_reads_what_is_not_committed(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE)
    async with app.starbeam.database.transaction() as session:
        session.add(AdminVar(name="half", value="done"))
        await session.flush()
        assert await app.database.sql("SELECT * FROM AdminVar") == []
        async with app.starbeam.database.read() as connection:
            assert (await connection.execute(select(AdminVar.name))).all() == []
        level = await (await session.connection()).exec_driver_sql("SELECT @@tx_isolation")
        assert level.scalar() == "REPEATABLE-READ"
    assert [tuple(row) for row in await app.database.sql("SELECT name FROM AdminVar")] == [("half",)]


@pytest.mark.fix(164)
async def test_pool_sizes_come_from_the_environment() -> None:
    environment = {
        "STARBEAM_DATABASE__POOL_SIZE": "3",
        "STARBEAM_DATABASE__MAX_OVERFLOW": "4",
        "STARBEAM_DATABASE__URL": "mysql+asyncmy://root@127.0.0.1:1/ispyb",
    }
    given = {"auth.secret_key": SECRET, "plugins.files": FILES, "plugins.enabled": ["probe"]}
    for engine in Starbeam(load(None, environment, given)).database.engines:
        pool: Any = engine.pool
        assert (pool.size(), pool._max_overflow) == (3, 4)


@pytest.mark.on("sqlite-union")
async def test_a_file_that_is_moved_away_is_missed_and_found_again(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE)
    headers = await app.as_user("abcd")
    file = app.starbeam.database.sqlite_file
    assert file is not None

    async def statuses() -> list[int]:
        body = {"validity": "/x"}
        return [
            (await app.client.get("/probe/people", headers=headers)).status_code,
            (await app.client.post("/user/sign", json=body, headers=headers)).status_code,
        ]

    assert await statuses() == [200, 200]
    await app.database.engine.dispose()
    moved = file.rename(file.with_name("moved.db"))
    assert await statuses() == [503, 503]
    assert not file.exists()
    moved.rename(file)
    assert await statuses() == [200, 200]
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(file, moved)  # a copy takes its place: what is written goes there
    moved.replace(file)
    assert await statuses() == [200, 200]
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT COUNT(*) FROM SW_onceToken").fetchone() == (3,)


@pytest.mark.on("mariadb-community")
async def test_dates_that_are_none_are_null_however_they_are_read(
    db: TestDatabase, make_app: MakeApp
) -> None:
    app = await make_app("ispyb")
    await db.add(Person, personId=1, login="ann")
    for key, time in ((1, "0000-00-00 00:00:00"), (2, "2026-00-10 10:00:00"), (3, "2026-01-10 10:00:00")):
        await db.sql(
            f"INSERT INTO AdminActivity (username, action, dateTime) VALUES ('{key}', 'x', '{time}')"
        )
    query = text("SELECT dateTime FROM AdminActivity ORDER BY username")
    right = [None, None, datetime(2026, 1, 10, 10)]
    database = app.starbeam.database
    async with database.read() as connection, database.transaction() as session:
        assert list((await connection.execute(query)).scalars()) == right
        assert list(await session.scalars(query)) == right
    reading = ReadConnection(database)
    assert [time for (time,) in await reading.fetch(query, {})] == right
    await reading.close()
