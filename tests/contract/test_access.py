"""Every route, tried as everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from starbeam.access import Access
from support.expected import Answer, Total, routes
from support.world import CALLERS

if TYPE_CHECKING:
    from contract.conftest import Whole

pytestmark = pytest.mark.anyio

NOTHING: tuple[Answer, ...] = (403, 404, Total(0))
"""What strangers get."""


async def test_every_route_has_an_entry(whole: Whole) -> None:
    assert set(whole.handlers) == set(routes())


def test_every_entry_tells_what_every_caller_gets() -> None:
    assert [name for name, route in routes().items() if set(route.answers) != set(CALLERS)] == []


async def test_what_lies_outside_of_the_api_is_public(whole: Whole) -> None:
    assert [name for name, handler in whole.elsewhere.items() if not handler.opt["access"].public] == []


async def test_strangers_get_nothing_that_is_not_meant_for_everybody(whole: Whole) -> None:
    private = {
        name: route
        for name, route in routes().items()
        if not route.open and not whole.handlers[name].opt["access"].public
    }
    assert {name for name, route in private.items() if route.answers["stranger"] not in NOTHING} == set()


READS = sorted(name for name in routes() if name.startswith("GET "))
"""The routes that change nothing: all are tried on one system."""
WRITES = sorted(routes().keys() - {*READS})


async def answers(whole: Whole, name: str) -> dict[str, Answer]:
    """What each caller gets from a route."""
    route = routes()[name]
    found: dict[str, Answer] = {}
    for caller in CALLERS:
        response = await whole.call(name, route.path or name.split(" ")[1], caller, route.body)
        counts = isinstance(route.answers[caller], Total) and response.status_code == 200
        found[caller] = Total(response.json()["total"]) if counts else response.status_code
    return found


async def test_everybody_reads_what_the_entries_say(whole: Whole) -> None:
    found = {name: await answers(whole, name) for name in READS}
    assert found == {name: routes()[name].answers for name in READS}


@pytest.mark.parametrize("name", WRITES)
async def test_everybody_writes_what_the_entry_says(whole: Whole, name: str) -> None:
    assert await answers(whole, name) == routes()[name].answers


async def test_nobody_gets_nothing(whole: Whole) -> None:
    found, wanted = {}, {}
    for name, route in routes().items():
        access = whole.handlers[name].opt["access"]
        assert isinstance(access, Access)
        if not access.public:
            reason = "No token provided." if access.token_in == "header" else "Invalid token"
            wanted[name] = 401, {"detail": reason}
            response = await whole.call(name, route.path or name.split(" ")[1], None, route.body)
            found[name] = response.status_code, response.json()
    assert found == wanted


async def test_what_is_public_is_for_everybody(whole: Whole) -> None:
    public = [name for name in routes() if whole.handlers[name].opt["access"].public]
    for name in public:
        route = routes()[name]
        assert (await whole.call(name, route.path or name.split(" ")[1], None, route.body)).is_success
    assert len(public) >= 2
