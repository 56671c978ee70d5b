"""Every operation answers the same whatever SQL mode the facility's account has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.expected import Answer, Total, routes
from support.mariadb import MODES
from support.schemas import server

if TYPE_CHECKING:
    from contract.conftest import MakeWhole, Whole
    from support.schemas import Kind

pytestmark = pytest.mark.anyio

CALLERS = ("administrator", "regular")


async def answer(whole: Whole, name: str, caller: str) -> Answer:
    """What a caller gets from a route: the status, or how many rows there are."""
    route = routes()[name]
    response = await whole.call(name, route.path or name.split(" ")[1], caller, route.body)
    counts = isinstance(route.answers[caller], Total) and response.status_code == 200
    return Total(response.json()["total"]) if counts else response.status_code


@pytest.mark.on("mariadb-community")
@pytest.mark.parametrize("account", MODES)
async def test_the_mode_changes_no_answer(make_whole: MakeWhole, kind: Kind, account: str) -> None:
    whole = await make_whole(**{"database.url": server().url(kind.flavour, account)})
    for caller in CALLERS:
        reads = {name: route.answers[caller] for name, route in routes().items() if name.startswith("GET ")}
        assert {name: await answer(whole, name, caller) for name in reads} == reads
    for name in routes().keys() - reads.keys():
        found = await answer(whole, name, "administrator")
        assert isinstance(found, Total) or found < 500, name
