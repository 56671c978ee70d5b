"""Clients that go on asking a running server."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from starbeam.auth.tokens import Tokens
from starbeam.settings import Auth
from support.commands import SECRET, Running


@dataclass
class Load:
    """Clients that each ask again as soon as they have an answer."""

    running: Running
    path: str = "/ispyb/api/v1/proposals"
    clients: int = 16
    login: str = "ada"
    """Who asks: the person 1."""
    began: float = field(default_factory=time.monotonic)
    answers: list[tuple[float, float, httpx.Response]] = field(default_factory=list)
    """When each was asked for, how long it took, and what it was."""
    lost: list[float] = field(default_factory=list)
    """When connections broke."""
    _clients: list[asyncio.Task[None]] = field(default_factory=list)

    async def __aenter__(self) -> Load:
        token = Tokens(Auth(secret_key=SECRET)).make(self.login, 1, [])
        address = f"http://127.0.0.1:{self.running.port}"
        headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx.AsyncClient(base_url=address, headers=headers, timeout=60)
        self._clients = [asyncio.create_task(self._ask()) for _ in range(self.clients)]
        return self

    async def __aexit__(self, *error: object) -> None:
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        await self._client.aclose()

    async def _ask(self) -> None:
        while True:
            asked = time.monotonic()
            try:
                answer = await self._client.get(self.path)
            except httpx.TransportError:
                self.lost.append(asked)
            else:
                self.answers.append((asked, time.monotonic() - asked, answer))
            await asyncio.sleep(0.02)

    async def until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Go on until the condition holds; fail if it does not in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.counts(time.monotonic() - 2)
            await asyncio.sleep(0.05)

    def since(self, when: float) -> list[tuple[float, httpx.Response]]:
        """How long answers took that were asked for since then, and what they were."""
        return [(took, answer) for asked, took, answer in self.answers if asked >= when]

    def refused_after(self, when: float) -> int:
        """How many 503 came since then."""
        return sum(asked + took > when and answer.status_code == 503 for asked, took, answer in self.answers)

    def counts(self, since: float) -> Counter[int]:
        """How many answers there were of each status."""
        return Counter(answer.status_code for _, answer in self.since(since))
