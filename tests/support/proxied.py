"""Two servers behind nginx or HAProxy as in `config/deploy`, and clients that ask for all kinds of things.

    $ PYTHONPATH=tests python -m support.proxied nginx haproxy

prints what they were told, and how much was lost while the servers are restarted in turn.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from itertools import count
from pathlib import Path

import httpx

from starbeam.auth.tokens import Tokens
from starbeam.settings import Auth
from starbeam_testing.app import TestDatabase
from support import mariadb
from support.commands import SECRET, STARBEAM, Site, environment, free_port
from support.processes import die_with_parent, program
from support.slapd import make_certificates
from support.workspace import ROOT

API = "/ispyb/api/v1"
PLUGINS = ["auth_dummy", "ispyb", "proposals", "shipping", "events"]
PATIENCE = 120
"""Seconds until something that does not happen is given up."""
BETWEEN_HOSTS = 2.0
"""Seconds that the page on operation says to wait until the next server is restarted."""
PAUSE = 0.1
"""Seconds that a client rests between two requests: the machine is to be busy, not late."""
READERS, LOG_INS, WRITERS, LISTENERS = 32, 8, 16, 8


class Host:
    """A server with two workers, on a port that stays the same."""

    def __init__(self, folder: Path, url: str) -> None:
        folder.mkdir()
        self.port = free_port()
        self._folder = folder
        self._site = Site(folder, list(PLUGINS), url, more='[server]\ntrusted_proxies = ["127.0.0.1"]\n')
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and return when it can serve."""
        words = ("serve", "--config", str(self._site.config), "--port", str(self.port), "--workers", "2")
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [STARBEAM, *words],
                cwd=self._folder,
                env=environment({}),
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
            )
        url = f"http://127.0.0.1:{self.port}/health/ready"
        wait_for(lambda: _status(url) == 200)

    def end(self, number: signal.Signals = signal.SIGTERM) -> float:
        """End it; how many seconds that took."""
        began = time.monotonic()
        if self._process is not None:
            self._process.send_signal(number)
            assert self._process.wait(PATIENCE) in (0, -signal.SIGKILL)
            self._process = None
        return time.monotonic() - began


@contextmanager
def hosts(folder: Path, url: str) -> Iterator[list[Host]]:
    """Two servers of one database."""
    found = [Host(folder / name, url) for name in ("one", "two")]
    try:
        for host in found:
            host.start()
        yield found
    finally:
        for host in found:
            host.end(signal.SIGKILL)


@contextmanager
def proxy(name: str, folder: Path, ports: list[int]) -> Iterator[str]:
    """nginx or haproxy before servers on these ports; the address that it serves."""
    folder.mkdir()
    make_certificates(folder)
    pem = (folder / "server.pem").read_text() + (folder / "server.key").read_text()
    (folder / "ispyb.pem").write_text(pem)
    port = free_port()
    command = {"nginx": _nginx, "haproxy": _haproxy}[name](folder, port, ports)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=die_with_parent)
    address = f"https://127.0.0.1:{port}"
    try:
        wait_for(lambda: _status(f"{address}/health/ready") == 200)
        yield address
    finally:
        process.terminate()
        process.wait()


def _nginx(folder: Path, port: int, ports: list[int]) -> list[str]:
    said = (ROOT / "config" / "deploy" / "nginx.conf").read_text()
    servers = [line for line in said.splitlines() if line.strip().startswith(("server 127", "# server 10"))]
    assert len(servers) == len(ports)
    for line, one in zip(servers, ports, strict=True):
        _, options = line.split(";", 1)[0].lstrip("# ").removeprefix("server ").split(" ", 1)
        said = said.replace(line, f"server 127.0.0.1:{one} {options};")
    said = said.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    said = said.replace("/etc/ssl/private/ispyb.key", f"{folder}/server.key")
    said = said.replace("/etc/ssl/ispyb.pem", f"{folder}/server.pem")
    (folder / "site.conf").write_text(said.replace("/var/log/nginx", str(folder)))
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    account = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{account} daemon off; pid {folder}/pid; error_log {folder}/error.log;"
        f"events {{}} http {{ {temporary} include {folder}/site.conf; }}"
    )
    return [program("nginx", "nginx"), "-c", str(folder / "nginx.conf")]


