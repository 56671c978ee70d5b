"""A synchronisation of 500 sessions, 500 proteins and 50 persons: first, repeated, and with one change."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

import httpx
from rich.table import Table

from benchmarks.databases import fill
from starbeam.app import Starbeam
from starbeam.settings import load

PATH = "/ispyb/api/v1/webservices/userportalsync/sync_proposal"
PORTAL = (
    "INSERT INTO Person (personId, login) VALUES (1, 'portal')",
    "INSERT INTO UserGroup (userGroupId, name) VALUES (1, 'portal')",
    "INSERT INTO Permission (permissionId, type) VALUES (1, 'uportal_sync')",
    "INSERT INTO UserGroup_has_Permission (userGroupId, permissionId) VALUES (1, 1)",
    "INSERT INTO UserGroup_has_Person (userGroupId, personId) VALUES (1, 1)",
)


def measure(database: Callable[[], str]) -> Iterable[Table]:
    """Time and SQL statements of each."""
    table = Table(title="Synchronisation of 500 sessions, 500 proteins and 50 persons")
    for heading in ("document", "ms", "statements", "created", "updated", "untouched"):
        table.add_column(heading, justify="left" if heading == "document" else "right")
    for row in asyncio.run(_measured(database())):
        table.add_row(*map(str, row))
    return [table]


async def _measured(url: str) -> list[tuple[object, ...]]:
    await fill(url, PORTAL)
    settings = {
        "auth.secret_key": "f2a81d0c6b7e4935a1c8e0d7b3f65429",
        "plugins.enabled": ["ispyb", "userportal"],
        "database.url": url,
    }
    starbeam = Starbeam(load(None, {}, settings))
    headers = {"Authorization": "Bearer " + starbeam.tokens.make("portal", 1, ())}
    transport = httpx.ASGITransport(starbeam.asgi)  # type: ignore[arg-type]
    document = _document()
    changed = deepcopy(document)
    changed["sessions"][7]["beamLineName"] = "BL9"
    async with (
        starbeam.asgi.lifespan(),
        httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client,
    ):
        return [
            (title, *await _send(starbeam, client, body))
            for title, body in (("first", document), ("repeated", document), ("one session differs", changed))
        ]


async def _send(starbeam: Starbeam, client: httpx.AsyncClient, body: Any) -> tuple[object, ...]:
    noted: list[str] = []

    def note(statement: str, values: Any) -> None:
        noted.append(statement)

    starbeam.database.watchers.append(note)
    began = time.perf_counter()
    answer = await client.post(PATH, json=body)
    milliseconds = (time.perf_counter() - began) * 1000
    starbeam.database.watchers.remove(note)
    answer.raise_for_status()
    counts = answer.json()
    kinds = (sum(counts[kind].values()) for kind in ("created", "updated", "untouched"))
    return f"{milliseconds:.0f}", len(noted), *kinds


def _document() -> dict[str, Any]:
    laboratory = {"name": "Laboratory", "address": "Street 1", "city": "Grenoble", "country": "France"}
    persons = [
        {"login": f"u{n}", "externalId": n, "familyName": f"F{n}", "givenName": "G", "laboratory": laboratory}
        for n in range(1, 51)
    ]
    return {
        "proposal": {"proposalCode": "mx", "proposalNumber": "1", "externalId": 1, "persons": persons},
        "sessions": [
            {
                "externalId": n,
                "visit_number": n,
                "beamLineName": f"BL{n % 8}",
                "startDate": "2026-03-10T09:00:00",
                "persons": [
                    {**persons[n % 50], "session_options": {"role": "Staff"}},
                    {**persons[(n + 1) % 50], "session_options": {"role": "Team Leader"}},
                ],
            }
            for n in range(1, 501)
        ],
        "proteins": [
            {
                "externalId": n,
                "acronym": f"P{n}",
                "name": f"Protein {n}",
                "hazardGroup": 1,
                "containmentLevel": 1,
                "person": persons[n % 50],
            }
            for n in range(1, 501)
        ],
    }
