"""A token of somebody who sees everything, limited to a proposal that there is not, shows no row; nor does
that of a machine, on behalf of somebody who sees nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from plugins.tokens.conftest import machine, script
from support.expected import routes
from support.world import PEOPLE

if TYPE_CHECKING:
    from contract.conftest import Whole

pytestmark = pytest.mark.anyio

FOR_EVERYBODY = {
    *("/auth/config", "/openapi.json", "/user/current", "/tokens/current"),
    *("/stats/runs", "/detectors"),
}
"""What tells nothing of proposals."""
EMPTY: tuple[object, ...] = ([], {"statuses": {}}, {"proposal": None})
"""Answers without a row, beside pages of none."""


def shows_nothing(answer: httpx.Response) -> bool:
    """Whether an answer has no row."""
    if answer.status_code in (403, 404):
        return True
    if answer.headers["content-type"].startswith("text/event-stream"):
        return "data:" not in answer.text
    body = answer.json()
    return body in EMPTY or (isinstance(body, dict) and body.get("total") == 0)


async def test_a_token_of_no_proposal_shows_nothing(whole: Whole) -> None:
    await whole.app.database.grant(PEOPLE["administrator"], "manage_persons")
    await whole.app.refresh()
    administrator = whole.headers["administrator"]
    narrow = await script(whole.app, administrator, proposals=["none"])
    behalf = {**await machine(whole.app, administrator), "Starbeam-For": "stranger"}
    addresses = ["/persons?showAll=true", "/persons?showAll=true&sessionId=1"]
    for name, route in routes().items():
        method, path = name.split(" ")
        if method == "GET" and path not in FOR_EVERYBODY:
            shown = (route.path or path, *route.also)
            addresses += [one for one in shown if "{token}" not in one]
    assert len({*addresses}) > 80
    for headers in (narrow, behalf):
        found = {address: await whole.app.client.get(address, headers=headers) for address in addresses}
        leaks = {address: answer.text for address, answer in found.items() if not shows_nothing(answer)}
        assert leaks == {}
