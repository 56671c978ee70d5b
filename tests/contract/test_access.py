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


@pytest.mark.parametrize("name", sorted(routes()))
async def test_everybody_gets_what_the_entry_says(whole: Whole, name: str) -> None:
    route = routes()[name]
    found: dict[str, Answer] = {}
    for caller in CALLERS:
        response = await whole.call(name, route.path or name.split(" ")[1], caller, route.body)
        counts = isinstance(route.answers[caller], Total) and response.status_code == 200
        found[caller] = Total(response.json()["total"]) if counts else response.status_code
    assert found == route.answers


@pytest.mark.parametrize("name", sorted(routes()))
async def test_nobody_gets_nothing(whole: Whole, name: str) -> None:
    route, access = routes()[name], whole.handlers[name].opt["access"]
    assert isinstance(access, Access)
    response = await whole.call(name, route.path or name.split(" ")[1], None, route.body)
    if access.public:
        assert response.is_success
    else:
        reason = "No token provided." if access.token_in == "header" else "Invalid token"
        assert (response.status_code, response.json()) == (401, {"detail": reason})
