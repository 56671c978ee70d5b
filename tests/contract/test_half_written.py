"""Whatever statement of a write fails, nothing of the write stays, and the same write is taken then."""

from __future__ import annotations

import sqlite3
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from support.writes import CHANGES, AtStatement, held, retry_said, sent

if TYPE_CHECKING:
    from contract.conftest import Whole

pytestmark = pytest.mark.anyio

FULL = sqlite3.OperationalError("database or disk is full")
DEAD_LOCK = Exception(1213, "Deadlock found")
"""After which it is begun again, twice."""


async def faults(
    whole: Whole, name: str, error: Exception, before: set[tuple[str, str]]
) -> tuple[list[Any], int]:
    """What is wrong when each statement of a write fails in turn, and then none; how many there are."""
    found: list[Any] = []
    watchers = whole.app.starbeam.database.watchers

    def fail(text: str) -> None:
        raise OperationalError(text, {}, error)

    for number in count(1):
        watchers.append(failing := AtStatement(number, fail))
        with capture_logs() as logs:
            answer = await sent(whole, name)
        watchers.remove(failing)
        if not failing.text:  # there is no such statement: it was done, or refused from the beginning
            if not answer.is_success and number > 1:
                found.append((name, answer.text))
            return found, number - 1
        errors = [line for line in logs if line["log_level"] == "error"]
        kept = await held(whole.app.database) ^ before
        if not retry_said(answer) or len(errors) > 1 or kept:
            found.append((name, number, failing.text, answer.text, errors, kept))
    raise AssertionError


@pytest.mark.parametrize(
    "error", [FULL, pytest.param(DEAD_LOCK, marks=pytest.mark.long)], ids=["full", "dead-lock"]
)
async def test_nothing_is_half_written(whole: Whole, error: Exception) -> None:
    found, before, failed = [], await held(whole.app.database), 0
    for name in CHANGES:
        wrong, statements = await faults(whole, name, error, before)
        before = await held(whole.app.database)
        found, failed = [*found, *wrong], failed + statements
    assert failed > 2 * len(CHANGES)
    assert found == []
