"""What a request costs with a machine's token, ours or a provider's, beside a person's, in one run."""

from __future__ import annotations

import asyncio
import operator
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from typing import Any

from rich.table import Table

from benchmarks.databases import fill
from starbeam.api.tools import Starbeam
from starbeam.cli.db import upgrade_tables
from starbeam.settings import load
from starbeam_tokens import changes
from starbeam_tokens.schemas import NewToken
from support.oidc import CLIENT, Realm

ROOT = "/ispyb/api/v1"
PATHS = ("/proposals", "/sessions")
ROUNDS, REQUESTS = 60, 20
"""Each round asks as often with each token, another first each time, and is compared by itself: what else
runs here costs all of them."""
ROWS = (
    "INSERT INTO Person (personId, login) VALUES (1, 'staff')",
    "INSERT INTO UserGroup (userGroupId, name) VALUES (1, 'staff')",
    "INSERT INTO Permission (permissionId, type) VALUES (1, 'all_proposals')",
    "INSERT INTO UserGroup_has_Permission (userGroupId, permissionId) VALUES (1, 1)",
    "INSERT INTO UserGroup_has_Person (userGroupId, personId) VALUES (1, 1)",
    "INSERT INTO Proposal (proposalId, personId, proposalCode, proposalNumber)"
    " SELECT seq, 1, 'mx', seq FROM seq_1_to_500",
    "INSERT INTO BLSession"
    " (sessionId, proposalId, beamLineName, visit_number, startDate, endDate, lastUpdate)"
    " SELECT seq, 1 + seq % 500, 'id01', seq, NOW(), NOW(), NOW() FROM seq_1_to_2000",
)


def measure(database: Callable[[], str]) -> Iterable[Table]:
    """Processor time of the worker for each."""
    table = Table(title="The same rows for a person with all_proposals, and for a machine of all beamlines")
    table.add_column("operation")
    for heading in (
        "person's token, ms",
        "machine's",
        "a provider's",
        "machine / person",
        "provider / person",
    ):
        table.add_column(heading, justify="right")
    for row in asyncio.run(_measured(database())):
        table.add_row(*row)
    return [table]


async def _measured(url: str) -> list[tuple[str, ...]]:
    await fill(url, ROWS)
    with closing(Realm()) as realm:
        client = {"scopes": ["read"], "beamlines": ["*"]}
        issuer = {"issuer": realm.issuer, "audiences": ["account"], "clients": {CLIENT: client}}
        settings = {
            "auth.secret_key": "f2a81d0c6b7e4935a1c8e0d7b3f65429",
            "plugins.enabled": ["ispyb", "proposals", "tokens"],
            "plugin.tokens.issuers": {"provider": issuer},
            "database.url": url,
        }
        starbeam = Starbeam(load(None, {}, settings))
        await upgrade_tables(starbeam.database, starbeam.registry)
        async with starbeam.asgi.lifespan():
            person, machine = starbeam.tokens.make("staff", 1, ()), await _machine(starbeam)
            tokens = person, machine, realm.token(sub=CLIENT, exp=int(time.time()) + 3600)
            return [await _compared(starbeam, path, tokens) for path in PATHS]


async def _machine(starbeam: Starbeam) -> str:
    write = await starbeam.write(starbeam.snapshot.people.principal(1, "staff", ["manage_tokens"]))
    terms = changes.Terms({"read"}, {"read"}, 400, starbeam.clock)
    made = await write(changes.add, terms, NewToken("i01", ["read"], ["*"]))
    return made.token


async def _compared(starbeam: Starbeam, path: str, tokens: Sequence[str]) -> tuple[str, ...]:
    if len({await _ask(starbeam, path, token) for token in tokens}) > 1:
        raise SystemExit(f"{path}: not the same answer")
    taken: list[list[float]] = [[] for _ in tokens]
    for number in range(ROUNDS):
        for turn in range(len(tokens)):
            which = (number + turn) % len(tokens)
            began = time.process_time()
            for _ in range(REQUESTS):
                await _ask(starbeam, path, tokens[which])
            taken[which].append((time.process_time() - began) / REQUESTS * 1000)
    of_person = taken[0]
    ratios = [statistics.median(map(operator.truediv, times, of_person)) for times in taken[1:]]
    each = [f"{statistics.median(times):.2f}" for times in taken]
    return f"GET {path}", *each, *(f"{ratio:.3f}" for ratio in ratios)


async def _ask(starbeam: Starbeam, path: str, token: str) -> bytes:
    """The answer, from the app itself: no client costs anything."""
    scope: Any = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": ROOT + path,
        "raw_path": (ROOT + path).encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {token}".encode())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "state": {},
        "extensions": {},
    }
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await starbeam.asgi(scope, receive, send)
    if sent[0]["status"] != 200:
        raise SystemExit(f"{path} answered {sent[0]['status']}")
    return b"".join(one.get("body", b"") for one in sent[1:])