def _haproxy(folder: Path, port: int, ports: list[int]) -> list[str]:
    said = (ROOT / "config" / "deploy" / "haproxy.cfg").read_text()
    said = said.replace("bind :443", f"bind 127.0.0.1:{port}")
    said = said.replace("/etc/ssl/private/ispyb.pem", f"{folder}/ispyb.pem")
    for line, one in zip(("10.0.0.11:8000", "10.0.0.12:8000"), ports, strict=True):
        assert line in said
        said = said.replace(line, f"127.0.0.1:{one}")
    (folder / "haproxy.cfg").write_text(said)
    return [program("haproxy", "haproxy"), "-db", "-f", str(folder / "haproxy.cfg")]


class Clients:
    """64 clients of a proxy: they ask for lists, log in, write and listen."""

    def __init__(self, address: str) -> None:
        token = Tokens(Auth(secret_key=SECRET)).make("ada", 1, [])
        self._client = httpx.AsyncClient(
            base_url=address,
            headers={"Authorization": f"Bearer {token}"},
            verify=False,
            timeout=PATIENCE,
            limits=httpx.Limits(max_connections=None),
        )
        self.answers: Counter[str] = Counter()
        """By what was asked for."""
        self.lost: list[str] = []
        """What was answered otherwise."""
        self.seconds: list[float] = []
        self.written: set[str] = set()
        """What the server said that it wrote."""
        self._names = count()
        self._ending = False

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        """While this is open; each has its last answer at the end."""
        asked: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (READERS, self._read),
            (LOG_INS, self._log_in),
            (WRITERS, self._write),
        ]
        tasks = [asyncio.create_task(self._again(ask)) for number, ask in asked for _ in range(number)]
        listeners = [asyncio.create_task(self._listen()) for _ in range(LISTENERS)]
        try:
            yield
        finally:
            self._ending = True
            await asyncio.gather(*tasks)
            for task in listeners:
                task.cancel()
            await asyncio.gather(*listeners, return_exceptions=True)
            await self._client.aclose()

    async def _again(self, ask: Callable[[], Awaitable[None]]) -> None:
        while not self._ending:
            began = time.monotonic()
            try:
                await ask()
            except httpx.HTTPError as error:
                self.lost.append(f"{ask.__name__}: {type(error).__name__} {error}")
            self.seconds.append(time.monotonic() - began)
            await asyncio.sleep(PAUSE)

    async def _read(self) -> None:
        answer = await self._client.get(f"{API}/proposals")
        good = answer.status_code == 200 and [one["proposal"] for one in answer.json()["results"]] == ["mx1"]
        self._note("lists", good, answer)

    async def _log_in(self) -> None:
        body = {"plugin": "dummy", "login": "ada", "password": "any"}
        answer = await self._client.post(f"{API}/auth/login", json=body)
        self._note("log-ins", answer.status_code == 201, answer)

    async def _write(self) -> None:
        name = f"card {next(self._names)}"
        person = {"givenName": "G", "familyName": "F", "emailAddress": "g@example.org"}
        body = {"proposalId": 1, "cardName": name, "Person": person}
        answer = await self._client.post(f"{API}/labcontacts", json=body)
        good = answer.status_code == 201
        self._note("writes", good, answer)
        if good:
            self.written.add(name)

    def _note(self, what: str, good: bool, answer: httpx.Response) -> None:
        self.answers[what] += good
        if not good:
            self.lost.append(f"{what}: {answer.status_code} {answer.text[:200]}")

    async def _listen(self) -> None:
        while True:
            try:
                await self._follow()
            except httpx.HTTPError as error:
                self.lost.append(f"streams: {type(error).__name__} {error}")
            await asyncio.sleep(PAUSE)

    async def _follow(self) -> None:
        """A stream, to its end: which is an end in order, with a word on when to come back."""
        async with self._client.stream("GET", f"{API}/events/stream") as answer:
            lines = [line async for line in answer.aiter_lines() if line]
        if answer.status_code == 200 and len(lines) > 2 and lines[-1].startswith("retry: "):
            self.answers["streams that ended"] += 1
        else:
            self.lost.append(f"streams: {answer.status_code} {lines[-3:]}")

    def tell(self, seconds: float) -> str:
        """The figures, in a line."""
        waits = sorted(self.seconds)
        late = waits[int(0.99 * len(waits))]
        said = ", ".join(f"{number} {what}" for what, number in sorted(self.answers.items()))
        return (
            f"{len(waits) / seconds:.0f} requests a second, median {1000 * statistics.median(waits):.0f} ms,"
            f" 99 of 100 within {1000 * late:.0f} ms; {said}; {len(self.lost)} lost"
        )


