"""Tiles of beamlines, and their pages: what runs, what it is at, and who sees it."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import pytest

from plugins.events.conftest import Beamline
from plugins.events.test_pages import OPEN, keys, opened, page
from starbeam.db.models import AdminVar
from starbeam_ispyb import models as m
from starbeam_testing.app import Statements
from starbeam_testing.fixtures import MakeApp
from support.pages import Visitor, text_of

pytestmark = pytest.mark.anyio

NOON, MIDNIGHT = datetime(2026, 3, 10, 12), datetime(2026, 3, 11)
LINES = [{"beamLineName": "ID01"}, {"beamLineName": "id02"}, {"beamLineName": "id03", "archived": True}]
GROUPS = [{"groupName": "MX", "uiGroup": "mx", "permission": "mx_staff", "beamLines": LINES}]


async def facility(make_app: MakeApp, *plugins: str) -> tuple[Beamline, Visitor]:
    """mx1-1 runs on id01 at 14:07, which is minute 127; mx1-2 comes next on id02."""
    beamline, visitor = await opened(make_app, *plugins)
    app = beamline.app
    await app.database.sql(
        "update BLSession set startDate='2026-03-10 08:00:00', endDate='2026-03-10 16:00:00'"
    )
    await app.database.sql("update Proposal set title='Kinase'")
    await beamline.session(
        2, beamLineName="ID02", startDate=datetime(2026, 3, 11, 9), endDate=MIDNIGHT.replace(day=12)
    )
    await app.database.add(AdminVar, name="beamLineGroups", value=json.dumps(GROUPS))
    app.set_time(datetime(2026, 3, 10, 14, 7))
    await app.refresh()
    return beamline, visitor


def tiles(html: str) -> list[str]:
    """What each tile says."""
    return [text_of(one) for one in re.findall(r'(?s)<article class="card">(.*?)</article>', html)]


def bars(html: str) -> list[tuple[int, str]]:
    """Quarter of an hour, of 24, and height of each bar."""
    found = re.findall(r'<rect class="f1" x="(\d+)" y="[\d.]+" width="8" height="([\d.]+)"/>', html)
    return [(int(x) // 10, height) for x, height in found]


@pytest.mark.four_databases
async def test_tiles_say_what_beamlines_are_at(make_app: MakeApp) -> None:
    beamline, visitor = await facility(make_app)
    await beamline.sample(1, name="KinA-x12")
    await beamline.group(10, blSampleId=1)
    # the 24 quarters begin at 08:15: 12:00 is the 16th from 0 on, 14:00 the 24th
    await beamline.collection(1, 10, 0, 2)
    await beamline.collection(2, 10, 14.9, 16)
    await beamline.collection(3, 10, 15, 17)
    await beamline.collection(4, 10, -226, -225)  # 08:14: too old
    await beamline.collection(5, 10, 125, 126, runStatus="DataCollection Successful")
    await beamline.robot(6, 100, status="ERROR")
    html = await page(visitor, "/")
    assert tiles(html)[:2] == [
        "ID01 idle 1 min 00 s mx1-1 Kinase 08:15 14:07 KinA-x12 data collection success "
        "ended 14:06:00 , 1 min 00 s ago",
        "id02 no session Next: mx1-2 , Wed 11 Mar 09:00",
    ]
    assert bars(html) == [(15, "96.0"), (16, "48.0"), (23, "48.0")]
    assert "id03" not in html

    await beamline.robot(7, 126, status="ERROR", blsampleId=1)  # to 14:07
    assert "KinA-x12 robot action failed ended 14:07:00" in tiles(await page(visitor, "/"))[0]
    await beamline.collection(8, 10, 126.5)
    assert tiles(await page(visitor, "/"))[0].endswith(
        "collecting mx1-1 Kinase 08:15 14:07 KinA-x12 data collection began 14:06:30 , 30 s ago"
    )


async def test_a_data_collection_without_an_end_is_not_taken_to_run_for_ever(make_app: MakeApp) -> None:
    """Two hours, or three times as long as it should take."""
    beamline, visitor = await facility(make_app)
    await beamline.group(10)
    await beamline.collection(1, 10, 0)  # 2 h 07 min
    assert "idle 2 h 07 min" in tiles(await page(visitor, "/"))[0]
    await beamline.collection(2, 10, 1, numberOfImages=3600, exposureTime=0.8)  # 48 min, so up to 2 h 24 min
    assert "collecting" in tiles(await page(visitor, "/"))[0]


async def test_a_session_in_which_nothing_has_happened(make_app: MakeApp) -> None:
    _, visitor = await facility(make_app)
    html = await page(visitor, "/")
    assert tiles(html)[0] == "ID01 no events yet mx1-1 Kinase 08:15 14:07"
    assert bars(html) == []


async def test_without_events_a_tile_says_that_a_session_runs(make_app: MakeApp) -> None:
    _, other = await facility(make_app, "auth_dummy", "ispyb", "proposals", "web")
    assert tiles(await page(other, "/"))[0] == "ID01 running mx1-1 Kinase"


async def test_who_sees_which_tiles(make_app: MakeApp) -> None:
    beamline, _ = await facility(make_app)
    await beamline.session(3, beamLineName="id09", startDate=NOON, endDate=MIDNIGHT)
    await beamline.session(4, beamLineName="id01", startDate=NOON, endDate=MIDNIGHT, proposalId=1)
    await beamline.joins("guest", 3)
    said = {}
    for login, permissions in (("guest", ()), ("stranger", ()), ("staff", ("mx_staff",))):
        await beamline.app.as_user(login, *permissions)
        visitor = Visitor(beamline.app)
        await visitor.log_in(login)
        said[login] = await page(visitor, "/")
    assert tiles(said["guest"])[0] == "id09 no events yet mx1-3 Kinase 08:15 14:07"
    assert [one.split()[0] for one in tiles(said["staff"])] == ["ID01", "id02"]
    assert tiles(said["stranger"]) == []
    # theirs, whatever else they see
    assert "My sessions" in text_of(said["guest"])
    assert "mx1-3 now id09" in text_of(said["guest"])
    assert "My sessions" not in text_of(said["staff"])
    assert "You take part in no session." in text_of(said["stranger"])


async def test_the_start_page_costs_few_statements(make_app: MakeApp) -> None:
    beamline, visitor = await facility(make_app)
    await beamline.joins("root", 1)
    for key in range(10, 22):
        await beamline.session(key, beamLineName=f"id{key}", startDate=NOON, endDate=MIDNIGHT)
        await beamline.joins("root", key)
        await beamline.group(key, session=key)
        await beamline.collection(key, key, 100)
    lines: list[Any] = [{"beamLineName": f"id{key}"} for key in range(10, 30)]
    value = json.dumps([{**GROUPS[0], "beamLines": lines}])
    await beamline.db.sql("delete from AdminVar where name='beamLineGroups'")
    await beamline.db.add(AdminVar, name="beamLineGroups", value=value)
    await beamline.app.refresh()
    await page(visitor, "/")
    with Statements(beamline.app) as ran:
        html = await page(visitor, "/")
    assert len(tiles(html)) == 12
    assert len(ran) <= 9, "\n".join(ran.texts)


async def test_the_page_of_a_beamline(make_app: MakeApp) -> None:
    beamline, visitor = await facility(make_app)
    for key in range(1, 9):
        await beamline.robot(key, key, status="SUCCESS", containerLocation=key)
    html = await page(visitor, "/beamlines/id01")
    assert keys(html)[:2] == ["robot-8", "robot-7"]
    assert "mx1-1 · Kinase · until Tue 10 Mar 16:00" in text_of(html)
    assert keys(await page(visitor, "/beamlines/id01?status=failed")) == []
    wall = await page(visitor, "/beamlines/id01?follow=1")
    assert keys(wall) == ["robot-8"]
    assert re.findall(r"position (\d)", text_of(wall)) == ["8", "7", "6", "5", "4", "3"]
    assert "<form" not in wall
    assert 'data-follow data-stream="/ispyb/api/v1/events/stream" data-sessions="1"' in wall

    beamline.app.set_time(datetime(2026, 3, 10, 20))
    nothing = text_of(await page(visitor, "/beamlines/ID02"))
    assert "no session" in nothing
    assert "Next here Session From Length Title mx1-2 in 13 hours Wed 11 Mar 09:00 15 h Kinase" in nothing
    assert "Last here Session From Length Title mx1-1 4 hours ago" in text_of(
        await page(visitor, "/beamlines/id01")
    )
    assert "no session, next mx1-2 Wed 11 Mar 09:00" in text_of(
        await page(visitor, "/beamlines/id02?follow=1")
    )
    assert "No session here" in text_of(await page(visitor, "/beamlines/id03"))
    assert (await visitor.open("/beamlines/nowhere")).status_code == 404


async def test_all_beamlines(make_app: MakeApp) -> None:
    beamline, visitor = await facility(make_app)
    await beamline.session(3, beamLineName="id09", startDate=NOON, endDate=MIDNIGHT)
    html = await page(visitor, "/beamlines")
    assert [one.split()[0] for one in tiles(html)] == ["ID01", "id02", "id03", "id09"]
    rows = (await visitor.open("/beamlines?format=csv")).text.splitlines()
    assert [row.split(",")[0] for row in rows] == ["name", "ID01", "id02", "id03", "id09"]
    await beamline.app.as_user("stranger")
    stranger = Visitor(beamline.app)
    await stranger.log_in("stranger")
    html = await page(stranger, "/beamlines")
    assert tiles(html)[0] == "ID01 none of yours Nothing comes next that you may see."
    assert "mx1" not in html
    assert "id09" not in html
    alone = text_of(await page(stranger, "/beamlines/id01"))
    assert "no session of yours" in alone
    assert (await stranger.open("/beamlines/id09")).status_code == 404


async def test_figures_of_a_session(make_app: MakeApp) -> None:
    beamline, visitor = await facility(make_app)
    for key in (1, 2, 3):
        await beamline.sample(key)
    await beamline.db.add(m.Shipping, shippingId=1, proposalId=1)
    await beamline.db.add(m.Dewar, dewarId=1, shippingId=1)
    place = {"beamlineLocation": "id01", "sampleChangerLocation": "3"}
    await beamline.db.add(m.Container, containerId=1, dewarId=1, **place)
    await beamline.db.sql("update BLSample set containerId=1 where blSampleId in (1, 2)")
    await beamline.group(10, blSampleId=1)
    await beamline.collection(1, 10, 0, 30, runStatus="DataCollection Successful")
    await beamline.collection(2, 10, 30, 90, runStatus="DataCollection failed")
    await beamline.collection(3, 10, 90)  # neither, and without an end
    await beamline.robot(4, 120, blsampleId=3)  # to 14:01
    said = text_of(await page(visitor, "/sessions/1"))
    assert (
        "Collections 3 1 failed Samples seen 2 of 2 in the changer Beam used 1.5 h of 6.1 h "
        "Last event 6 min 00 s ago" in said
    )
    assert "Kinase · 8 h" in said
    assert "Collections 3 1 failed" in text_of(await page(visitor, "/beamlines/id01"))
    beamline.app.set_time(datetime(2026, 3, 11, 14))
    over = text_of(await page(visitor, "/sessions/1"))
    assert "Samples seen 2 Beam used 1.5 h of 8.0 h" in over
    empty = text_of(await page(visitor, "/sessions/2"))
    assert "Collections 0 Samples seen 0 Beam used 0.0 h of 5.0 h Last event none yet" in empty


async def test_figures_are_kept_for_seconds_for_each_person(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(OPEN, "plugin.events.total_age", 60)
    beamline, visitor = await opened(make_app)
    await beamline.app.as_user("guest")
    await beamline.joins("guest", 1)
    guest = Visitor(beamline.app)
    await guest.log_in("guest")
    assert "Collections 0" in text_of(await page(visitor))
    await beamline.group(10)
    await beamline.collection(1, 10, 0, 30)
    assert "Collections 0" in text_of(await page(visitor))
    assert "Collections 1" in text_of(await page(guest))
