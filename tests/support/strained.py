"""Eight clients that write and eight that read, while servers of the database go and come."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from starbeam.auth.tokens import Tokens
from starbeam.settings import Auth
from starbeam_ispyb.models import Proposal, ProposalHasPerson, Shipping
from starbeam_testing.app import TestDatabase
from support.commands import SECRET, Running

CLIENTS = 8
ROOT = "/ispyb/api/v1"


async def furnish(db: TestDatabase) -> None:
    """A proposal of ada with a shipping."""
    await db.person("ada")
    await db.add(Proposal, proposalId=1, personId=1, proposalCode="mx", proposalNumber="1")
    await db.add(ProposalHasPerson, proposalId=1, personId=1)
    await db.add(Shipping, shippingId=1, proposalId=1, shippingName="S")


@dataclass
class Asked:
    """A request, and what came of it."""

    when: float
    seconds: float
    write: bool
    answer: httpx.Response


@dataclass
class Strain:
    """The clients, each asking again as soon as it has an answer. Each dewar is written with another code."""

    running: Running
    asked: list[Asked] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)
    """Codes of the dewars whose writers were told that they are stored …"""
    told_503: list[str] = field(default_factory=list)
    """… and of those whose writers were told 503."""
    stale: list[tuple[float, str]] = field(default_factory=list)
    """Codes that were stored, and not there for their writer's next request, and the time (Unix)."""
    _clients: list[asyncio.Task[None]] = field(default_factory=list)

    async def __aenter__(self) -> Strain:
        token = Tokens(Auth(secret_key=SECRET)).make("ada", 1, [])
        self._client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.running.port}{ROOT}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=90,
        )
        numbers = range(CLIENTS)
        jobs = [*(self._write(number) for number in numbers), *(self._read() for _ in numbers)]
        self._clients = [asyncio.create_task(job) for job in jobs]
        return self

    async def __aexit__(self, *error: object) -> None:
        for client in self._clients:
            client.cancel()
        ended = await asyncio.gather(*self._clients, return_exceptions=True)
        await self._client.aclose()
        assert [one for one in ended if not isinstance(one, asyncio.CancelledError)] == []

    async def _ask(self, write: bool, method: str, path: str, **more: Any) -> httpx.Response:
        began = time.monotonic()
        answer = await self._client.request(method, path, **more)
        self.asked.append(Asked(began, time.monotonic() - began, write, answer))
        return answer

    async def _read(self) -> None:
        while True:
            await self._ask(False, "GET", "/dewars?limit=5")
            await asyncio.sleep(0.05)

    async def _write(self, client: int) -> None:
        number = 0
        while True:
            number += 1
            code = f"c{client}-{number}"
            answer = await self._ask(True, "POST", "/dewars", json={"shippingId": 1, "code": code})
            (self.stored if answer.status_code == 201 else self.told_503).append(code)
            if answer.status_code == 201:
                await self._look_for(code, answer.json()["dewarId"])
            await asyncio.sleep(0.05)

    async def _look_for(self, code: str, key: int) -> None:
        found = await self._ask(False, "GET", f"/dewars/{key}")
        if found.status_code != 503 and (found.status_code != 200 or found.json()["code"] != code):
            self.stale.append((time.time(), code))

    async def works(self, *, write: bool, after: float, seconds: float = 60) -> float:
        """Seconds from a moment until the first request of all clients of a kind that was asked after it is
        served; fails if none is in time."""
        deadline = time.monotonic() + seconds
        while True:
            good = [one for one in self.asked if one.write is write and one.when + one.seconds > after]
            good = [one for one in good if one.when >= after and one.answer.status_code < 300]
            if len(good) >= CLIENTS:
                return min(one.when + one.seconds for one in good) - after
            assert time.monotonic() < deadline, self.counts(after)
            await asyncio.sleep(0.05)

    def counts(self, since: float = 0) -> Counter[tuple[bool, int]]:
        """How many answers there were, by whether something was written and status."""
        return Counter((one.write, one.answer.status_code) for one in self.asked if one.when >= since)

    def said_what_is_allowed(self) -> None:
        """Nobody was told anything but what was asked for, or 503 and when to come back."""
        for one in self.asked:
            status = one.answer.status_code
            assert status in ((201, 503) if one.write else (200, 404, 503)), one.answer.text
            assert status != 503 or one.answer.headers["Retry-After"] == "5"

    async def check(self, db: TestDatabase) -> None:
        """Every dewar whose writer was told so is there once, and none is there twice."""
        found = Counter(str(code) for (code,) in await db.sql("SELECT code FROM Dewar"))
        assert {code: found[code] for code in self.stored if found[code] != 1} == {}
        assert max(found.values()) == 1
