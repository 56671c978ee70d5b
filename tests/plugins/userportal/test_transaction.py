"""All or nothing, once and not twice, and no more statements than there are kinds of change."""

from __future__ import annotations

import asyncio
import string
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from starbeam_testing.app import TestDatabase
from support.portal import Json, Portal, document, laboratory, person, protein
from support.schemas import Kind

pytestmark = pytest.mark.anyio


def large(size: int) -> Json:
    """A document with many sessions of several persons, and many proteins."""
    somebody = [person(f"p{number}", laboratory=laboratory(f"L{number % 7}")) for number in range(40)]
    people = [somebody[number % 40] for number in range(size)]
    return {
        "title": "T",
        "persons": [person("ada", 1, laboratory=laboratory())],
        "labcontacts": [{"cardName": "c", "person": person("p1")}],
        "sessions": [
            {
                "externalId": number,
                "visit_number": number,
                "beamLineName": "ID01",
                "persons": [people[number], people[number - 1], person("ada", session_options={"remote": 1})],
            }
            for number in range(size)
        ],
        "proteins": [
            protein(f"P{number}", externalId=number, person=people[number], molecularMass=number / 7)
            for number in range(size)
        ],
    }


class Broken(ConnectionError):
    """What the failing statement raises."""


async def broken_at(portal: Portal, number: int, sent: Json) -> bool:
    """Send a document while the statement of this number fails; whether there was one."""
    count = 0

    def fail(*_: Any) -> None:
        nonlocal count
        count += 1
        if count == number:
            raise Broken

    engine = portal.app.starbeam.database.engines[1].sync_engine
    event.listen(engine, "before_cursor_execute", fail)
    try:
        await portal.send(document(**sent))
    finally:
        event.remove(engine, "before_cursor_execute", fail)
    return count >= number


@pytest.mark.four_databases
async def test_broken_at_any_statement_nothing_is_there(portal: Portal) -> None:
    await portal.sync(sessions=[{"externalId": 1, "visit_number": 1}])
    before = await portal.everything()
    number = 1
    while await broken_at(portal, number, large(3)) and await portal.everything() == before:
        number += 1
    assert number > 15
    assert await portal.everything() != before
    counts = await portal.sync(**large(3))
    assert (counts["created"], counts["updated"]) == ({}, {})


WAITING = "SELECT ID, INFO FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for table%'"


async def waiting(db: TestDatabase) -> Any:
    """The thread that waits for a table: `ID`, and its statement `INFO`."""
    for _ in range(500):
        if found := await db.sql(WAITING):
            return found[0]
        await asyncio.sleep(0.02)
    raise TimeoutError


@pytest.mark.long
@pytest.mark.on("mariadb-union")
async def test_a_connection_that_is_killed_leaves_nothing_and_frees_the_turn(portal: Portal) -> None:
    db = portal.app.database
    async with db.engine.connect() as other:
        await other.exec_driver_sql("LOCK TABLES Protein WRITE")
        request = asyncio.create_task(portal.send(document(**large(3))))
        thread = await waiting(db)
        assert thread.INFO.startswith("INSERT")
        await db.sql(f"KILL {thread.ID}")
        assert (await request).status_code == 503
        await other.exec_driver_sql("UNLOCK TABLES")
    assert set(map(len, (await portal.everything()).values())) == {0}
    await portal.sync(**large(3))


@pytest.mark.four_databases
async def test_the_same_document_again_writes_nothing(portal: Portal) -> None:
    sent = large(20)
    first = await portal.sync(**sent)
    before = await portal.everything()
    with portal.statements() as statements:
        again = await portal.sync(**sent)
    written = [text for text in statements.texts if text.split()[0] in {"INSERT", "UPDATE", "DELETE"}]
    assert written == []
    assert await portal.everything() == before
    assert (again["created"], again["updated"]) == ({}, {})
    assert again["untouched"] == {**first["created"]}


@pytest.mark.four_databases
async def test_only_what_differs_is_written(portal: Portal) -> None:
    sent = large(20)
    await portal.sync(**sent)
    sent["sessions"][7]["beamLineName"] = "ID02"
    sent["proteins"][3]["name"] = "new"
    with portal.statements() as statements:
        counts = await portal.sync(**sent)
    written = [text for text in statements.texts if text.startswith("UPDATE")]
    assert len(written) == 2
    assert counts["updated"] == {"BLSession": 1, "Protein": 1}
    assert counts["created"] == {}
    assert counts["untouched"]["BLSession"] == 19


