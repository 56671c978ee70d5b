"""How a page is picked: exact whatever the order in which rows were written, and cheap."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from starbeam_events import queries
from starbeam_testing.app import Statements
from support.counting import ONE_CONNECTION, rows_read

if TYPE_CHECKING:
    from plugins.events.conftest import Beamline, MakeBeamline

pytestmark = pytest.mark.anyio


async def scattered(beamline: Beamline) -> None:
    """120 events of all types in three sessions, at 25 different times in no order, some without a time;
    groups with members far apart. Ada is a member of one of the sessions."""
    rng = Random(7)
    for session in (2, 3):
        await beamline.session(session, proposal=session - 1, beamLineName="id02")
    await beamline.joins("ada", session=2)
    for key in range(1, 41):
        await beamline.group(key, session=1 + key % 3, experimentType=rng.choice(("OSC", "Mesh")))
    for key in range(1, 101):
        start = rng.choice([None, *range(25)])
        status = rng.choice(("Successful", "Failed", None))
        await beamline.collection(key, rng.randint(1, 40), start, runStatus=status)
    for key in range(1, 31):
        status = rng.choice(("SUCCESS", "ERROR", None))
        await beamline.robot(key, rng.randrange(25), session=1 + key % 3, status=status)
        await beamline.scan(key, rng.choice([None, *range(25)]), session=1 + key % 3)
        await beamline.spectrum(key, rng.choice([None, *range(25)]), session=1 + key % 3)


@pytest.mark.on("sqlite-union", "mariadb-union")
async def test_pages_of_the_newest_part_are_those_of_all(
    beamline: Beamline, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scattered(beamline)
    asked: list[dict[str, Any]] = [{}, {"status": "failed"}, {"eventType": "robot"}, {"beamLineName": "id02"}]
    for login in ("root", "ada"):
        for query in asked:
            monkeypatch.setattr(queries, "DEPTHS", (0,))
            wanted = await beamline.events(login, **query)
            assert len(wanted) > 5
            monkeypatch.setattr(queries, "DEPTHS", (6, 20, 60))
            found = []
            for skip in range(0, len(wanted) + 3, 3):
                page = await beamline.ask("/events", login, skip=skip, limit=3, **query)
                assert page["total"] == len(wanted)
                found += [f"{event['type']} {event['id']}" for event in page["results"]]
            assert found == wanted, (login, query)


@pytest.mark.on("sqlite-union", "mariadb-union")
async def test_pages_of_a_proposal_that_is_known_to_be_large_are_picked_so_too(
    make_beamline: MakeBeamline, monkeypatch: pytest.MonkeyPatch
) -> None:
    beamline = await make_beamline(**{"plugin.events.total_age": 1000})
    await scattered(beamline)
    proposal = {"proposal": "mx1", "limit": 3}
    wanted = await beamline.events("root", proposal="mx1")
    assert len(wanted) > 60
    monkeypatch.setattr(queries, "FEW", 60)
    monkeypatch.setattr(queries, "DEPTHS", (6, 20, 60))
    newest = []
    for skip in (0, *range(0, len(wanted) + 3, 3)):
        with Statements(beamline.app) as statements:
            page = await beamline.ask("/events", skip=skip, **proposal)
        assert page["total"] == len(wanted)
        found = [f"{event['type']} {event['id']}" for event in page["results"]]
        assert found == wanted[skip : skip + 3], skip
        newest.append(any("HAVING" in text for text in statements.texts))
    assert newest[:5] == [False, True, True, True, True]  # at first nobody knows how large it is
    assert not newest[-1]


async def test_what_was_written_since_is_found(make_beamline: MakeBeamline) -> None:
    """Where the newest part begins is remembered, what lies in it is not."""
    beamline = await make_beamline(**{"plugin.events.total_age": 1000})
    await beamline.group(1)
    for key in range(1, 302):
        await beamline.collection(key, 1, 0)
    assert (await beamline.ask("/events", limit=1))["results"][0]["id"] == 301
    await beamline.group(2)
    await beamline.collection(302, 2, 5)
    await beamline.robot(1, 6)
    await beamline.scan(1, 7)
    newest = (await beamline.ask("/events", limit=3))["results"]
    assert [f"{event['type']} {event['id']}" for event in newest] == ["es 1", "robot 1", "dc 302"]


async def test_totals_are_kept_as_long_as_the_setting_says(make_beamline: MakeBeamline) -> None:
    beamline = await make_beamline(**{"plugin.events.total_age": 1000})
    await beamline.session(2)
    await beamline.joins("ada", session=2)
    for key in (1, 2, 3):
        await beamline.robot(key, key)
    assert (await beamline.ask("/events", limit=2))["total"] == 3
    await beamline.robot(4, 4, session=2)
    newest = await beamline.ask("/events", limit=2)
    assert [event["id"] for event in newest["results"]] == [4, 3]
    assert newest["total"] == 3
    assert (await beamline.ask("/events", limit=2, sessionId=1))["total"] == 3
    assert (await beamline.ask("/events", "ada", limit=1))["total"] == 1
    assert (await beamline.ask("/events", "bob", limit=1))["total"] == 0
    assert (await beamline.ask("/events"))["total"] == 4  # the page itself tells
    assert (await beamline.ask("/events", skip=2, limit=2))["total"] == 4  # never less than the page shows


async def test_a_total_is_worked_out_once_for_all_who_ask(make_beamline: MakeBeamline) -> None:
    beamline = await make_beamline(**{"plugin.events.total_age": 1000})
    for key in (1, 2, 3):
        await beamline.robot(key, key)
    await beamline.ask("/user/current")
    with Statements(beamline.app) as statements:
        pages = await asyncio.gather(*(beamline.ask("/events", limit=1) for _ in range(8)))
    assert [page["total"] for page in pages] == [3] * 8
    assert sum("count(*)" in text for text in statements.texts) == 1


async def test_nobody_waits_while_a_total_is_renewed(
    make_beamline: MakeBeamline, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    beamline = await make_beamline(**{"plugin.events.total_age": 5})
    monkeypatch.setattr("starbeam.cache.monotonic", lambda: now)
    for key in (1, 2, 3):
        await beamline.robot(key, key)
    assert (await beamline.ask("/events", limit=1))["total"] == 3
    await beamline.robot(4, 4)
    now += 49
    with Statements(beamline.app) as statements:
        assert (await beamline.ask("/events", limit=1))["total"] == 3
    assert not any("count(*)" in text for text in statements.texts)
    async with asyncio.timeout(60):
        while (await beamline.ask("/events", limit=1))["total"] != 4:
            pass
    await beamline.robot(5, 5)
    now += 50  # as old as none may be
    assert (await beamline.ask("/events", limit=1))["total"] == 5


@pytest.mark.parametrize("path", ["/events", "/events/types"])
async def test_statements(beamline: Beamline, path: str) -> None:
    await scattered(beamline)
    await beamline.ask(path)
    found = {}
    for query in ({"limit": 20}, {"limit": 100}, {"sessionId": 1, "limit": 20}):
        with Statements(beamline.app) as statements:
            await beamline.ask(path, **query)
        found[str(query)] = len(statements)
    most = 8 if path == "/events" else 1
    assert max(found.values()) <= most, found


@pytest.mark.on("mariadb-union")
async def test_a_page_reads_what_it_holds_and_not_the_tables(make_beamline: MakeBeamline) -> None:
    beamline = await make_beamline(**ONE_CONNECTION)
    queries_of = {"session": {"sessionId": 50}, "proposal": {"proposal": "mx2"}, "sample": {"blSampleId": 50}}
    everything: dict[str, Any] = {}
    found: list[dict[str, int]] = []
    for first, last in ((2, 200), (201, 2_000)):
        await grow(beamline, first, last)
        found.append({})
        for name, query in {**queries_of, "unfiltered": everything}.items():
            await beamline.ask("/events", **query)

            async def page(query: dict[str, Any] = query) -> Any:
                await beamline.ask("/events", **query)

            found[-1][name] = await rows_read(beamline.app, page)
    small, large = found
    for name in queries_of:
        assert large[name] <= small[name] * 1.1 + 10, found
    # A total reads every key that it counts, and the first keys of tables without an index on time every row.
    assert large["unfiltered"] <= small["unfiltered"] + 6 * 20 * (2_000 - 200), found


async def grow(beamline: Beamline, first: int, last: int) -> None:
    """Sessions with ten groups of two data collections and ten robot actions each, on a sample each."""
    each, times = f"seq_{first}_to_{last}", "'2020-01-01' + INTERVAL s.seq * 10 + n.seq HOUR"
    rows, number = f"{each} s JOIN seq_1_to_10 n", "s.seq * 10 + n.seq"
    for statement in (
        "SET foreign_key_checks = 0",
        "INSERT INTO BLSession (sessionId, proposalId, visit_number)"
        f" SELECT seq, IF(seq = 50, 2, 1), seq FROM {each}",
        "INSERT INTO DataCollectionGroup (dataCollectionGroupId, sessionId, blSampleId)"
        f" SELECT {number}, s.seq, s.seq FROM {rows}",
        "INSERT INTO DataCollection (dataCollectionId, dataCollectionGroupId, startTime)"
        f" SELECT ({number}) * 2 + m.seq, {number}, {times} FROM {rows} JOIN seq_0_to_1 m",
        "INSERT INTO RobotAction (blsessionId, blsampleId, actionType, startTimestamp, endTimestamp)"
        f" SELECT s.seq, s.seq, 'LOAD', {times}, {times} FROM {rows}",
        "ANALYZE TABLE BLSession, DataCollectionGroup, DataCollection, RobotAction",
    ):
        await beamline.app.database.sql(statement)
