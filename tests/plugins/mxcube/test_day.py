"""A day at beamlines: what is sent again is stored once, nothing is lost, and all is shown in its order."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from plugins.events.listening import Stream, listening
from plugins.mxcube.conftest import NOW, PLUGINS
from plugins.mxcube.test_client import API, serving
from starbeam_ispyb import models as m
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.pages import OPEN, Visitor, text_of

pytestmark = pytest.mark.anyio

WAYS = ("again", "at once", "cut")
"""How each request is sent twice: one after the other, both at once, and with the connection of the first cut
before its answer, as after a time-out."""
EVERY_FOURTH = ("RobotAction", "EnergyScan", "BLSample_has_EnergyScan", "XFEFluorescenceSpectrum")
"""Rows that there are of every fourth data collection of a session."""


@dataclass
class Beamline:
    """A session on a beamline of its own, whose key is also that of its proposal, member and sample."""

    app: TestApp
    client: httpx.AsyncClient
    key: int
    number: int
    """How many data collections there are to be."""
    happened: list[tuple[datetime, str]] = field(default_factory=list)
    """What there was: when it began, and the kind of event."""
    sent: int = 0

    async def live(self) -> None:
        """The whole day."""
        await self.twice("/beamline-setups/beamline-setup", {"synchrotron_name": "SYN", "polarisation": 0.99})
        group: Any = None
        for place in range(self.number):
            start = begun(place, self.number)
            if place % 4 == 0:
                await self.load(start)
            if place % 2 == 0:
                group = await self.group(start, place)
            key = await self.collect(group, place)
            if place % 4 == 1:
                await self.scan(start)
            if place % 8 == 3:
                await self.process(key)

    async def load(self, then: datetime) -> None:
        """The robot mounts a sample, a minute before."""
        start, end = then - timedelta(seconds=60), then - timedelta(seconds=30)
        times = {"startTimestamp": text(start), "endTimestamp": text(end)}
        about = {"actionType": "LOAD", "status": "SUCCESS", "blSampleId": self.key}
        await self.twice("/events/robot-action", {"sessionId": self.key, **about, **times})
        self.happened.append((start, "robot"))

    async def group(self, start: datetime, place: int) -> Any:
        """A group is made, of two data collections."""
        about = {"sessionId": self.key, "experimentType": "OSC", "blSampleId": self.key}
        self.happened.append((start, "dc"))
        return await self.twice("/datacollections/group", {**about, "actualSampleSlotInContainer": place})

    async def collect(self, group: Any, place: int) -> int:
        """A data collection begins, has two images, and ends; one in seven fails."""
        body: dict[str, Any] = {
            "sessionId": f"{self.key}",
            "group_id": group,
            "blSampleId": self.key,
            "status": "Running",
            "collection_start_time": text(begun(place, self.number)),
            "fileinfo": {"directory": f"/data/mx{self.key}", "prefix": f"s{self.key}w{place}"},
        }
        body["fileinfo"]["run_number"] = 1
        made = await self.twice("/datacollections/datacollection", body)
        key = int(made["dataCollectionId"])
        for image in (1, 2):
            shot = {"dataCollectionId": key, "imageNumber": image, "fileName": f"{image}.cbf"}
            await self.twice("/images/image", shot)
        ended = {**body, "collection_id": key, "status": status_of(place)}
        await self.twice("/datacollections/group", ended)
        await self.twice("/datacollections/datacollection", ended)
        return key

    async def scan(self, then: datetime) -> None:
        """An energy scan half a minute later, and a spectrum."""
        for path, kind, seconds in (("energyscan", "es", 30), ("xfe-fluorescence-spectrum", "xrf", 45)):
            start = then + timedelta(seconds=seconds)
            times = {"startTime": text(start), "endTime": text(start)}
            body = {"sessionId": self.key, "blSampleId": self.key, "filename": f"{kind}.dat"}
            made = await self.twice(f"/events/{path}", {**body, **times})
            self.happened.append((start, kind))
            if kind == "es":
                link = {"energyScanId": made, "blSampleId": self.key}
                await self.twice("/events/energyscan/associate-bl-sample", link, "PATCH")

    async def process(self, key: int) -> None:
        """Another program writes what it found in a data collection."""
        db = self.app.database
        await db.add(m.AutoProcProgram, autoProcProgramId=key, processingStatus="1")
        await db.add(m.AutoProcIntegration, dataCollectionId=key, autoProcProgramId=key)

    async def twice(self, path: str, body: Any, method: str = "POST") -> Any:
        """The answer to what is sent twice, each time in another way."""
        self.sent += 1
        way = WAYS[self.sent % len(WAYS)]
        if way == "cut":
            await self.cut(method, path, body)
            return await self.ask(method, path, body)
        if way == "at once":
            found = await asyncio.gather(*(self.ask(method, path, body) for _ in range(2)))
        else:
            found = [await self.ask(method, path, body) for _ in range(2)]
        assert found[0] == found[1]
        return found[0]

    async def ask(self, method: str, path: str, body: Any) -> Any:
        """The answer; what others are in the way of, or whose connection was closed, is sent again."""
        while True:
            try:
                answer = await self.client.request(method, f"{API}{path}", json=body)
            except httpx.TransportError:
                continue
            if answer.status_code != 503:
                assert answer.status_code in (200, 201), answer.text
                return answer.json()

    async def cut(self, method: str, path: str, body: Any) -> None:
        """Send it, and be gone before the answer comes."""
        content, url = json.dumps(body).encode(), self.client.base_url
        _, writer = await asyncio.open_connection(url.host, url.port)
        token = self.client.headers["Authorization"]
        head = f"{method} {API}{path} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        writer.write(head.encode() + content)
        await writer.drain()
        writer.close()


def text(time: datetime) -> str:
    """As MXCuBE writes times."""
    return f"{time:%Y-%m-%d %H:%M:%S}"


def begun(place: int, number: int) -> datetime:
    """When a data collection of so many began: one every two minutes."""
    return NOW - timedelta(minutes=2 * (number - place))


def status_of(place: int) -> str:
    """How a data collection ends."""
    return "Failed" if place % 7 == 6 else "Data collection successful"


async def build(app: TestApp, sessions: int) -> None:
    """So many beamlines, each with a session that runs."""
    db = app.database
    for key in range(1, sessions + 1):
        assert await db.person(f"member{key}") == key
        await db.add(m.Proposal, proposalId=key, personId=key, proposalCode="mx", proposalNumber=f"{key}")
        await db.add(m.ProposalHasPerson, proposalId=key, personId=key)
        times = {"startDate": NOW - timedelta(hours=8), "endDate": NOW + timedelta(hours=8)}
        about = {"beamLineName": f"BL{key}", "visit_number": 1}
        await db.add(m.BLSession, sessionId=key, proposalId=key, **about, **times)
        await db.add(m.Protein, proteinId=key, proposalId=key, acronym="LYS")
        await db.add(m.Crystal, crystalId=key, proteinId=key)
        await db.add(m.BLSample, blSampleId=key, crystalId=key, name=f"s{key}")


@asynccontextmanager
async def beamlines(app: TestApp, sessions: int, number: int) -> AsyncIterator[list[Beamline]]:
    """All beamlines, and the members who sit there."""
    async with serving(app) as root, AsyncExitStack() as stack:
        found = []
        for key in range(1, sessions + 1):
            headers = await app.as_user(f"member{key}")
            client = httpx.AsyncClient(base_url=root.removesuffix(f"{API}/"), headers=headers, timeout=300)
            found.append(Beamline(app, await stack.enter_async_context(client), key, number))
        yield found


async def check_rows(app: TestApp, sessions: int, number: int) -> None:
    """Nothing is there twice, and nothing is lost. All sessions have one set-up."""
    wanted = {"DataCollectionGroup": number // 2, "DataCollection": number, "Image": 2 * number}
    wanted |= dict.fromkeys(EVERY_FOURTH, number // 4)
    wanted = {table: rows * sessions for table, rows in wanted.items()} | {"BeamLineSetup": 1}
    counted = {table: (await app.database.sql(f"SELECT COUNT(*) FROM {table}"))[0][0] for table in wanted}
    assert counted == wanted
    rows = await app.database.sql(
        "SELECT imagePrefix, runStatus, startTime, (SELECT COUNT(DISTINCT imageNumber) FROM Image"
        " WHERE Image.dataCollectionId = DataCollection.dataCollectionId) FROM DataCollection"
    )
    found = {(prefix, status, str(start)[:19], images) for prefix, status, start, images in rows}
    assert found == {
        (f"s{key}w{place}", status_of(place), text(begun(place, number)), 2)
        for key in range(1, sessions + 1)
        for place in range(number)
    }


async def events_of(line: Beamline, query: str = "") -> list[Any]:
    """All pages of a session's events, the newest first."""
    found: list[Any] = []
    while True:
        address = f"{API}/events?sessionId={line.key}&limit=20&skip={len(found)}{query}"
        page = (await line.client.get(address)).json()
        found += page["results"]
        if not page["results"]:
            assert page["total"] == len(found)
            return found


