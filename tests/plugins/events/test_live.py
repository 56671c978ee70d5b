"""`/events/stream`: who is told what, and when."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from plugins.events.conftest import START, Beamline, MakeBeamline, at
from plugins.events.listening import listening
from starbeam.shared import Shared
from starbeam_ispyb import models as m
from starbeam_testing.fixtures import MakeApp
from support.valkey import Valkey
from support.waiting import until

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the database twenty times a second, and at listeners a hundred times."""
    monkeypatch.setattr("starbeam_events.live.watch.LOOK_SECONDS", 0.05)
    monkeypatch.setattr("starbeam_events.live.watch.BEAT_SECONDS", 0.01)


@pytest.fixture
async def now(beamline: Beamline) -> Beamline:
    """It is an hour after the start; the first data collection ran in its first minutes."""
    return await begun(beamline)


async def begun(beamline: Beamline) -> Beamline:
    """That."""
    beamline.app.set_time(START + timedelta(hours=1))
    await beamline.group(1)
    await beamline.collection(1, 1, 0, 2, runStatus="Successful")
    return beamline


@pytest.mark.on("sqlite-union", "mariadb-union", "mariadb-community")
async def test_what_begins_changes_and_ends_is_told(now: Beamline) -> None:
    root = await now.app.as_user("root", "all_proposals")
    async with listening(now.app, root) as stream:
        assert (stream.status, stream.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert stream.headers["x-accel-buffering"] == "no"
        await now.group(2)
        await now.collection(2, 2, 50)
        assert await stream.next() == {
            "key": "g-2",
            "type": "dc",
            "id": 2,
            "startTime": "2026-03-10T12:50:00",
            "sessionId": 1,
            "session": "mx1-1",
            "proposal": "mx1",
            "beamLineName": "id01",
        }
        await now.collection(3, 2, 51)
        assert await stream.keys(1) == ["g-2"]
        await now.db.sql("UPDATE DataCollection SET endTime = :end WHERE dataCollectionId = 3", end=at(52))
        assert await stream.keys(1) == ["g-2"]
        await now.robot(7, 53)
        assert await stream.keys(1) == ["robot-7"]
        assert stream.waiting() == 0


@pytest.mark.on("sqlite-union", "mariadb-diamond")
async def test_what_has_no_time_of_its_own_is_told(now: Beamline) -> None:
    root = await now.app.as_user("root", "all_proposals")
    await now.db.add(m.AutoProcProgram, autoProcProgramId=1, processingPrograms="xia2")
    await now.robot(1, 5)
    async with listening(now.app, root) as stream:
        await now.db.sql("UPDATE DataCollection SET runStatus = 'Failed' WHERE dataCollectionId = 1")
        assert await stream.keys(1) == ["g-1"]
        await now.db.sql("UPDATE RobotAction SET status = 'ERROR' WHERE robotActionId = 1")
        assert await stream.keys(1) == ["robot-1"]
        await now.db.add(
            m.AutoProcIntegration, autoProcIntegrationId=1, dataCollectionId=1, autoProcProgramId=1
        )
        assert await stream.keys(1) == ["g-1"]
        await now.db.sql("UPDATE AutoProcProgram SET processingStatus = 1 WHERE autoProcProgramId = 1")
        assert await stream.keys(1) == ["g-1"]


@pytest.mark.on("sqlite-union", "mariadb-community", "mariadb-diamond")
async def test_screenings_are_told(make_beamline: MakeBeamline) -> None:
    now = await begun(await make_beamline("processing"))
    root = await now.app.as_user("root", "all_proposals")
    await now.group(2)
    await now.collection(2, 2, 3, 4)
    rows: list[tuple[type[Any], dict[str, int]]] = [
        (m.Screening, {"screeningId": 1, "dataCollectionGroupId": 1}),
        (m.ScreeningOutput, {"screeningOutputId": 1, "screeningId": 1}),
        (m.ScreeningOutputLattice, {"screeningOutputLatticeId": 1, "screeningOutputId": 1}),
        (m.ScreeningStrategy, {"screeningStrategyId": 1, "screeningOutputId": 1}),
        (m.ScreeningStrategyWedge, {"screeningStrategyWedgeId": 1, "screeningStrategyId": 1}),
        (m.ScreeningStrategySubWedge, {"screeningStrategySubWedgeId": 1, "screeningStrategyWedgeId": 1}),
    ]
    async with listening(now.app, root) as stream:
        for model, row in rows:
            await now.db.add(model, row)
            assert await stream.keys(1) == ["g-1"], model
        await now.db.sql("UPDATE ScreeningOutput SET indexingSuccess = 1")
        assert await stream.keys(1) == ["g-1"]


@pytest.mark.on("sqlite-union", "mariadb-diamond")
async def test_a_screening_of_one_data_collection_is_told(make_beamline: MakeBeamline) -> None:
    now = await begun(await make_beamline("processing"))
    root = await now.app.as_user("root", "all_proposals")
    async with listening(now.app, root) as stream:
        await now.db.add(m.Screening, screeningId=1, dataCollectionId=1)
        assert await stream.keys(1) == ["g-1"]


async def test_a_row_that_is_committed_late_is_told(now: Beamline) -> None:
    root = await now.app.as_user("root", "all_proposals")
    await now.group(2)
    await now.group(3)
    async with listening(now.app, root) as stream:
        await now.collection(9, 3, 50, 51)
        assert await stream.keys(1) == ["g-3"]
        await now.collection(4, 2, 40, 41)  # a lower key, an earlier time
        assert await stream.keys(1) == ["g-2"]
        told = stream.id
    await now.collection(5, 1, 1, 2)  # while nobody listens
    async with listening(now.app, root | {"Last-Event-ID": told}) as stream:
        assert sorted(await stream.keys(3)) == ["g-1", "g-2", "g-3"]  # all that began in that hour


async def test_who_comes_back_is_told_what_changed_since_and_who_is_new_nothing(now: Beamline) -> None:
    root = await now.app.as_user("root", "all_proposals")
    await now.group(2)
    await now.collection(2, 2, -90)
    async with listening(now.app, root) as stream:
        told = stream.id
    async with listening(now.app, root, ("lastEventId", told)) as stream:
        assert (stream.id, stream.waiting()) == (told, 0)
    await now.db.sql("UPDATE DataCollection SET runStatus = 'x' WHERE dataCollectionId = 2")
    async with listening(now.app, root, ("lastEventId", told)) as stream:
        assert await stream.keys(1) == ["g-2"]
        assert stream.waiting() == 0
    async with listening(now.app, root | {"Last-Event-ID": "another server's"}) as stream:
        assert await stream.keys(2) == ["g-2", "g-1"]


@pytest.mark.on("sqlite-union", "mariadb-diamond")
async def test_people_are_told_what_they_see(now: Beamline) -> None:
    await now.session(2, 2, beamLineName="id02")
    await now.session(3, 2)
    await now.group(2, 2)
    await now.group(3, 3)
    await now.joins("alice", 1)
    await now.joins("bob", 2)
    await now.joins("bob", 3)
    people = {name: await now.app.as_user(name) for name in ("alice", "bob", "carol")}
    async with (
        listening(now.app, people["alice"]) as alice,
        listening(now.app, people["bob"]) as bob,
        listening(now.app, people["bob"], ("sessionId", 1), ("sessionId", 3)) as third,
        listening(now.app, people["carol"]) as carol,
        listening(now.app, people["bob"], ("beamLineName", "id02")) as second,
    ):
        await now.collection(2, 2, 10)
        assert await bob.keys(1) == await second.keys(1) == ["g-2"]
        await now.collection(3, 3, 20)
        assert await bob.keys(1) == await third.keys(1) == ["g-3"]
        await now.collection(4, 1, 30)
        assert await alice.keys(1) == ["g-1"]
        assert [one.waiting() for one in (alice, bob, third, carol, second)] == [0] * 5
        assert carol.id == "0"


async def test_filters_are_those_of_the_list(now: Beamline) -> None:
    root = await now.app.as_user("root", "all_proposals")
    async with listening(now.app, root, ("status", "failed")) as failed:
        await now.collection(2, 1, 10, 11, runStatus="Successful")
        await now.collection(3, 1, 20, 21, runStatus="aborted")
        assert await failed.keys(1) == ["g-1"]
    response = await now.app.client.get("/events/stream?sessionId=one", headers=root)
    assert response.status_code == 422
    assert (await now.app.client.get("/events/stream")).status_code == 401


async def test_what_is_older_than_a_day_is_not_watched_but_what_still_runs_is(now: Beamline) -> None:
    root = await now.app.as_user("root", "all_proposals")
    for key, start, end in ((2, -26 * 60, -25 * 60), (3, -30 * 60, None), (4, -50 * 60, -60)):
        await now.group(key)
        await now.collection(key, key, start, end)
    async with listening(now.app, root) as stream:
        for key in (2, 3, 4):
            await now.db.sql(
                "UPDATE DataCollection SET runStatus = 'x' WHERE dataCollectionId = :key", key=key
            )
        assert sorted(await stream.keys(2)) == ["g-3", "g-4"]


async def test_it_ends_with_the_right_to_listen(now: Beamline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("starbeam_events.routes.stream.CHECK_SECONDS", 0.05)
    root = await now.app.as_user("root", "all_proposals")
    async with listening(now.app, root) as stream:
        await now.db.sql("DELETE FROM UserGroup_has_Person")
        await now.app.refresh()
        assert await stream.next() is None


async def test_it_ends_with_the_token(now: Beamline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("starbeam_events.routes.stream.CHECK_SECONDS", 0.05)
    root = await now.app.as_user("root", "all_proposals")
    async with listening(now.app, root) as stream:
        monkeypatch.setattr("starbeam.auth.tokens.time.time", lambda: 10**11)
        assert await stream.next() is None


async def test_who_listens_is_counted(make_beamline: MakeBeamline) -> None:
    now = await begun(await make_beamline(**{"server.metrics_from": ["10.0.0.1"]}))
    root = await now.app.as_user("root", "all_proposals")

    def count() -> float:
        assert now.app.starbeam.metrics
        return now.app.starbeam.metrics.now()["starbeam_stream_listeners"]

    async with listening(now.app, root), listening(now.app, root):
        assert count() == 2
    await until(lambda: count() == 0)


async def test_it_ends_with_the_server(now: Beamline) -> None:
    root = await now.app.as_user("root", "all_proposals")
    async with listening(now.app, root) as stream:
        now.app.starbeam.ending.set()
        assert await stream.next() is None


async def test_a_silent_stream_is_sent_comments(now: Beamline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("starbeam_events.routes.stream.CHECK_SECONDS", 0.01)
    monkeypatch.setattr("starbeam_events.routes.stream.COMMENT_SECONDS", 0.05)
    root = await now.app.as_user("root", "all_proposals")
    async with listening(now.app, root) as stream:
        await until(lambda: stream.comments >= 2)


async def test_many_listeners_cost_one_look_and_a_statement_for_each_person_after_a_change(
    now: Beamline,
) -> None:
    people = {}
    for name in ("alice", "bob"):
        await now.joins(name, 1)
        people[name] = await now.app.as_user(name)
    texts: list[str] = []
    database = now.app.starbeam.database
    database.watchers.append(lambda text, values: texts.append(text))
    async with (
        listening(now.app, people["alice"]) as first,
        listening(now.app, people["alice"], ("sessionId", 1)) as second,
        listening(now.app, people["bob"]) as third,
    ):
        looks = lambda: len([text for text in texts if "GROUP BY watched.session" in text])  # noqa: E731
        told = lambda: len([text for text in texts if "AS watched JOIN" in text])  # noqa: E731
        begun = looks() + 3
        await until(lambda: looks() >= begun)
        assert told() <= 4  # at the beginning
        before = told()
        await now.collection(2, 1, 10)
        for stream in (first, second, third):
            assert await stream.keys(1) == ["g-1"]
        assert told() == before + 2
    await asyncio.sleep(0.2)
    ended = len(texts)
    await asyncio.sleep(0.2)
    assert len(texts) == ended


async def test_while_the_database_fails_streams_stay_and_miss_nothing(
    now: Beamline, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = await now.app.as_user("root", "all_proposals")
    fails = asyncio.Event()
    async with listening(now.app, root) as stream:

        async def away(*args: object) -> None:
            fails.set()
            raise OSError("away")

        with monkeypatch.context() as broken:
            broken.setattr("starbeam.db.connection.ReadConnection.fetch", away)
            await now.collection(2, 1, 10)
            await asyncio.wait_for(fails.wait(), 20)
        assert await stream.keys(1) == ["g-1"]
        assert not stream.ended


async def test_where_servers_share_one_looks_for_all(
    make_beamline: MakeBeamline, make_app: MakeApp, store: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as a look is young; what it found is told by all."""
    monkeypatch.setattr("starbeam_events.live.watch.SHARED_SECONDS", 3600)
    settings = {"shared.url": store.url}
    first = await begun(await make_beamline(**settings))
    other = await make_app("ispyb", "events", **{"plugin.events.total_age": 0, **settings})
    other.set_time(START + timedelta(hours=1))
    asked, looks = [], []
    for app in (first.app, other):
        app.starbeam.database.watchers.append(
            lambda text, values: looks.extend(
                [text] if text.startswith("SELECT watched.session, sum(") else []
            )
        )
    once = Shared.once

    async def counted(self: Shared, *words: Any) -> Any:
        asked.append(self)
        return await once(self, *words)

    monkeypatch.setattr(Shared, "once", counted)
    root = await first.app.as_user("root", "all_proposals")
    await other.refresh()
    async with listening(first.app, root) as one, listening(other, root) as two:
        await until(lambda: all(asked.count(app.starbeam.shared) >= 3 for app in (first.app, other)))
        assert len(looks) == 1
        await first.group(2)
        await first.collection(2, 2, 50)
        store.client.flushall()
        assert [await stream.keys(1) for stream in (one, two)] == [["g-2"], ["g-2"]]
