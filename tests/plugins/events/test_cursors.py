"""Walking through events by the cursor of each page."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from plugins.events.test_stream import grow, scattered
from starbeam_events import queries
from support.counting import ONE_CONNECTION, rows_read

if TYPE_CHECKING:
    import httpx

    from plugins.events.conftest import Beamline, MakeBeamline

pytestmark = pytest.mark.anyio
ORIGIN = "https://ispyb.example.org"


def names(response: httpx.Response) -> list[str]:
    """Types and keys of the events of a page."""
    assert response.status_code == 200, response.text
    return [f"{event['type']} {event['id']}" for event in response.json()["results"]]


def following(response: httpx.Response) -> dict[str, str]:
    """What the next page is asked for with; empty on the last."""
    if "link" not in response.headers:
        return {}
    address, relation = response.headers["link"].split("; ")
    assert relation == 'rel="next"'
    parts = urlsplit(address.removeprefix("<").removesuffix(">"))
    assert parts.path == "/ispyb/api/v1/events"
    return {name: value for name, (value,) in parse_qs(parts.query, strict_parsing=True).items()}


async def walk(beamline: Beamline, login: str = "root", **query: Any) -> list[list[str]]:
    """The pages from the first to the last, each found by the one before."""
    pages, asked = [], query
    while asked:
        response = await beamline.get("/events", login, **asked)
        pages.append(names(response))
        asked = following(response)
    return pages


@pytest.mark.on("sqlite-union", "mariadb-union")
@pytest.mark.parametrize("depths", [(0,), (6, 20, 60)])
async def test_cursors_lead_through_all_events_once(
    beamline: Beamline, monkeypatch: pytest.MonkeyPatch, depths: tuple[int, ...]
) -> None:
    await scattered(beamline)
    monkeypatch.setattr(queries, "DEPTHS", depths)
    monkeypatch.setattr("starbeam_events.sources.blocks.SIZE", 4)
    asked: list[dict[str, Any]] = [{}, {"status": "failed"}, {"beamLineName": "id02"}, {"session": "mx1-1"}]
    for login in ("root", "ada"):
        for query in asked:
            wanted = await beamline.events(login, **query)
            pages = await walk(beamline, login, **query, limit=3)
            assert [name for page in pages for name in page] == wanted, (login, query)
            assert {len(page) for page in pages[:-1]} <= {3}


async def test_the_last_page_names_no_other(beamline: Beamline) -> None:
    for key in (1, 2, 3, 4):
        await beamline.robot(key, key)
    assert await walk(beamline, limit=2, sessionId=1) == [["robot 4", "robot 3"], ["robot 2", "robot 1"]]
    first = await beamline.get("/events", limit=2, sessionId=1, unknown="x", skip=1)
    assert names(first) == ["robot 3", "robot 2"]
    asked = following(first)
    assert asked.keys() == {"limit", "sessionId", "cursor"}
    second = await beamline.get("/events", **asked)
    assert second.json()["total"] == 4
    assert names(second) == ["robot 1"]
    assert names(await beamline.get("/events", **asked, skip=1)) == []


async def test_what_happens_meanwhile_neither_shifts_nor_hides(beamline: Beamline) -> None:
    for key in range(1, 7):
        await beamline.robot(key, key)
    first = await beamline.get("/events", limit=2)
    assert names(first) == ["robot 6", "robot 5"]
    await beamline.robot(7, 9)
    await beamline.scan(1, 8)
    await beamline.robot(8, 3.5)  # written late
    second = await beamline.get("/events", **following(first))
    assert names(second) == ["robot 4", "robot 8"]
    await beamline.db.sql("DELETE FROM RobotAction WHERE robotActionId = 8")
    assert names(await beamline.get("/events", **following(second))) == ["robot 3", "robot 2"]


@pytest.mark.on("sqlite-union", "mariadb-union")
async def test_rows_written_late_are_found_where_keys_are_known_from_before(
    make_beamline: MakeBeamline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "DEPTHS", (4,))
    monkeypatch.setattr("starbeam_events.sources.blocks.SIZE", 2)
    beamline = await make_beamline(**{"plugin.events.total_age": 1000})
    await beamline.group(1)
    for key in range(1, 21):
        await beamline.collection(key, 1, key)
        await beamline.robot(key, key)
    first = await beamline.get("/events", limit=2)
    second = await beamline.get("/events", **following(first))
    assert names(second) == ["robot 18", "robot 17"]
    await beamline.robot(21, 16.5)
    assert names(await beamline.get("/events", **following(second))) == ["robot 21", "robot 16"]


async def test_a_cursor_shows_what_its_user_sees(beamline: Beamline) -> None:
    await beamline.session(2)
    await beamline.joins("ada", session=2)
    for key in range(1, 9):
        await beamline.robot(key, key, session=1 + key % 2)
    asked = following(await beamline.get("/events", limit=3))
    shown = await beamline.get("/events", "ada", **asked)
    assert (names(shown), shown.json()["total"]) == (["robot 5", "robot 3", "robot 1"], 4)
    assert names(await beamline.get("/events", "bob", **asked)) == []


async def test_cursors_that_the_server_did_not_give_are_refused(
    beamline: Beamline, make_beamline: MakeBeamline
) -> None:
    await beamline.robot(1, 1)
    await beamline.robot(2, 2)
    cursor = following(await beamline.get("/events", limit=1))["cursor"]
    signed = urlsafe_b64decode(cursor + "==")
    elsewhere = urlsafe_b64encode(signed.replace(b"12:02", b"12:01")).rstrip(b"=").decode()
    assert elsewhere != cursor
    changed = [
        cursor[:place] + ("B" if one == "A" else "A") + cursor[place + 1 :]
        for place, one in enumerate(cursor)
    ]
    odd = [
        "",
        "x",
        "é",
        "=",
        cursor + "=",
        cursor + "!",
        cursor[:-1],
        cursor.lower(),
        elsewhere,
        "A" * 499,
        "A" * 9999,
    ]
    for forged in [*changed, *odd]:
        response = await beamline.get("/events", cursor=forged)
        assert response.status_code == 422, forged
        assert response.json()["detail"][0]["loc"] == ["query", "cursor"]


async def test_browsers_may_read_where_the_next_page_is(make_beamline: MakeBeamline) -> None:
    beamline = await make_beamline(**{"server.cors_origins": [ORIGIN]})
    await beamline.robot(1, 1)
    await beamline.robot(2, 2)
    beamline.app.client.headers["Origin"] = ORIGIN
    response = await beamline.get("/events", limit=1)
    assert "link" in response.headers
    assert response.headers["access-control-expose-headers"] == "Link"


@pytest.mark.on("mariadb-union")
async def test_a_page_far_back_reads_no_more_than_the_first(make_beamline: MakeBeamline) -> None:
    beamline = await make_beamline(**{**ONE_CONNECTION, "plugin.events.total_age": 1000})
    await grow(beamline, 2, 2_000)
    first = await beamline.get("/events")
    far = await beamline.get("/events", skip=15_000)
    reads = {}
    for name, asked in {"first": {}, "second": following(first), "far": following(far)}.items():
        await beamline.get("/events", **asked)  # what is kept
        reads[name] = await rows_read(beamline.app, lambda asked=asked: beamline.get("/events", **asked))
    # 300 entries of the index on time tell where the newest part before a cursor begins
    assert reads["second"] <= reads["first"] + 500, reads
    assert reads["far"] <= reads["first"] + 500, reads
