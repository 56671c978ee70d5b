"""A user portal: what it sends, and a look at the database that it writes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from starbeam_testing.app import Statements, TestApp

Json = dict[str, Any]

PATH = "/webservices/userportalsync/sync_proposal"
TABLES = {
    "Laboratory": "laboratoryId",
    "Person": "personId",
    "Proposal": "proposalId",
    "ProposalHasPerson": "proposalHasPersonId",
    "LabContact": "labContactId",
    "BLSession": "sessionId",
    "Session_has_Person": "sessionId, personId",
    "Protein": "proteinId",
}
"""The tables that are written, with their primary keys."""


@dataclass
class Portal:
    """A user portal, and a look at the database that it writes to."""

    app: TestApp
    headers: dict[str, str]

    async def send(self, document: Any) -> httpx.Response:
        """The answer to a document."""
        return await self.app.client.post(PATH, json=document, headers=self.headers)

    async def sync(self, **proposal: Any) -> Json:
        """Send a document of proposal mx1 with person 1, `ada`, where nothing else is said; `sessions` and
        `proteins` stand beside the proposal. The answer to what must succeed."""
        response = await self.send(document(**proposal))
        assert response.status_code == 200, response.text
        answer: Json = response.json()
        return answer

    async def refused(self, **proposal: Any) -> str:
        """The sentence with which a document is refused; nothing was written."""
        before = await self.everything()
        response = await self.send(document(**proposal))
        assert response.status_code == 400, response.text
        assert await self.everything() == before
        sentence: str = response.json()["detail"]
        return sentence

    async def rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        """Some columns of all rows of a table, by primary key; the caller is left out."""
        where = " WHERE login IS NULL OR login <> 'portal'" if table == "Person" else ""
        names = ", ".join(columns) or "*"
        query = f"SELECT {names} FROM {table}{where} ORDER BY {TABLES[table]}"
        found = await self.app.database.sql(query)
        return [tuple(row) for row in found]

    async def everything(self) -> dict[str, Sequence[Any]]:
        """All rows of all tables that are written."""
        return {table: await self.rows(table) for table in TABLES}

    def statements(self) -> Statements:
        """Counts SQL statements."""
        return Statements(self.app)


def person(login: str | None = "ada", external: int | None = None, **more: Any) -> Json:
    """An entry of a person."""
    keys = {"login": login, "externalId": external}
    return {key: value for key, value in keys.items() if value is not None} | more


def laboratory(name: str = "ESRF", key: int | None = None, **more: Any) -> Json:
    """An entry of a laboratory."""
    entry = {"name": name, "address": "Avenue 1", "city": "Grenoble", "country": "France", **more}
    return entry if key is None else {**entry, "laboratoryExtPk": key}


def document(**proposal: Any) -> Json:
    """A document of one proposal."""
    beside = {key: proposal.pop(key) for key in ("sessions", "proteins") if key in proposal}
    entry = {"proposalCode": "mx", "proposalNumber": "1", "persons": [person()], **proposal}
    return {"proposal": entry, **beside}


def external(number: int) -> bytes:
    """An external id as the database holds it."""
    return number.to_bytes(16, "big")


def protein(acronym: str = "LYS", **more: Any) -> Json:
    """An entry of a protein."""
    return {"acronym": acronym, "hazardGroup": 1, "containmentLevel": 1, "person": person(), **more}