async def restarted_in_turn(machines: list[Host], rounds: int) -> list[float]:
    """Restart one after the other; how many seconds each took to end."""
    ends = []
    for _ in range(rounds):
        for host in machines:
            await asyncio.sleep(BETWEEN_HOSTS)
            ends.append(await asyncio.to_thread(host.end))
            await asyncio.to_thread(host.start)
    await asyncio.sleep(BETWEEN_HOSTS)
    return ends


async def prepared(url: str) -> None:
    """A proposal, which ada sees."""
    database = TestDatabase(url)
    await database.sql("INSERT INTO Person (personId, login, familyName) VALUES (1, 'ada', 'Ada')")
    await database.sql(
        "INSERT INTO Proposal (proposalId, personId, proposalCode, proposalNumber) VALUES (1, 1, 'mx', '1')"
    )
    await database.sql("INSERT INTO ProposalHasPerson (proposalId, personId) VALUES (1, 1)")
    await database.engine.dispose()


async def cards(url: str) -> Counter[str]:
    """How often each card is in the database that a client may have written."""
    database = TestDatabase(url)
    rows = await database.sql("SELECT cardName FROM LabContact WHERE cardName LIKE 'card %'")
    await database.sql("DELETE FROM LabContact")
    await database.engine.dispose()
    return Counter(name for (name,) in rows)


def wait_for(condition: Callable[[], bool]) -> None:
    """Return when the condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def _status(url: str) -> int:
    with suppress(httpx.HTTPError):
        return httpx.get(url, verify=False, timeout=10).status_code
    return 0


async def main(names: list[str], rounds: int = 1) -> int:
    """Try each proxy; how much was lost."""
    lost = 0
    async with AsyncExitStack() as stack:
        server = mariadb.start()
        stack.callback(server.stop)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = await server.fresh_database("union")
        await prepared(url)
        machines = await asyncio.to_thread(stack.enter_context, hosts(folder, url))
        for name in names:
            with ExitStack() as started:
                address = await asyncio.to_thread(
                    started.enter_context, proxy(name, folder / name, [host.port for host in machines])
                )
                lost += await _tried(name, Clients(address), machines, rounds, url, folder)
    return lost


async def _tried(
    name: str, clients: Clients, machines: list[Host], rounds: int, url: str, folder: Path
) -> int:
    began = time.monotonic()
    async with clients.asking():
        ends = await restarted_in_turn(machines, rounds)
    print(f"{name}: {clients.tell(time.monotonic() - began)}; servers ended in {max(ends):.1f} s at most")
    there = await cards(url)
    double = {card: number for card, number in there.items() if number != 1}
    clients.lost += [f"not there once: {card}" for card in clients.written ^ there.keys() | double.keys()]
    for one in clients.lost[:10]:
        print(f"    {one}")
    if clients.lost and (said := folder / name / "error.log").exists():
        others = [line for line in said.read_text().splitlines() if "(111: Connection refused)" not in line]
        print("\n".join(others[-10:]))
    return len(clients.lost)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])) > 0)
