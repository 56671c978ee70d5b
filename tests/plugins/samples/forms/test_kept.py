"""What is typed is not lost: logged out meanwhile, sent to two servers."""

from __future__ import annotations

import asyncio
import json
import re
from html import unescape

import httpx
import pytest

from starbeam_testing.fixtures import MakeApp
from starbeam_web.cookie import NAME
from support.pages import OPEN, Visitor, fields_of, gone_to, send, stored, text_of

pytestmark = pytest.mark.anyio

NEW = "/proposals/mx1/proteins/new"
TYPED = {"name": "<Lysozyme>", "acronym": "LYS", "sequence": 'MA\r\n"LW"'}


async def refused(visitor: Visitor, path: str, fields: dict[str, str]) -> str:
    """Send a form as somebody who was logged out: the log-in page that it leads to, which keeps it."""
    sent = await send(visitor, path, fields)
    assert sent.status_code == 307, sent.text
    page = await visitor.client.post(sent.headers["Location"], data=fields)
    assert page.status_code == 200
    assert "what you typed is kept here" in text_of(page.text)
    return page.text


async def log_in_with(visitor: Visitor, page: str, login: str) -> httpx.Response:
    """Log in with the form of this page and all that it keeps."""
    form = page.split('action="/login"')[1].split("</form>")[0]
    hidden = {
        name: unescape(value)
        for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    }
    return await visitor.client.post("/login", data={**hidden, "login": login, "password": "x"})


@pytest.mark.parametrize("how", ["log-out", "the cookie's end"])
async def test_what_was_typed_comes_back_after_a_log_in(visitor: Visitor, how: str) -> None:
    fields = {**fields_of((await visitor.open(NEW)).text), **TYPED}
    if how == "log-out":
        await visitor.send("/logout", "/")
    else:
        visitor.client.cookies.delete(NAME)
    page = await refused(visitor, NEW, fields)
    back = await log_in_with(visitor, page, "member")
    assert "You are logged in again" in text_of(back.text)
    shown = await send(visitor, NEW, fields_of(back.text))
    assert shown.status_code == 200
    assert fields_of(shown.text) == {**fields, "sequence": 'MA\n"LW"'}
    assert "Nothing is stored yet" not in text_of(shown.text)
    assert await stored(visitor, "SELECT COUNT(*) FROM Protein") == [(1,)]
    assert gone_to(await send(visitor, NEW, fields_of(shown.text))) == "/proteins/3"
    found = await stored(visitor, "SELECT name, sequence FROM Protein WHERE proteinId = 3")
    assert found == [("<Lysozyme>", 'MA\n"LW"')]


async def test_a_sheet_comes_back_after_a_log_in(puck: Visitor) -> None:
    path = "/containers/1/sheet"
    rows = {f"{n}.name": f"lys-{n}" for n in range(1, 17)} | {f"{n}.acronym": "LYS" for n in range(1, 17)}
    fields = {**fields_of((await puck.open(path)).text), **rows}
    await puck.send("/logout", "/")
    back = await log_in_with(puck, await refused(puck, path, fields), "member")
    shown = await send(puck, path, fields_of(back.text))
    assert rows.items() <= fields_of(shown.text).items()
    assert await stored(puck, "SELECT COUNT(*) FROM BLSample") == [(0,)]
    gone_to(await send(puck, path, fields_of(shown.text)))
    assert await stored(puck, "SELECT COUNT(*) FROM BLSample") == [(16,)]


async def test_a_change_comes_back_with_what_others_changed(puck: Visitor) -> None:
    """What they changed while somebody was logged out is told when it is stored."""
    path = "/proteins/1/edit"
    mine = {**fields_of((await puck.open(path)).text), "name": "Mine"}
    await puck.send("/logout", "/")
    page = await refused(puck, path, mine)
    await puck.app.database.sql("UPDATE Protein SET name = 'Theirs' WHERE proteinId = 1")
    shown = await send(puck, path, fields_of((await log_in_with(puck, page, "member")).text))
    told = await send(puck, path, fields_of(shown.text))
    assert "Name: Somebody changed this meanwhile, to Theirs." in text_of(told.text)
    assert await stored(puck, "SELECT name FROM Protein WHERE proteinId = 1") == [("Theirs",)]


async def test_nobody_else_gets_what_was_typed(visitor: Visitor) -> None:
    """Neither another person at the same browser, nor by a form that no page of ours has shown."""
    fields = {**fields_of((await visitor.open(NEW)).text), **TYPED}
    await visitor.app.database.person("other")
    await visitor.send("/logout", "/")
    page = await refused(visitor, NEW, fields)
    other = await log_in_with(visitor, page, "other")
    assert (other.status_code, other.headers["Location"]) == (303, NEW)
    await visitor.send("/logout", "/")
    forged = await refused(visitor, NEW, {**fields, "csrf": "0" * 64})
    assert (await log_in_with(visitor, forged, "member")).status_code == 303


async def test_what_is_kept_leads_to_no_other_server(visitor: Visitor) -> None:
    fields = fields_of((await visitor.open(NEW)).text)
    await visitor.send("/logout", "/")
    page = (await visitor.client.post("/login-again?next=/&to=//evil.example", data=fields)).text
    assert "what you typed is kept" not in text_of(page)
    for kept in ("x", json.dumps({"to": "https://evil.example", "fields": [*fields.items()]})):
        done = await visitor.send("/login", "/login", backend="dummy", login="member", kept=kept)
        assert (done.status_code, done.headers["Location"]) == (303, "/")


@pytest.mark.four_databases
async def test_two_servers_and_one_that_is_started_anew(visitor: Visitor, make_app: MakeApp) -> None:
    """A form of one server, sent to both at once and twice: one row, whose page both lead to."""
    app = await make_app("auth_dummy", "ispyb", "proposals", "samples", "shipping", "web", **OPEN)
    other = Visitor(app)
    other.client.cookies = visitor.client.cookies
    fields = {**fields_of((await visitor.open(NEW)).text), **TYPED}
    sent = await asyncio.gather(*(send(one, NEW, fields) for one in [visitor, other] * 2))
    assert {gone_to(one) for one in sent} == {"/proteins/3"}
    assert await stored(visitor, "SELECT COUNT(*) FROM Protein") == [(2,)]


@pytest.mark.four_databases
async def test_a_sheet_that_is_sent_to_two_servers(puck: Visitor, make_app: MakeApp) -> None:
    app = await make_app("auth_dummy", "ispyb", "proposals", "samples", "shipping", "web", **OPEN)
    other = Visitor(app)
    other.client.cookies = puck.client.cookies
    path = "/containers/1/sheet"
    fields = {**fields_of((await puck.open(path)).text), "1.name": "one", "1.acronym": "LYS"}
    sent = await asyncio.gather(*(send(one, path, fields) for one in [puck, other] * 2))
    assert {gone_to(one) for one in sent} == {"/containers/1"}
    assert await stored(puck, "SELECT location, name FROM BLSample") == [("1", "one")]
