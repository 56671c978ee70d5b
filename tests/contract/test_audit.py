"""No operation writes what the record of the plugin `audit` does not tell of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from starbeam_audit.models import StarbeamAudit
from support.expected import Answer, Total, routes

if TYPE_CHECKING:
    from contract.conftest import Whole

pytestmark = pytest.mark.anyio

BESIDE = {"StarbeamAudit", "SW_onceToken"}
"""The record itself, and what the server cleans now and then; `POST /user/sign` is tried elsewhere."""
ENDS = ("DELETE ", "POST /auth/logout")
"""What others need first."""
WRITES = sorted(name for name in routes() if not name.startswith(("GET ", *ENDS)))
WRITES += [name for name in routes() if name.startswith(ENDS)]
SIGN = "POST /user/sign"
_STATEMENT = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM) [`\"]?(\w+)")
_VERBS = {"INSERT INTO": "insert", "UPDATE": "update", "DELETE FROM": "delete"}


@pytest.mark.on("sqlite-union", "mariadb-union")
async def test_every_write_of_every_operation_is_recorded(whole: Whole) -> None:
    sent: set[tuple[str, str]] = set()

    def watch(sql: str, values: Any) -> None:
        if (found := _STATEMENT.match(sql)) and found[2] not in BESIDE:
            sent.add((_VERBS[found[1]], found[2]))

    whole.app.starbeam.database.watchers.append(watch)
    missed, told = {}, set[tuple[str, str]]()
    for name in WRITES:
        route = routes()[name]
        caller = next(one for one in ("session_member", "administrator") if _may(route.answers[one]))
        sent.clear()
        answer = await whole.call(name, route.path or name.split(" ")[1], caller, route.body)
        assert answer.status_code < 400, (name, answer.text)
        told |= (recorded := await _recorded(whole, answer.headers["X-Request-ID"]))
        recorded = {one for one in recorded if one[1] not in BESIDE}
        if sent != recorded or (not sent and name != SIGN):
            missed[name] = {*sent}, recorded
    assert missed == {}
    assert len({table for _, table in told}) > 20


def _may(answer: Answer) -> bool:
    return isinstance(answer, Total) or answer < 400


async def _recorded(whole: Whole, request: str) -> set[tuple[str, str]]:
    query = select(StarbeamAudit.verb, StarbeamAudit.tableName).where(StarbeamAudit.requestId == request)
    async with whole.app.starbeam.database.read() as connection:
        return {(verb, table) for verb, table in await connection.execute(query)}
