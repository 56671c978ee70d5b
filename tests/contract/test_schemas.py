"""A facility's database is what it is: whatever table or column is missing costs what needs it, no more."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from starbeam.db.essential import ESSENTIAL
from starbeam_ddl.facts import Tables, facts
from support.expected import routes
from support.schemas import fresh_database, server
from support.trimmed import VERSIONS, in_mariadb, in_sqlite, of_version

if TYPE_CHECKING:
    from pathlib import Path

    from contract.conftest import MakeWhole, Whole
    from support.schemas import Kind

pytestmark = pytest.mark.anyio

PARTS = 6
"""Into how many parts all removals are divided; each is tried in one go."""


async def failures(whole: Whole) -> list[Any]:
    """The routes that an administrator finds broken."""
    found = []
    for name, route in routes().items():
        for path in (route.path or name.split(" ")[1], *route.also):
            response = await whole.call(name, path, "administrator", route.body)
            if response.status_code >= 500 and response.status_code != 501:
                found.append((name, path, response.status_code))
    return found


async def health(whole: Whole) -> dict[str, Any]:
    answer = await whole.app.client.get("http://testserver.local/health/ready")
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_version_of_diamonds_schema_is_served(
    version: str, database_url: str, make_whole: MakeWhole
) -> None:
    whole = await make_whole()
    assert await failures(whole) == []
    assert (await health(whole))["status"] == "ok"


BETWEEN = [pytest.param(version, marks=pytest.mark.long) for version in VERSIONS[1:-1]]


@pytest.mark.on("mariadb-diamond")
@pytest.mark.parametrize("version", [VERSIONS[0], *BETWEEN, VERSIONS[-1]])
async def test_every_version_is_served_from_mariadb_too(
    version: str, database_url: str, make_whole: MakeWhole
) -> None:
    await test_every_version_of_diamonds_schema_is_served(version, database_url, make_whole)


@pytest.fixture
async def database_url(request: pytest.FixtureRequest, kind: Kind, tmp_path: Path) -> str:
    """Of a version, a database with its tables; else one of this kind."""
    if "version" not in request.fixturenames:
        return await fresh_database(kind, tmp_path)
    tables = of_version(request.getfixturevalue("version"))
    return await (in_mariadb(tables, server()) if kind.server == "mariadb" else in_sqlite(tables, tmp_path))


def removals(tables: Tables, part: int) -> list[str]:
    """Statements that hide tables and columns from a server, and in the other order show them again. Each
    that is not essential is in one of the parts, and always in the same."""
    draw = random.Random(0)
    found = []
    for table in tables.values():
        if draw.randrange(PARTS) == part and table.name not in ESSENTIAL:
            found.append(f"ALTER TABLE `{table.name}` RENAME TO `gone_{table.name}`")
            continue
        for column in table.columns:
            drawn = draw.randrange(PARTS) == part
            kept = column.name in (*table.primary_key, *ESSENTIAL.get(table.name, ())) or column.generated
            if drawn and not kept:
                found.append(
                    f"ALTER TABLE `{table.name}` RENAME COLUMN `{column.name}` TO `gone_{column.name}`"
                )
    return found


@pytest.mark.parametrize("part", range(PARTS))
async def test_whatever_goes_while_a_server_serves(whole: Whole, part: int, kind: Kind) -> None:
    for statement in removals(facts(kind.flavour), part):
        await whole.app.database.sql(statement)
    await whole.app.starbeam.database.look_again()
    assert await failures(whole) == []
    found = await health(whole)
    assert found["status"] == "ok"
    assert "lacks" in found["checks"]["schema"]
    assert "changed just now" in found["checks"]["schema"]


async def test_a_filter_by_a_missing_column_is_ignored_and_health_says_so(whole: Whole) -> None:
    async def total(path: str) -> int:
        found: int = (await whole.call(f"GET {path}", path, "administrator")).json()["total"]
        return found

    sessions = await total("/sessions")
    proteins = (await whole.call("GET /proteins", "/proteins", "administrator")).json()["results"]
    assert await total("/sessions?previous=true") < sessions
    for table, column in (("BLSession", "scheduled"), ("BLSession", "endDate"), ("Protein", "name")):
        await whole.app.database.sql(f"ALTER TABLE {table} RENAME COLUMN {column} TO gone_{column}")
    await whole.app.starbeam.database.look_again()
    assert await total("/sessions?scheduled=true") == sessions
    assert await total("/sessions?previous=true") == sessions
    assert (
        await total(f"/proteins?search={proteins[0]['acronym']}") >= 1
    )  # by the other column that it looks at
    assert await total("/proteins?search=nowhere") == 0
    assert "BLSession.scheduled" in (await health(whole))["checks"]["schema"]
    assert "filters are ignored" in (await health(whole))["checks"]["schema"]
