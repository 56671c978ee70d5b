"""Every write of the whole system, tried while something is wrong, and what the database holds then."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from typing import TYPE_CHECKING, Any

import httpx
import structlog
from structlog.testing import capture_logs

from starbeam.db import sqlite
from support.expected import routes

if TYPE_CHECKING:
    from contract.conftest import Whole
    from starbeam_testing.app import TestDatabase

CHANGES = sorted(name for name in routes() if not name.startswith("GET "))
"""What writes, by method and path."""
BESIDE = ("StarbeamTokenUse", "AdminActivity")
"""Tables that are written when the write itself is done, or done without."""

HEALED_WITHIN = 5.0
"""Seconds from the end of a trouble until every write is taken again."""
GRACE = 5.0
"""Seconds by which a busy machine may be late."""


class AtStatement:
    """Does something just before one statement of a request that writes; and before those that follow."""

    def __init__(self, number: int, act: Callable[[str], None]) -> None:
        self.left = number
        self.act = act
        self.text = ""
        """The statement, once it was reached."""

    def __call__(self, text: str, values: Any) -> None:
        if _writes(text) and "request_id" in structlog.contextvars.get_contextvars():
            self.left -= 1
            if self.left <= 0:
                self.text = self.text or text
                self.act(text)


def _writes(text: str) -> bool:
    """Whether a statement writes, and belongs to the write itself."""
    verb, *words = text.replace('"', " ").replace("`", " ").split()
    if verb not in ("INSERT", "UPDATE", "DELETE") or any(table in words for table in BESIDE):
        return False
    return (verb, words[0]) != ("UPDATE", "StarbeamIdempotency")


async def held(db: TestDatabase) -> set[tuple[str, str]]:
    """All rows of the database, with their tables."""
    if db.engine.url.get_backend_name() == "sqlite":
        with closing(sqlite.Connection(db.engine.url.database)) as opened:
            tables = opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            names = {name for (name,) in tables} - {"sqlite_sequence", *BESIDE}
            return {(name, str(row)) for name in names for row in opened.execute(f"SELECT * FROM `{name}`")}
    tables = await db.sql("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'")
    names = {name for name, _ in tables} - {*BESIDE}
    return {(name, str(row)) for name in names for row in await db.sql(f"SELECT * FROM `{name}`")}


async def sent(whole: Whole, name: str, time: str = "") -> httpx.Response:
    """The answer to a write of the administrator, at a time of this name."""
    route = routes()[name]
    method, path = name.split(" ")
    headers = {**whole.headers["administrator"], "Idempotency-Key": f"{CHANGES.index(name)}-{time}"}
    return await whole.app.client.request(method, route.path or path, headers=headers, json=route.body)


def retry_said(answer: httpx.Response) -> bool:
    """Whether a refusal is the one for faults of others: 503, when to come back, and a sentence."""
    sentence = answer.json().get("detail") if answer.status_code == 503 else None
    return isinstance(sentence, str) and answer.headers.get("Retry-After") == "5"


async def at_once(whole: Whole, when: str) -> dict[str, tuple[httpx.Response, float]]:
    """The answers to all writes that are sent together, and how long each took."""

    async def one(name: str) -> tuple[httpx.Response, float]:
        began = time.monotonic()
        return await sent(whole, name, when), time.monotonic() - began

    answers = await asyncio.gather(*map(one, CHANGES))
    return dict(zip(CHANGES, answers, strict=True))


def wrong(answers: dict[str, tuple[httpx.Response, float]], patience: float) -> dict[str, Any]:
    """What neither is a refusal that asks to come back, nor one that needs no database, or came too late."""
    return {
        name: (answer.status_code, answer.text, took)
        for name, (answer, took) in answers.items()
        if took > patience or not (retry_said(answer) or 400 <= answer.status_code < 500)
    }


def _cleaned(row: tuple[str, str], was_there: bool) -> bool:
    """Whether an old one-time token is gone, or a row tells of that: they are deleted now and then."""
    told = row[0] == "StarbeamAudit" and "'delete', 'SW_onceToken'" in row[1]
    return told or (row[0] == "SW_onceToken" and was_there)


async def in_trouble(whole: Whole, trouble: AbstractAsyncContextManager[None], name: str) -> list[Any]:
    """All writes while something of this name is wrong: the lines of the log meanwhile. Nothing is written,
    and soon after writes are taken again."""
    before = await held(whole.app.database)
    with capture_logs() as logs:
        async with trouble:
            answers = await at_once(whole, name)
    over = time.monotonic()
    await whole.app.database.engine.dispose()  # the test's own connections are gone too
    changed = await held(whole.app.database) ^ before
    kept = [row for row in changed if not _cleaned(row, row in before)]
    assert kept == [], name
    assert wrong(answers, whole.app.starbeam.database.patience + GRACE) == {}, name
    assert sum(retry_said(answer) for answer, _ in answers.values()) > len(CHANGES) / 2
    while not (await signed(whole)).is_success:
        assert time.monotonic() < over + HEALED_WITHIN + GRACE
        await asyncio.sleep(0.1)
    return [line for line in logs if line["log_level"] in ("error", "warning")]


async def signed(whole: Whole) -> httpx.Response:
    """The answer to a small write."""
    return await whole.call("POST /user/sign", "/user/sign", "administrator", {"validity": "/proposals"})


async def taken(whole: Whole) -> None:
    """All writes are taken, or refused for what they ask."""
    answers = {name: await sent(whole, name, "end") for name in CHANGES}
    assert {name: answer.text for name, answer in answers.items() if answer.is_server_error} == {}
    refused = {name: answer.text for name, answer in answers.items() if not answer.is_success}
    assert len(refused) < len(CHANGES) / 5, refused
