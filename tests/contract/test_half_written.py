"""Whatever statement of a write fails, nothing of the write stays, and the same write is taken then."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import count
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from starbeam.db import sqlite
from support.expected import routes

if TYPE_CHECKING:
    from contract.conftest import Whole
    from starbeam_testing.app import TestDatabase

pytestmark = pytest.mark.anyio

CHANGES = sorted(name for name in routes() if not name.startswith("GET "))
BESIDE = ("StarbeamTokenUse", "AdminActivity", 'UPDATE "StarbeamIdempotency"')
"""What is written when the write itself is done, or done without."""


class Failing:
    """Lets one statement of those that write fail, as on a disk that is full."""

    def __init__(self, number: int) -> None:
        self.left = number
        self.text = ""

    def __call__(self, text: str, values: Any) -> None:
        writes = text.lstrip().startswith(("INSERT", "UPDATE", "DELETE"))
        if writes and not any(words in text for words in BESIDE):
            self.left -= 1
            if self.left == 0:
                self.text = text
                raise OperationalError(text, values, sqlite3.OperationalError("database or disk is full"))


def held(db: TestDatabase) -> set[tuple[str, str]]:
    """All rows of the database, with their tables."""
    with closing(sqlite.Connection(db.engine.url.database)) as opened:
        tables = opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        names = {name for (name,) in tables} - {"sqlite_sequence", *BESIDE}
        return {(name, str(row)) for name in names for row in opened.execute(f"SELECT * FROM `{name}`")}


async def sent(whole: Whole, name: str) -> httpx.Response:
    """The answer to a write of the administrator."""
    route = routes()[name]
    method, path = name.split(" ")
    headers = {**whole.headers["administrator"], "Idempotency-Key": name.replace(" ", "")}
    return await whole.app.client.request(method, route.path or path, headers=headers, json=route.body)


async def faults(whole: Whole, name: str, before: set[tuple[str, str]]) -> tuple[list[Any], int]:
    """What is wrong when each statement of a write fails in turn, and then none; how many there are."""
    found: list[Any] = []
    watchers = whole.app.starbeam.database.watchers
    for number in count(1):
        watchers.append(failing := Failing(number))
        with capture_logs() as logs:
            answer = await sent(whole, name)
        watchers.remove(failing)
        if not failing.text:  # there is no such statement: it was done, or refused from the beginning
            if not answer.is_success and number > 1:
                found.append((name, answer.text))
            return found, number - 1
        said = answer.status_code, answer.headers.get("Retry-After"), b"detail" in answer.content
        errors = [line for line in logs if line["log_level"] == "error"]
        kept = held(whole.app.database) ^ before
        if said != (503, "5", True) or len(errors) > 1 or kept:
            found.append((name, number, failing.text, said, errors, kept))
    raise AssertionError


async def test_nothing_is_half_written(whole: Whole) -> None:
    found, before, failed = [], held(whole.app.database), 0
    for name in CHANGES:
        wrong, statements = await faults(whole, name, before)
        before, found, failed = held(whole.app.database), [*found, *wrong], failed + statements
    assert failed > 2 * len(CHANGES)
    assert found == []
