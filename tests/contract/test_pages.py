"""Every page, opened as everybody: whoever sees a thing in the API sees its page, and nobody else does."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

import httpx
import pytest

from starbeam.registry import pages_of
from support.pages import Visitor, text_of
from support.world import CALLERS

if TYPE_CHECKING:
    from contract.conftest import Whole

pytestmark = pytest.mark.anyio

ALIKE: dict[str, tuple[str, str]] = {
    "GET /proposals": ("/proposals", "/proposals"),
    "GET /proposals/{name}": ("/proposals/MX23", "/proposals/mx23"),
    "GET /proposals/{name}/people": ("/proposals/mx23/people", "/proposals/mx23"),
    "GET /proposals/{name}/samples": ("/proposals/mx23/samples", "/proposals/mx23"),
    "GET /proposals/{name}/shipments": ("/proposals/mx23/shipments", "/proposals/mx23"),
    "GET /proposals/{name}/results": ("/proposals/mx23/results", "/proposals/mx23"),
    "GET /sessions": ("/sessions", "/sessions"),
    "GET /sessions/{key}": ("/sessions/1", "/sessions/1"),
    "GET /sessions/{key}/people": ("/sessions/1/people", "/sessions/1"),
    "GET /sessions/{key}/report": ("/sessions/1/report", "/sessions/1"),
    "GET /sessions/{key}/edit": ("/sessions/1/edit", "/sessions/1"),
    "GET /collections/{key}/edit": ("/collections/1/edit", "/datacollections/1"),
    "GET /groups/{key}/edit": ("/groups/1/edit", "/datacollections/groups/1"),
    "GET /sessions/{key}/results": ("/sessions/1/results", "/sessions/1"),
    "GET /sessions/{key}/samples": ("/sessions/1/samples", "/sessions/1"),
    "GET /sessions/{key}/maps": ("/sessions/1/maps", "/sessions/1"),
    "GET /sessions/{key}/movies": ("/sessions/1/movies", "/sessions/1"),
    "GET /sessions/{key}/classes": ("/sessions/1/classes", "/sessions/1"),
    "GET /samples": ("/samples", "/samples"),
    "GET /samples/{key}": ("/samples/1", "/samples/1"),
    "GET /proteins": ("/proteins", "/proteins"),
    "GET /proteins/{key}": ("/proteins/1", "/proteins/1"),
    "GET /shipments": ("/shipments", "/shippings"),
    "GET /shipments/{key}": ("/shipments/1", "/shippings/1"),
    "GET /dewars/{key}": ("/dewars/1", "/dewars/1"),
    "GET /containers/{key}": ("/containers/1", "/containers/1"),
    "GET /shipments/{key}/labels": ("/shipments/1/labels", "/shippings/1"),
    "GET /contacts": ("/contacts", "/labcontacts"),
    "GET /contacts/{key}": ("/contacts/1", "/labcontacts/1"),
    "GET /proposals/{parent}/shipments/new": ("/proposals/mx23/shipments/new", "/proposals/mx23"),
    "GET /proposals/{parent}/contacts/new": ("/proposals/mx23/contacts/new", "/proposals/mx23"),
    "GET /proposals/{parent}/proteins/new": ("/proposals/mx23/proteins/new", "/proposals/mx23"),
    "GET /shipments/{parent}/dewars/new": ("/shipments/1/dewars/new", "/shippings/1"),
    "GET /dewars/{parent}/containers/new": ("/dewars/1/containers/new", "/dewars/1"),
    "GET /containers/{parent}/samples/new": ("/containers/1/samples/new", "/containers/1"),
    "GET /containers/{key}/sheet": ("/containers/1/sheet", "/containers/1"),
    "GET /shipments/{key}/edit": ("/shipments/1/edit", "/shippings/1"),
    "GET /contacts/{key}/edit": ("/contacts/1/edit", "/labcontacts/1"),
    "GET /dewars/{key}/edit": ("/dewars/1/edit", "/dewars/1"),
    "GET /containers/{key}/edit": ("/containers/1/edit", "/containers/1"),
    "GET /proteins/{key}/edit": ("/proteins/1/edit", "/proteins/1"),
    "GET /samples/{key}/edit": ("/samples/1/edit", "/samples/1"),
    "GET /sessions/{key}/statistics": ("/sessions/1/statistics", "/stats/breakdown?sessionId=1"),
    "GET /proposals/{name}/statistics": ("/proposals/mx23/statistics", "/stats/times?proposal=mx23"),
    "GET /statistics": ("/statistics", "/stats/runs"),
    "GET /statistics/{run}/{beamline}": (
        "/statistics/1/id29",
        "/stats/breakdown?runId=1&beamLineName=id29",
    ),
}
"""By page: its address, and what of the API it stands for. A list says how many rows there are."""
SENT = {
    name.replace("GET", "POST"): address
    for name, address in ALIKE.items()
    if name.endswith(("/new", "/edit", "/sheet"))
}
"""Forms are sent to where they are shown, by who sees what they are about."""
LISTED: dict[str, tuple[str, str]] = {
    "GET /collections/{key}": ("/collections/1", "/events?dataCollectionId=1"),
    "GET /sessions/{key}/cards": ("/sessions/1/cards?keys=g-1,robot-1", "/events?sessionId=1"),
    "GET /groups/{key}": ("/groups/1", "/events?dataCollectionGroupId=1"),
    "GET /programs/{key}": ("/programs/1", "/processings/attachments?autoProcProgramId=1"),
    "GET /programs/{key}/files/{file}": (
        "/programs/1/files/1",
        "/processings/attachments?autoProcProgramAttachmentId=1",
    ),
    "GET /programs/{key}/files.zip": (
        "/programs/1/files.zip",
        "/processings/attachments?autoProcProgramId=1",
    ),
    "GET /collections/{key}/movies": ("/collections/1/movies", "/events?dataCollectionId=1"),
    "GET /collections/{key}/grid": ("/collections/1/grid", "/events?dataCollectionId=1"),
    "GET /collections/{key}/maps": ("/collections/1/maps", "/mapping?dataCollectionId=1"),
    "GET /collections/{key}/file": ("/collections/1/file", "/events?dataCollectionId=1"),
    "GET /collections/{key}/images": ("/collections/1/images", "/events?dataCollectionId=1"),
    "GET /collections/{key}/images/{number}": ("/collections/1/images/1", "/events?dataCollectionId=1"),
    "GET /movies/{key}": ("/movies/1", "/events?dataCollectionId=1"),
}
"""By page of one thing: its address, and the list of the API that is empty for who may not see it."""
HELD: dict[str, tuple[str, str]] = {
    "GET /admin": ("/admin", "/admin/activity"),
    "GET /admin/options": ("/admin/options", "/options"),
    "GET /admin/groups": ("/admin/groups", "/admin/groups"),
    "GET /admin/groups/{key}": ("/admin/groups/1", "/admin/groups"),
    "GET /admin/permissions": ("/admin/permissions", "/admin/permissions"),
    "GET /admin/permissions/{key}": ("/admin/permissions/1", "/admin/permissions"),
    "GET /admin/people": ("/admin/people", "/admin/groups"),
    "GET /admin/people/{key}": ("/admin/people/1", "/admin/groups"),
    "GET /admin/explain": ("/admin/explain?login=staff&path=/sessions/1", "/admin/groups"),
    "GET /admin/activity": ("/admin/activity", "/admin/activity"),
    "GET /admin/options/edit": ("/admin/options/edit", "/options"),
    "GET /admin/groups/new": ("/admin/groups/new", "/admin/groups"),
    "GET /admin/groups/{key}/edit": ("/admin/groups/1/edit", "/admin/groups"),
    "GET /admin/groups/{key}/people/{row}/remove": ("/admin/groups/1/people/1/remove", "/admin/groups"),
    "GET /admin/groups/{key}/permissions/{row}/remove": (
        "/admin/groups/1/permissions/1/remove",
        "/admin/groups",
    ),
    "GET /admin/permissions/new": ("/admin/permissions/new", "/admin/permissions"),
    "GET /admin/permissions/{key}/edit": ("/admin/permissions/1/edit", "/admin/permissions"),
}
"""By page of administrators: its address, and an operation that needs the same permission. Whom the API
refuses finds no page."""
HELD_SENT = {
    **{
        name.replace("GET", "POST"): held
        for name, held in HELD.items()
        if name.endswith(("/new", "/edit", "/remove"))
    },
    "POST /admin/groups/{key}/people": ("/admin/groups/1/people", "/admin/groups"),
    "POST /admin/groups/{key}/permissions": ("/admin/groups/1/permissions", "/admin/groups"),
    "POST /admin/people/{key}/groups": ("/admin/people/1/groups", "/admin/groups"),
}
"""Forms of administrators."""
PICTURES = {
    "GET /movies/{key}/{picture}",
    "GET /classes/{key}/picture",
    "GET /collections/{key}/maps/snapshot",
    "GET /maps/{key}/picture",
    "GET /robot/{key}/before",
    "GET /robot/{key}/after",
    "GET /energy-scans/{key}/chooch",
    "GET /spectra/{key}/spectrum",
}
"""Files that pages show: the tests of their plugins say who is sent them."""
FOR_ALL = {
    "GET /",
    "GET /search",
    "GET /calendar",
    "GET /calendar/{month}",
    "GET /beamlines",
    "GET /beamlines/{name}",
    "GET /beamlines/{name}/changer",
}
"""Pages of everybody who has logged in: what they hold is looked at by the tests of their plugins."""
MOVED = {
    "GET /proposals/{name}/sessions",
    "GET /proposals/{name}/sessions/{key}",
    "GET /proposals/{name}/samples/{key}",
}
"""Addresses that lead to another page."""
PUBLIC = {
    "GET /login",
    "POST /login",
    "POST /login-again",
    "GET /login/{backend}",
    "GET /login/{backend}/back",
    "POST /logout",
    "POST /preferences",
    "GET /static/{tag}/{name}",
}


def pages(whole: Whole) -> set[str]:
    """The pages, as the tables name them."""
    served = pages_of(whole.app.starbeam.asgi)
    return {f"{one.method} {re.sub(r':[a-z]+', '', one.path)}" for one in served if one.method != "HEAD"}


async def test_every_page_has_an_entry(whole: Whole) -> None:
    assert pages(whole) == {*ALIKE, *SENT, *LISTED, *HELD, *HELD_SENT, *PICTURES, *FOR_ALL, *MOVED, *PUBLIC}
    public = {
        f"{one.method} {re.sub(r':[a-z]+', '', one.path)}"
        for one in pages_of(whole.app.starbeam.asgi)
        if one.handler.opt["access"].public
    }
    assert public == PUBLIC


async def beside(
    whole: Whole, pages: Mapping[str, tuple[str, str]]
) -> AsyncIterator[tuple[tuple[str, str], httpx.Response, httpx.Response]]:
    """Each page, opened as everybody: who opened which, what it showed, and what the API told them."""
    for caller in CALLERS:
        visitor = Visitor(whole.app)
        assert (await visitor.log_in(caller)).status_code == 303
        for page, address in pages.values():
            yield (caller, page), await visitor.open(page), await whole.call("GET ", address, caller)


async def test_a_page_shows_what_the_api_shows(whole: Whole) -> None:
    async for where, shown, told in beside(whole, ALIKE):
        assert shown.status_code == told.status_code, where
        if shown.status_code == 200 and "total" in told.json():
            total = told.json()["total"]
            assert re.search(rf"<h1>\w+</h1><span class=\"soft\">{total}</span>", shown.text), (where, total)


@pytest.mark.parametrize("caller", CALLERS)
async def test_a_form_is_taken_from_who_sees_what_it_is_about(whole: Whole, caller: str) -> None:
    """An empty one: there is something to say of it, or nothing to change."""
    visitor = Visitor(whole.app)
    await visitor.log_in(caller)
    for name, (page, address) in SENT.items():
        told = await whole.call("GET ", address, caller)
        answer = await visitor.send(page, "/")
        wanted = {422} if name.endswith("/new") else {303, 422}
        assert answer.status_code in (wanted if told.status_code == 200 else {404}), page
        foreign = await visitor.client.post(page, data={"csrf": "x"})
        assert foreign.status_code in (403, 404), page


async def test_a_page_of_one_thing_is_there_for_who_sees_it(whole: Whole) -> None:
    async for where, shown, told in beside(whole, LISTED):
        assert shown.status_code == (200 if told.json()["total"] else 404), where


async def test_a_page_of_administrators_is_there_for_who_may(whole: Whole) -> None:
    async for where, shown, told in beside(whole, HELD):
        assert shown.status_code == (404 if told.status_code == 403 else 200), where


@pytest.mark.parametrize("caller", CALLERS)
async def test_a_form_of_administrators_is_taken_from_who_may(whole: Whole, caller: str) -> None:
    """One that no page of ours has shown: whoever may send it is told so, others that there is no page."""
    visitor = Visitor(whole.app)
    await visitor.log_in(caller)
    for page, address in HELD_SENT.values():
        told = await whole.call("GET ", address, caller)
        answer = await visitor.client.post(page, data={"csrf": "x"})
        assert answer.status_code == (404 if told.status_code == 403 else 403), page


async def test_nobody_sees_no_page_and_learns_of_none(whole: Whole) -> None:
    visitor = Visitor(whole.app)
    for page in [
        *(page for page, _ in [*ALIKE.values(), *LISTED.values(), *HELD.values()]),
        "/",
        "/search?q=mx",
        "/nothing/at/all?x=1",
    ]:
        shown = await visitor.open(page)
        assert shown.status_code == 302
        assert shown.headers["Location"].startswith("/login?next=%2F".replace("%2F", "/"))


async def test_the_two_noes_are_one(whole: Whole) -> None:
    """A session of others and one that there is not."""
    visitor = Visitor(whole.app)
    await visitor.log_in("session_member")
    others, none = await visitor.open("/sessions/3"), await visitor.open("/sessions/999999")
    assert (others.status_code, none.status_code) == (404, 404)
    asked = r"request \w+|/sessions/\d+"
    assert re.sub(asked, "", text_of(others.text)) == re.sub(asked, "", text_of(none.text))
    assert "There is no such page, or you may not see it." in text_of(none.text)


async def test_a_number_that_no_row_can_have_is_no_page(whole: Whole) -> None:
    visitor = Visitor(whole.app)
    await visitor.log_in("administrator")
    for page in ALIKE:
        if "{key}" in page:
            for number in ("99999999999999999999", "-99999999999999999999", "9223372036854775808"):
                shown = await visitor.open(page.removeprefix("GET ").replace("{key}", number))
                assert shown.status_code == 404, (page, number)


async def test_a_program_gets_no_page(whole: Whole) -> None:
    """Without a wish for HTML, and below the API whatever is wished."""
    client = Visitor(whole.app).client
    assert (await client.get("/sessions", headers={"Accept": "*/*"})).json() == {
        "detail": "No token provided."
    }
    below = await client.get(f"{whole.root}/nothing")
    assert (below.status_code, below.json()) == (404, {"detail": "Not Found"})


async def test_pages_are_no_part_of_the_document(whole: Whole) -> None:
    shown = set(whole.document["paths"])
    outside = {name.split(" ")[1] for name in whole.elsewhere}
    assert {path for path in shown if not path.startswith(whole.root)} <= outside


async def test_the_cookie_opens_nothing_of_the_api_but_what_pages_show(whole: Whole) -> None:
    """Every operation without a token: 401, but for reading files, pictures and data from a page of ours."""
    visitor = Visitor(whole.app)
    await visitor.log_in("administrator")
    opened = set()
    for name, handler in whole.handlers.items():
        if handler.opt["access"].public or handler.opt["access"].token_in != "header":
            continue
        method, path = name.split(" ")
        address = whole.root + re.sub(r"{[^}]*}", "1", path)
        plain = await visitor.client.request(method, address)
        assert plain.status_code == 401, name
        foreign = await visitor.client.request(method, address, headers={"Sec-Fetch-Site": "same-site"})
        assert foreign.status_code == 401, name
        ours = await visitor.client.request(method, address, headers={"Sec-Fetch-Site": "same-origin"})
        if ours.status_code != 401:
            opened.add((method, handler.opt["plugin"], name))
    assert {method for method, _, _ in opened} == {"GET"}
    others = {name for _, plugin, name in opened if plugin not in ("data", "mapping")}
    assert others == SHOWN


EM = "GET /legacy/em/proposal/{proposal_id}/movie/{movie_id}"
SHOWN = {
    "GET /datacollections/attachments/{dataCollectionFileAttachmentId}",
    "GET /datacollections/images/diffraction/{dataCollectionId}",
    "GET /datacollections/images/quality/{dataCollectionId}",
    "GET /datacollections/images/{dataCollectionId}",
    "GET /datacollections/workflows/steps/{workflowStepId}",
    "GET /events/stream",
    "GET /processings/attachments/{autoProcProgramAttachmentId}",
    "GET /samples/images/{blSampleImageId}",
    f"{EM}/plot/motioncorrectiondrift",
    f"{EM}/thumbnail",
    f"{EM}/thumbnail/ctf",
    f"{EM}/thumbnail/motioncorrection",
}
"""Files and pictures of other plugins, and what pages listen to."""