@pytest.mark.four_databases
async def test_two_at_once_create_one_set_of_rows(portal: Portal) -> None:
    sent = document(**large(10))
    answers = await asyncio.gather(*(portal.send(sent) for _ in range(3)))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert sorted(bool(answer.json()["created"]) for answer in answers) == [False, False, True]
    tables = await portal.everything()
    assert (len(tables["Proposal"]), len(tables["BLSession"]), len(tables["Protein"])) == (1, 10, 10)
    logins = await portal.rows("Person", "login")
    assert sorted(logins) == sorted(set(logins))


async def costs(portal: Portal, number: int, size: int) -> list[int]:
    """How many statements a large document takes that is new, the same again, and changed everywhere."""
    sent = {**large(size), "proposalNumber": str(number)}
    changed = {
        **sent,
        "sessions": [{**one, "beamLineName": "X"} for one in sent["sessions"]],
        "proteins": [{**one, "name": "X"} for one in sent["proteins"]],
    }
    counts = []
    for step in (sent, sent, changed):
        with portal.statements() as statements:
            await portal.sync(**step)
        counts.append(len(statements))
    return counts


@pytest.mark.four_databases
async def test_five_hundred_take_as_many_statements_as_five(portal: Portal, kind: Kind) -> None:
    await portal.sync(**large(40))  # everybody is known
    few, many = await costs(portal, 2, 5), await costs(portal, 3, 500)
    if kind.server == "sqlite":  # rows with numbers of the database's own are inserted one by one there
        assert 0 < many.pop(0) - few.pop(0) <= 2 * (500 - 5)
    assert few == many
    assert max(few) < 30


WORDS = st.text(string.ascii_letters + " é%_\\'", min_size=1, max_size=8).map(lambda text: "w" + text)
EXTERNAL = st.integers(0, 2**128 - 1)
TIMES = st.datetimes().map(lambda time: time.replace(year=2026).isoformat())
FIELDS = st.none() | WORDS


@st.composite
def documents(draw: st.DrawFn) -> Json:
    """A document in which nobody contradicts themselves: each person and laboratory is sent the same
    everywhere."""
    laboratories = [
        laboratory(f"L{number}", draw(st.none() | st.just(number)), url=draw(FIELDS)) for number in range(3)
    ]
    persons = [
        person(
            *draw(st.sampled_from([(f"p{number}", None), (None, number), (f"p{number}", number)])),
            **draw(st.fixed_dictionaries({}, optional={"givenName": FIELDS, "cache": FIELDS})),
            **draw(st.sampled_from([{}, *({"laboratory": one} for one in laboratories)])),
        )
        for number in range(4)
    ]
    anybody = st.sampled_from(persons)
    role = st.fixed_dictionaries({}, optional={"role": st.just("Staff"), "remote": st.sampled_from([0, 1])})
    with_role = st.builds(lambda one, options: {**one, "session_options": options}, anybody, role)
    session = st.fixed_dictionaries(
        {"visit_number": st.none()},  # as it must differ between sessions where it is given
        optional={
            "startDate": st.none() | TIMES,
            "sessionTitle": FIELDS,
            "structureDeterminations": st.floats(-1e30, 1e30),
            "persons": st.lists(anybody | with_role, max_size=3),
        },
    )
    keys = draw(st.lists(EXTERNAL, unique=True, max_size=3))
    sessions = [{**draw(session), "externalId": key, "expSessionPk": at} for at, key in enumerate(keys)]
    proteins = st.builds(
        lambda name, who, more: protein(name, person=who, **more),
        WORDS,
        anybody,
        st.fixed_dictionaries({}, optional={"molecularMass": st.floats(0, 1e9), "description": FIELDS}),
    )
    return document(
        persons=draw(st.lists(anybody, min_size=1, max_size=4)),
        labcontacts=[{"cardName": "c", "person": draw(anybody)}][: draw(st.integers(0, 1))],
        sessions=sessions,
        proteins=draw(st.lists(proteins, max_size=3, unique_by=lambda one: one["acronym"].upper().strip())),
        title=draw(FIELDS),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=documents())
async def test_sent_twice_the_second_changes_nothing(portal: Portal, sent: Json) -> None:
    assert (await portal.send(sent)).status_code == 200
    before = await portal.everything()
    again = (await portal.send(sent)).json()
    assert (again["created"], again["updated"]) == ({}, {})
    assert await portal.everything() == before
