"""A facility's database is what it is: whatever table or column is missing costs what needs it, no more."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from starbeam.db.essential import ESSENTIAL
from starbeam_ddl.facts import Tables, facts
from starbeam_testing.app import Statements
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


async def failures(whole: Whole, names: Iterable[str] = routes()) -> list[Any]:
    """Those of these routes that an administrator finds broken."""
    found = []
    for name in names:
        route = routes()[name]
        for path in (route.path or name.split(" ")[1], *route.also):
            response = await whole.call(name, path, "administrator", route.body)
            if response.status_code >= 500 and response.status_code != 501:
                found.append((name, path, response.status_code))
    return found


async def health(whole: Whole) -> dict[str, Any]:
    answer = await whole.app.client.get("http://testserver.local/health/ready")
    found: dict[str, Any] = answer.json()
    return found


BETWEEN = [pytest.param(version, marks=pytest.mark.long) for version in VERSIONS[1:-1]]
SOME = [VERSIONS[0], *BETWEEN, VERSIONS[-1]]
"""All versions; those between the oldest and the latest with `make check-long`."""


@pytest.mark.parametrize("version", SOME)
async def test_every_version_of_diamonds_schema_is_served(
    version: str, database_url: str, make_whole: MakeWhole
) -> None:
    whole = await make_whole()
    assert await failures(whole) == []
    assert (await health(whole))["status"] == "ok"


@pytest.mark.on("mariadb-diamond")
@pytest.mark.parametrize("version", SOME)
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


def hiding(tables: Tables) -> Iterator[tuple[str, str | None]]:
    """Each table, and each column of it, that is not essential; of a table itself the column is None."""
    for table in tables.values():
        kept = {*table.primary_key, *ESSENTIAL.get(table.name, ())}
        if table.name not in ESSENTIAL:
            yield table.name, None
        yield from (
            (table.name, one.name) for one in table.columns if not (one.generated or one.name in kept)
        )


def renamed(table: str, column: str | None, before: str = "", after: str = "gone_") -> str:
    """A statement that hides a table or column from a server."""
    if column is None:
        return f"ALTER TABLE `{before}{table}` RENAME TO `{after}{table}`"
    return f"ALTER TABLE `{table}` RENAME COLUMN `{before}{column}` TO `{after}{column}`"


def removals(tables: Tables, part: int) -> list[str]:
    """Statements that hide tables and columns: each of them is in one of the parts, always in the same."""
    draw = random.Random(0)
    drawn = [one for one in hiding(tables) if draw.randrange(PARTS) == part]
    gone = {table for table, column in drawn if column is None}
    return [renamed(table, column) for table, column in drawn if column is None or table not in gone]


@pytest.mark.parametrize(
    "part", [0, 1, *(pytest.param(part, marks=pytest.mark.long) for part in range(2, PARTS))]
)
async def test_whatever_goes_while_a_server_serves(whole: Whole, part: int, kind: Kind) -> None:
    for statement in removals(facts(kind.flavour), part):
        await whole.app.database.sql(statement)
    await whole.app.starbeam.database.look_again()
    assert await failures(whole) == []
    found = await health(whole)
    assert found["status"] == "ok"
    assert "lacks" in found["checks"]["schema"]
    assert "changed just now" in found["checks"]["schema"]


async def words_of(whole: Whole, name: str) -> frozenset[str]:
    """All words of the statements that a route runs."""
    with Statements(whole.app) as statements:
        await failures(whole, [name])
    return frozenset(re.findall(r"\w+", " ".join(statements.texts)))


async def broken_without(whole: Whole, kind: Kind, every: int) -> dict[str, list[Any]]:
    """By what is gone, the routes that use it and are broken: for every so many of the tables and columns."""
    words = {name: await words_of(whole, name) for name in routes()}
    found = {}
    for table, column in list(hiding(facts(kind.flavour)))[::every]:
        users = [name for name, used in words.items() if {table, column or table} <= used]
        if users:
            await whole.app.database.sql(renamed(table, column))
            await whole.app.starbeam.database.look_again()
            found[f"{table}.{column}"] = await failures(whole, users)
            await whole.app.database.sql(renamed(table, column, "gone_", ""))
    return {name: broken for name, broken in found.items() if broken}


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no file system that hangs."""
    monkeypatch.setattr("starbeam.files.PATIENCE", 60)


@pytest.mark.long
@pytest.mark.usefixtures("patience")
async def test_each_table_and_column_may_go_by_itself(whole: Whole, kind: Kind) -> None:
    assert await broken_without(whole, kind, 1) == {}


@pytest.mark.long
@pytest.mark.usefixtures("patience")
@pytest.mark.on("mariadb-community", "mariadb-diamond")
async def test_so_it_is_on_mariadb(whole: Whole, kind: Kind) -> None:
    assert await broken_without(whole, kind, 25) == {}


async def test_a_filter_by_a_missing_column_is_ignored_and_health_says_so(whole: Whole) -> None:
    async def total(path: str) -> int:
        found: int = (await whole.call(f"GET {path}", path, "administrator")).json()["total"]
        return found

    sessions = await total("/sessions")
    proteins = (await whole.call("GET /proteins", "/proteins", "administrator")).json()["results"]
    assert await total("/sessions?previous=true") < sessions
    robots, spectra, scans = [await total(f"/events?eventType={kind}") for kind in ("robot", "xrf", "es")]
    groups = await total("/events") - robots - spectra - scans
    assert await total("/events?status=success&eventType=robot") < robots
    assert await total("/events?blSubSampleId=1") < groups
    for table, column in (
        ("BLSession", "scheduled"),
        ("BLSession", "endDate"),
        ("Protein", "name"),
        ("DataCollection", "blSubSampleId"),
        ("RobotAction", "status"),
    ):
        await whole.app.database.sql(f"ALTER TABLE {table} RENAME COLUMN {column} TO gone_{column}")
    await whole.app.starbeam.database.look_again()
    assert await total("/sessions?scheduled=true") == sessions
    assert await total("/sessions?previous=true") == sessions
    assert (
        await total(f"/proteins?search={proteins[0]['acronym']}") >= 1
    )  # by the other column that it looks at
    assert await total("/proteins?search=nowhere") == 0
    assert await total("/events?status=success&eventType=robot") == robots
    assert await total("/events?blSubSampleId=1") == groups
    assert "BLSession.scheduled" in (await health(whole))["checks"]["schema"]
    assert "filters are ignored" in (await health(whole))["checks"]["schema"]