async def check_events(line: Beamline, stream: Stream) -> None:
    """What happened is shown, in its order; listeners have heard of all of it."""
    found = await events_of(line)
    shown = [(one["startTime"], one["type"]) for one in found]
    assert shown == [(time.isoformat(), kind) for time, kind in sorted(line.happened, reverse=True)]
    assert {one["count"] for one in found if one["type"] == "dc"} == {2}
    processed = await events_of(line, "&status=processed")
    assert len(processed) == len(range(3, line.number, 8))
    wanted = {key_of(one) for one in found}
    while wanted:
        change = await stream.next()
        assert change is not None
        wanted.discard(change["key"])
    (session,) = (await line.client.get(f"{API}/sessions?proposal=mx{line.key}")).json()["results"]
    assert session["_metadata"]["datacollections"] == line.number


def key_of(event: Any) -> str:
    """By which the stream names an event."""
    if event["type"] == "dc":
        return f"g-{event['Item']['DataCollectionGroup']['dataCollectionGroupId']}"
    return f"{event['type']}-{event['id']}"


async def check_pages(app: TestApp, line: Beamline) -> None:
    """The session's page has its newest events in their order, and says how many collections there are."""
    visitor = Visitor(app)
    await visitor.log_in(f"member{line.key}")
    shown = await visitor.open(f"/sessions/{line.key}")
    assert shown.status_code == 200
    said = text_of(shown.text)
    failed = [place for place in range(line.number) if status_of(place) == "Failed"]
    assert f"Collections {line.number} " + (f"{len(failed)} failed" if failed else "") in said
    newest = sorted((time for time, _ in line.happened), reverse=True)[:10]
    assert re.findall(r"\d\d:\d\d:\d\d", said) == [f"{time:%H:%M:%S}" for time in newest]


async def day(make_app: MakeApp, sessions: int, number: int) -> None:
    """A day of so many sessions, with so many data collections each."""
    settings = {**OPEN, "plugin.events.total_age": 0}
    app = await make_app(*PLUGINS, "auth_dummy", "processing", "shipping", "web", **settings)
    app.set_time(NOW)
    await build(app, sessions)
    await app.refresh()
    async with beamlines(app, sessions, number) as lines, AsyncExitStack() as stack:
        heard = [listening(app, line.client.headers, ("sessionId", line.key)) for line in lines]
        streams = [await stack.enter_async_context(one) for one in heard]
        await asyncio.gather(*(line.live() for line in lines))
        await check_rows(app, sessions, number)
        for line, stream in zip(lines, streams, strict=True):
            await check_events(line, stream)
        await check_pages(app, lines[0])


@pytest.mark.on("mariadb-community")
async def test_what_is_sent_twice_is_stored_once_and_shown(make_app: MakeApp) -> None:
    await day(make_app, sessions=2, number=4)


@pytest.mark.long
@pytest.mark.on("mariadb-community")
async def test_a_day_at_ten_beamlines(make_app: MakeApp) -> None:
    await day(make_app, sessions=10, number=200)
